/** Pickles within a zip file, as PyTorch writes them: uncompressed parts of the file, found by its directory. */
import { readSync } from 'node:fs';

export interface ZipPickle {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const mostEntries = 100_000;
const directoryBytes = 22 + 65_535;

/** Null where the directory cannot be read; a compressed pickle has no place of its own and is named in `unread`. */
export function findZipPickles(
  descriptor: number,
  size: number,
): { readonly pickles: readonly ZipPickle[]; readonly unread: readonly string[] } | null {
  const tail = read(descriptor, Math.max(0, size - directoryBytes), Math.min(size, directoryBytes));
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (at < 0 || at + 22 > tail.length) return null;
  const [count, length, start] = [
    tail.readUInt16LE(at + 10),
    tail.readUInt32LE(at + 12),
    tail.readUInt32LE(at + 16),
  ];
  if (start === 0xffffffff || start + length > size || length > 50_000_000) return null;
  const directory = read(descriptor, start, length);
  const pickles: ZipPickle[] = [];
  const unread: string[] = [];
  for (let i = 0, entry = 0; i < Math.min(count, mostEntries); i += 1) {
    if (entry + 46 > directory.length || directory.readUInt32LE(entry) !== 0x02014b50) return null;
    const [method, packed] = [directory.readUInt16LE(entry + 10), directory.readUInt32LE(entry + 20)];
    const [named, extra, comment] = [28, 30, 32].map((offset) => directory.readUInt16LE(entry + offset)) as [
      number,
      number,
      number,
    ];
    const header = directory.readUInt32LE(entry + 42);
    const name = directory.toString('utf8', entry + 46, entry + 46 + named);
    entry += 46 + named + extra + comment;
    if (!/\.(?:pkl|pickle)$/i.test(name)) continue;
    const local = header === 0xffffffff || packed === 0xffffffff ? null : read(descriptor, header, 30);
    if (method !== 0 || !local || local.length < 30) unread.push(name);
    else {
      const from = header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
      if (from + packed > size) return null;
      pickles.push({ name, start: from, end: from + packed });
    }
  }
  return { pickles, unread };
}

function read(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}

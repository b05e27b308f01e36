/** Uploads as DuckDB can read them: unpacked, and in UTF-8. Streams all the way; nothing is held in memory. */
import { isUtf8 } from 'node:buffer';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { errors } from '../../base/errors.ts';

export type Compression = 'gzip' | 'zstd';
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** What an upload may grow to when it is unpacked, unless it was large itself. */
const freeBytes = 2 ** 30;
/** Tables press well, but what grows more than this is made to fill a disk. */
const maxGrowth = 200;

const startsWith = (bytes: Buffer, ...start: readonly number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte);

async function readStart(path: string, count: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Told by the first bytes, whatever the file is called. @throws fileUnreadable for an archive or a packing we do not read */
export async function findCompression(path: string, file: string): Promise<Compression | null> {
  const start = await readStart(path, 6);
  if (startsWith(start, 0x1f, 0x8b)) return 'gzip';
  if (startsWith(start, 0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  const foreign = foreignPacking(start);
  if (!foreign) return null;
  throw errors.fileUnreadable({
    file,
    reason: `it is ${foreign}`,
    remedy: 'Send the table in it: as CSV, JSON or Parquet, plain or packed with gzip or zstd',
  });
}

function foreignPacking(start: Buffer): string | undefined {
  if (startsWith(start, 0x50, 0x4b, 0x03, 0x04))
    return 'a ZIP archive (or a workbook such as .xlsx, which is one)';
  if (startsWith(start, 0xd0, 0xcf, 0x11, 0xe0)) return 'an old Office document (.xls)';
  if (startsWith(start, 0x42, 0x5a, 0x68)) return 'packed with bzip2';
  if (startsWith(start, 0xfd, 0x37, 0x7a, 0x58, 0x5a)) return 'packed with xz';
  return startsWith(start, 0x37, 0x7a, 0xbc, 0xaf) ? 'a 7z archive' : undefined;
}

/** Passes bytes on until they are more than `limit`. */
function bounded(limit: number, refuse: (bytes: number) => Error): Transform {
  let bytes = 0;
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      bytes += part.length;
      if (bytes > limit) done(refuse(bytes));
      else done(null, part);
    },
  });
}

/** @throws fileUnreadable when it is broken or cut off, or grows without measure */
export async function unpack(
  path: string,
  {
    to,
    file,
    compression,
    signal,
    mayGrowTo = freeBytes,
  }: {
    readonly to: string;
    readonly file: string;
    readonly compression: Compression;
    readonly signal?: AbortSignal | undefined;
    readonly mayGrowTo?: number;
  },
): Promise<void> {
  const { size } = await stat(path);
  const limit = Math.max(mayGrowTo, size * maxGrowth);
  const refuse = () =>
    errors.fileUnreadable({
      file,
      reason: `its ${size} bytes unpack to more than ${limit}, which no table does`,
      remedy: 'Send it unpacked if it is one',
    });
  const unpacker = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  try {
    await pipeline(createReadStream(path), unpacker, bounded(limit, refuse), createWriteStream(to), {
      ...(signal && { signal }),
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (
      !/^(Z_|ZSTD_|ERR_ZSTD|ERR_STREAM_PREMATURE)|unexpected end/i.test(`${code} ${(error as Error).message}`)
    )
      throw error;
    throw errors.fileUnreadable(
      {
        file,
        reason: `its ${compression} data is broken or cut off`,
        remedy: 'Pack it anew, or send it again',
      },
      error,
    );
  }
}

/** The encoding that the first bytes give away; null for none, which mostly is UTF-8. */
export async function findMarkedEncoding(path: string): Promise<Encoding | null> {
  const start = await readStart(path, 4096);
  if (startsWith(start, 0xff, 0xfe)) return 'utf-16le';
  if (startsWith(start, 0xfe, 0xff)) return 'utf-16be';
  // Headers are mostly of plain letters: every other byte is zero.
  const pairs = Math.floor(start.length / 2);
  if (pairs < 2) return null;
  const zerosAt = (offset: number): number => {
    let zeros = 0;
    for (let i = offset; i < pairs * 2; i += 2) if (start[i] === 0) zeros += 1;
    return zeros;
  };
  const [even, odd] = [zerosAt(0), zerosAt(1)];
  if (odd > pairs * 0.7 && even < pairs * 0.1) return 'utf-16le';
  return even > pairs * 0.7 && odd < pairs * 0.1 ? 'utf-16be' : null;
}

/** How many bytes at the end begin a character that goes on in the next part. */
function unfinishedBytes(part: Buffer): number {
  for (let back = 1; back <= Math.min(3, part.length); back += 1) {
    const byte = part[part.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}

interface Oddity {
  readonly line: number;
  /** From the beginning of the file. */
  readonly byte: number;
}

const isPlain = (part: Buffer): boolean => !part.some((byte) => byte >= 0x80);

/**
 * Of a file that is not UTF-8: `windows-1252` if none of its lines beyond ASCII is UTF-8, else the first line that is
 * in another encoding than those around it.
 */
export async function judgeEncoding(path: string): Promise<'windows-1252' | Oddity> {
  let isSomeUtf8 = false;
  let odd: Oddity | undefined;
  let [line, byte] = [1, 0];
  let rest: Buffer = Buffer.alloc(0);
  for await (const read of createReadStream(path) as AsyncIterable<Buffer>) {
    const part: Buffer = rest.length > 0 ? Buffer.concat([rest, read]) : read;
    const end = part.lastIndexOf(0x0a) + 1 || part.length - unfinishedBytes(part);
    const lines = part.subarray(0, end);
    rest = Buffer.from(part.subarray(end));
    if (isUtf8(lines)) {
      isSomeUtf8 ||= !isPlain(lines);
      for (const each of lines) if (each === 0x0a) line += 1;
    } else
      for (const text of linesOf(lines)) {
        if (!isUtf8(text)) odd ??= { line, byte: byte + text.byteOffset - lines.byteOffset };
        else isSomeUtf8 ||= !isPlain(text);
        if (text.at(-1) === 0x0a) line += 1;
      }
    byte += end;
    if (odd && isSomeUtf8) return odd;
  }
  if (rest.length > 0 && !isUtf8(rest)) odd ??= { line, byte };
  return odd && isSomeUtf8 ? odd : 'windows-1252';
}

function* linesOf(part: Buffer): Generator<Buffer> {
  let start = 0;
  while (start < part.length) {
    const end = part.indexOf(0x0a, start) + 1 || part.length;
    yield part.subarray(start, end);
    start = end;
  }
}

/** The same text in UTF-8, without a mark in front. */
export async function transcode(
  path: string,
  encoding: Encoding,
  to: string,
  signal?: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder(encoding);
  async function* decoded(): AsyncGenerator<Buffer> {
    for await (const part of createReadStream(path) as AsyncIterable<Buffer>)
      yield Buffer.from(decoder.decode(part, { stream: true }));
    yield Buffer.from(decoder.decode());
  }
  await pipeline(Readable.from(decoded()), createWriteStream(to), { ...(signal && { signal }) });
}

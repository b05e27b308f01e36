/** Just enough of the tar format to take one file out of a bundle and to put another in its place. */

const block = 512;

interface Entry {
  readonly name: string;
  readonly start: number;
  readonly size: number;
}

const textAt = (bytes: Uint8Array, start: number, length: number): string =>
  Buffer.from(bytes.subarray(start, start + length))
    .toString('latin1')
    .replace(/\0.*$/s, '');

const padded = (size: number): number => Math.ceil(size / block) * block;

function listEntries(tar: Uint8Array): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at + block <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(textAt(tar, at + 124, 12), 8);
    entries.push({ name: textAt(tar, at, 100), start: at, size });
    at += block + padded(size);
  }
  return entries;
}

function getEntry(tar: Uint8Array, isWanted: (name: string) => boolean): Entry {
  const entry = listEntries(tar).find(({ name }) => isWanted(name));
  if (!entry) throw new Error('the bundle does not hold the file that was looked for');
  return entry;
}

/** The content of the first file whose name fits. */
export function readEntry(tar: Uint8Array, isWanted: (name: string) => boolean): Uint8Array {
  const { start, size } = getEntry(tar, isWanted);
  return tar.subarray(start + block, start + block + size);
}

/** A new tar in which the first file whose name fits has other content. */
export function replaceEntry(
  tar: Uint8Array,
  isWanted: (name: string) => boolean,
  content: Uint8Array,
): Uint8Array {
  const { start, size } = getEntry(tar, isWanted);
  const header = Buffer.from(tar.subarray(start, start + block));
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const filling = new Uint8Array(padded(content.length) - content.length);
  return Buffer.concat([
    tar.subarray(0, start),
    header,
    content,
    filling,
    tar.subarray(start + block + padded(size)),
  ]);
}

/** The smallest part of POSIX ustar that bundles need: regular files with plain relative paths. */
import { errors } from './errors.ts';

export interface TarEntry {
  readonly path: string;
  /** Bytes; must be what `content` gives. */
  readonly size: number;
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

export interface TarFile {
  readonly path: string;
  readonly size: number;
  /** Must be read to its end before the next file is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface TarLimits {
  readonly files: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
}

export const defaultTarLimits: TarLimits = {
  files: 100_000,
  fileBytes: 2 * 1024 ** 3,
  totalBytes: 16 * 1024 ** 3,
};

const blockSize = 512;
const maximumSize = 8 ** 11 - 1;

/** Equal entries give equal bytes: no clock, no owner. @throws RangeError for what ustar cannot hold */
export async function* packTar(
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
): AsyncGenerator<Uint8Array> {
  for await (const { path, size, content } of entries) {
    yield buildHeader(path, size);
    let written = 0;
    for await (const part of content instanceof Uint8Array ? [content] : content) {
      written += part.length;
      yield part;
    }
    if (written !== size) throw new RangeError(`${path} has ${written} bytes where ${size} were announced`);
    yield new Uint8Array(paddingOf(size));
  }
  yield new Uint8Array(2 * blockSize);
}

/** @throws bundleInvalid for whatever is not exactly such a file, is torn, or is beyond the limits */
export async function* unpackTar(
  source: AsyncIterable<Uint8Array>,
  limits: TarLimits = defaultTarLimits,
): AsyncGenerator<TarFile> {
  const reader = createReader(source);
  const seen = new Set<string>();
  let total = 0;
  for (;;) {
    const header = await reader.take(blockSize, 'a header');
    if (header.every((byte) => byte === 0)) return;
    const { path, size } = parseHeader(header);
    total += size;
    if (seen.has(path)) throw errors.bundleInvalid({ part: path, reason: 'the name appears twice' });
    seen.add(path);
    assertWithin(limits, path, seen.size, size, total);
    yield { path, size, content: reader.stream(size, path) };
    reader.assertRead(path);
    await reader.take(paddingOf(size), path);
  }
}

const paddingOf = (size: number): number => (blockSize - (size % blockSize)) % blockSize;

function assertWithin(limits: TarLimits, path: string, files: number, size: number, total: number): void {
  const refuse = (reason: string) => errors.bundleInvalid({ part: path, reason });
  if (size > limits.fileBytes) throw refuse(`${size} bytes are more than the ${limits.fileBytes} allowed`);
  if (total > limits.totalBytes) throw refuse(`all files together exceed ${limits.totalBytes} bytes`);
  if (files > limits.files) throw refuse(`it is more than the ${limits.files} files allowed`);
}

function buildHeader(path: string, size: number): Uint8Array {
  if (!isPlainPath(path)) throw new RangeError(`'${path}' cannot stand in a bundle`);
  if (!Number.isSafeInteger(size) || size < 0 || size > maximumSize) {
    throw new RangeError(`${path}: ${size} bytes do not fit a tar header`);
  }
  const { prefix, name } = splitPath(path);
  const header = Buffer.alloc(blockSize);
  const write = (text: string, at: number) => header.write(text, at, 'latin1');
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  write(name, 0);
  write(octal(0o644, 7), 100);
  write(octal(0, 7), 108);
  write(octal(0, 7), 116);
  write(octal(size, 11), 124);
  write(octal(0, 11), 136);
  write('0', 156);
  write('ustar\x0000', 257);
  write(prefix, 345);
  write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** A path over 100 bytes is cut at a slash: at most 155 before it and 100 behind. */
function splitPath(path: string): { prefix: string; name: string } {
  if (path.length <= 100) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    if (at <= 155 && path.length - at - 1 <= 100) {
      return { prefix: path.slice(0, at), name: path.slice(at + 1) };
    }
  }
  throw new RangeError(`'${path}' is too long for a tar header`);
}

function parseHeader(bytes: Uint8Array): { path: string; size: number } {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const field = (start: number, end: number) => {
    const text = header.toString('latin1', start, end);
    const stop = text.indexOf('\0');
    return stop < 0 ? text : text.slice(0, stop);
  };
  const prefix = field(345, 500);
  const path = prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`;
  const shown = JSON.stringify(path.slice(0, 120));
  const refuse = (reason: string) => errors.bundleInvalid({ part: shown, reason });
  if (field(257, 262) !== 'ustar' || parseOctal(field(148, 156)) !== checksum(header)) {
    throw refuse('this is no tar header, or it was damaged');
  }
  const type = header[156];
  if (type !== 0 && type !== 0x30) throw refuse('only regular files are allowed, no links or folders');
  if (!isPlainPath(path)) throw refuse('it is not a plain relative path');
  const size = parseOctal(field(124, 136));
  if (size === null) throw refuse('its size is not a number');
  return { path, size };
}

/** Letters, digits and a few signs, in parts that are neither empty nor begin with a dot. */
const isPlainPath = (path: string): boolean =>
  path.length <= 256 && /^[A-Za-z0-9_@-][\w@.-]*(?:\/[A-Za-z0-9_@-][\w@.-]*)*$/.test(path);

function parseOctal(text: string): number | null {
  const digits = text.trim();
  return /^[0-7]{1,11}$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);
}

/** Takes exact counts of bytes from a stream cut anywhere. */
function createReader(source: AsyncIterable<Uint8Array>) {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let unread = 0;

  async function next(maximum: number, part: string): Promise<Uint8Array> {
    while (rest.length === 0) {
      const { value, done } = await iterator.next();
      if (done) throw errors.bundleInvalid({ part, reason: 'it ends too early' });
      rest = value;
    }
    const taken = rest.subarray(0, maximum);
    rest = rest.subarray(taken.length);
    return taken;
  }

  async function* readOn(part: string): AsyncGenerator<Uint8Array> {
    while (unread > 0) {
      const piece = await next(unread, part);
      unread -= piece.length;
      yield piece;
    }
  }

  return {
    async take(count: number, part: string): Promise<Uint8Array> {
      const bytes = new Uint8Array(count);
      for (let filled = 0; filled < count; ) {
        const piece = await next(count - filled, part);
        bytes.set(piece, filled);
        filled += piece.length;
      }
      return bytes;
    },
    stream(count: number, part: string): AsyncGenerator<Uint8Array> {
      unread = count;
      return readOn(part);
    },
    assertRead(part: string): void {
      if (unread > 0) throw new Error(`${part} was not read to its end`);
    },
  };
}

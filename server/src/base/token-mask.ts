/**
 * Secrets of tokens in what programs say: each becomes as many stars, so that positions in a text stay what they are.
 * A part of a text needs its `reach` bytes before and behind to be judged as within the whole.
 */
import { constants, lstat, open } from 'node:fs/promises';

const prefix = 'tdm_';
/** 32 bytes in base64url, with or without a word before them. */
const shortest = 43;
const longest = 60;
export const reach = prefix.length + longest;
const secret = new RegExp(`${prefix}[A-Za-z0-9_-]{${shortest}}`);

export const holdsToken = (text: string): boolean => text.includes(prefix) && secret.test(text);

export function maskTokens(text: string): string {
  if (!holdsToken(text)) return text;
  const bytes = Buffer.from(text);
  maskBytes(bytes, false);
  return bytes.toString();
}

type Range = readonly [start: number, end: number];

/** `open`: more may follow, so a secret that has only begun at the end is one too. */
export function maskBytes(bytes: Buffer, isOpen: boolean): Range[] {
  const ranges: Range[] = [];
  for (let at = bytes.indexOf(prefix); at >= 0; at = bytes.indexOf(prefix, at + 1)) {
    const start = at + prefix.length;
    let end = start;
    while (end < bytes.length && end < start + longest && isSecretByte(bytes[end] ?? 0)) end++;
    const isCut = isOpen && end === bytes.length;
    if (end > start && (end - start >= shortest || isCut)) ranges.push([start, end]);
  }
  for (const [start, end] of ranges) bytes.fill('*', start, end);
  return ranges;
}

const isSecretByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2d ||
  byte === 0x5f;

/** What a stream holds from its byte `skip` on, which should be `reach` or the whole of what came before. */
export async function* masked(content: AsyncIterable<Uint8Array>, skip: number): AsyncGenerator<Uint8Array> {
  /** The last bytes as they came, of which `given` are given out already. */
  let held = Buffer.alloc(0);
  let given = 0;
  let toSkip = skip;
  const give = (bytes: Buffer, until: number): Buffer => {
    const from = Math.min(until, given + toSkip);
    toSkip -= from - given;
    return bytes.subarray(from, until);
  };
  for await (const chunk of content) {
    const whole = Buffer.concat([held, chunk]);
    const until = Math.max(given, whole.length - reach);
    const copy = Buffer.from(whole);
    maskBytes(copy, true);
    const part = give(copy, until);
    if (part.length > 0) yield part;
    const keptFrom = Math.max(0, until - reach);
    held = whole.subarray(keptFrom);
    given = until - keptFrom;
  }
  const rest = Buffer.from(held);
  maskBytes(rest, true);
  const part = give(rest, rest.length);
  if (part.length > 0) yield part;
}

const blockBytes = 1_048_576;

/** The same in a file, in place. Nothing happens to what is not there, or is no plain file. */
export async function maskFile(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (!found?.isFile()) return;
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.alloc(blockBytes);
    for (let position = 0; ; position += blockBytes - reach) {
      const { bytesRead } = await file.read(buffer, 0, blockBytes, position);
      const bytes = buffer.subarray(0, bytesRead);
      for (const [start, end] of maskBytes(bytes, false))
        await file.write(bytes, start, end - start, position + start);
      if (bytesRead < blockBytes) return;
    }
  } finally {
    await file.close();
  }
}

/** Bytes of a file, or of a part of one, read forward in pieces and skipped without being read. */
import { readSync } from 'node:fs';

const pieceBytes = 65_536;

export class EndOfBytes extends Error {
  override readonly name = 'EndOfBytes';
}

export interface ByteSource {
  readonly position: number;
  isAtEnd(): boolean;
  byte(): number;
  /** At most a megabyte. */
  take(count: number): Uint8Array;
  skip(count: number): void;
  /** Up to the next line feed, without it. */
  line(): string;
}

export function openFilePart(descriptor: number, start: number, end: number): ByteSource {
  const piece = new Uint8Array(pieceBytes);
  let [from, filled, at] = [start, 0, start];

  function byte(): number {
    if (at >= end) throw new EndOfBytes(`it ends at byte ${at}`);
    if (at < from || at >= from + filled) {
      from = at;
      filled = readSync(descriptor, piece, 0, Math.min(pieceBytes, end - at), at);
      if (filled === 0) throw new EndOfBytes(`it ends at byte ${at}`);
    }
    const value = piece[at - from] as number;
    at += 1;
    return value;
  }

  function take(count: number): Uint8Array {
    if (at + count > end) throw new EndOfBytes(`it ends within ${count} bytes at byte ${at}`);
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i += 1) bytes[i] = byte();
    return bytes;
  }

  return {
    get position() {
      return at;
    },
    isAtEnd: () => at >= end,
    byte,
    take,
    skip(count) {
      if (at + count > end) throw new EndOfBytes(`it ends within ${count} bytes at byte ${at}`);
      at += count;
    },
    line() {
      const bytes: number[] = [];
      for (let value = byte(); value !== 0x0a; value = byte()) {
        bytes.push(value);
        if (bytes.length > 100_000) throw new EndOfBytes(`a line at byte ${at} is too long`);
      }
      return Buffer.from(bytes).toString('utf8');
    },
  };
}

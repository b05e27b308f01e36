import { close, read } from 'node:fs';
import { Readable } from 'node:stream';

/** Larger buffers are fetched from the system one by one, which costs more than the reading. */
const pieceBytes = 1 << 18;
/** One being read, one read ahead, one under way to the client, one to spare. */
const ringSize = 4;

/** An open file, or the part of it from its first to its last byte, read piece by piece. Closes the descriptor. */
export class FileStream extends Readable {
  readonly #descriptor: number;
  readonly #end: number;
  #position: number;
  #ring: readonly Buffer[] = [];
  #turn = 0;

  constructor(descriptor: number, part: { readonly first: number; readonly last: number } | undefined) {
    super({ highWaterMark: pieceBytes });
    this.#descriptor = descriptor;
    this.#position = part?.first ?? 0;
    this.#end = part ? part.last + 1 : Number.MAX_SAFE_INTEGER;
  }

  /**
   * From now on a piece is valid until the third one after it is read. Only for `pipe` into a socket, which asks for the
   * next piece when it is rid of the last: a large file then costs the garbage collector nothing.
   */
  reuseBuffers(): this {
    this.#ring = Array.from({ length: ringSize }, () => Buffer.allocUnsafeSlow(pieceBytes));
    return this;
  }

  override _read(): void {
    const buffer = this.#ring[this.#turn++ % ringSize] ?? Buffer.allocUnsafeSlow(pieceBytes);
    const length = Math.min(pieceBytes, this.#end - this.#position);
    if (length <= 0) {
      this.push(null);
      return;
    }
    read(this.#descriptor, buffer, 0, length, this.#position, (error, bytes) => {
      if (error) {
        this.destroy(error);
        return;
      }
      this.#position += bytes;
      this.push(bytes === 0 ? null : buffer.subarray(0, bytes));
    });
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    close(this.#descriptor, (failure) => done(error ?? failure));
  }
}

/** Reading of a body whose tensors are to lie where arrays can be laid over them. */
import type { IncomingMessage } from 'node:http';
import { errors } from '../../../base/errors.ts';

interface BodyOptions {
  readonly limit: number;
  /** Where in the body the tensors begin: there the memory is at a multiple of eight bytes. */
  readonly alignedAt: number;
}

/** As much memory as is made for a body before any of it is here. */
const atOnce = 1 << 20;

/** One copy of what comes, whatever pieces it comes in. */
export function readBody(
  stream: IncomingMessage,
  { limit, alignedAt }: BodyOptions,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const declared = Number(stream.headers['content-length'] ?? 0);
  if (declared > limit) {
    done(errors.bodyTooLarge({ limit }));
    return;
  }
  const shift = (8 - (alignedAt % 8)) % 8;
  const make = (size: number) => new Uint8Array(new ArrayBuffer(shift + size)).subarray(shift);
  let memory = make(Math.min(declared, atOnce));
  let length = 0;

  function add(chunk: Buffer): void {
    if (length + chunk.length > limit) {
      finish(errors.bodyTooLarge({ limit }));
      return;
    }
    if (length + chunk.length > memory.length) {
      const grown = make(Math.max(declared, Math.min(limit, 2 * (length + chunk.length))));
      grown.set(memory.subarray(0, length));
      memory = grown;
    }
    memory.set(chunk, length);
    length += chunk.length;
  }
  function finish(error: Error | null): void {
    stream.off('data', add).off('end', ended).off('error', finish);
    // What still comes is let pass, so that the client gets to read the answer.
    if (error) stream.on('error', () => {}).resume();
    done(error, error ? undefined : Buffer.from(memory.buffer, memory.byteOffset, length));
  }
  const ended = () => finish(null);
  stream.on('data', add).on('end', ended).on('error', finish);
}

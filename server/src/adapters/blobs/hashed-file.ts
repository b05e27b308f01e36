/** Content and file are read and written once, in large pieces, and hashed on the way. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StoredBlob } from './blobs.ts';

/** Bytes on their way per file: enough that calls cost little beside the copying, little enough for many at once. */
export const pieceBytes = 1 << 20;
/** Nobody who is handed a path can change by mistake what others read. */
export const readOnly = 0o444;

export type Source = Uint8Array | AsyncIterable<Uint8Array>;

/** Creates the file. When this fails, what was written so far is left for the caller to remove. */
export async function writeHashed(path: string, content: Source, isSynced: boolean): Promise<StoredBlob> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', readOnly);
  try {
    const sink = new FileSink(file, hash);
    await pipeline(content instanceof Uint8Array ? [content] : content, sink);
    if (isSynced) await file.sync();
    return { sha256: hash.digest('hex'), size: sink.size };
  } finally {
    await file.close();
  }
}

export async function hashFile(path: string): Promise<StoredBlob> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: pieceBytes })) {
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return { sha256: hash.digest('hex'), size };
}

/** What arrives during a write is the next write, in one call. Each is hashed here while the disk has it. */
class FileSink extends Writable {
  size = 0;
  readonly #file: FileHandle;
  readonly #hash: Hash;

  constructor(file: FileHandle, hash: Hash) {
    super({ highWaterMark: pieceBytes });
    this.#file = file;
    this.#hash = hash;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#store([chunk], done);
  }

  override _writev(
    chunks: { chunk: Buffer; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#store(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  #store(chunks: readonly Buffer[], done: (error?: Error | null) => void): void {
    const written = writeAll(this.#file, chunks);
    for (const chunk of chunks) {
      this.#hash.update(chunk);
      this.size += chunk.byteLength;
    }
    written.then(() => done(), done);
  }
}

async function writeAll(file: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const { bytesWritten } = await file.writev([...chunks]);
  // A disk may take less than it was given.
  if (bytesWritten < size) await file.writeFile(Buffer.concat(chunks).subarray(bytesWritten));
}

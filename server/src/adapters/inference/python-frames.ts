/** What goes over the socket of a Python worker; `python/model_worker.py` says what each frame holds. */
import { createServer, type Server, type Socket } from 'node:net';
import { decodeData, encodeData } from './tensor-bytes.ts';
import { sizeOf } from './tensor-fit.ts';
import type { Tensor, TensorSpec } from './tensors.ts';

export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

const sizesBytes = 8;
const longestHeader = 1_000_000;
const longestBody = 1_073_741_824;

export function encodeFrame(header: object, parts: readonly Uint8Array[] = []): Uint8Array[] {
  const text = Buffer.from(JSON.stringify(header));
  const sizes = Buffer.alloc(sizesBytes);
  sizes.writeUInt32LE(text.length, 0);
  sizes.writeUInt32LE(
    parts.reduce((size, part) => size + part.length, 0),
    4,
  );
  return [Buffer.concat([sizes, text]), ...parts];
}

const alignment = 8;

/** One after another, each filled up to where numbers may lie. */
export function encodeTensors(tensors: readonly Tensor[]): { specs: object[]; parts: Uint8Array[] } {
  const encoded = tensors.map((tensor) => ({ tensor, bytes: encodeData(tensor) }));
  return {
    specs: encoded.map(({ tensor: { name, datatype, shape }, bytes }) => ({
      ...{ name, datatype, shape },
      size: bytes.length,
    })),
    parts: encoded.flatMap(({ bytes }) => [bytes, new Uint8Array(-bytes.length & (alignment - 1))]),
  };
}

export function decodeTensors({ header, body }: Frame): Tensor[] {
  let offset = 0;
  return (header.outputs as (TensorSpec & { size: number })[]).map(({ name, datatype, shape, size }) => {
    const bytes = body.subarray(offset, offset + size);
    offset += size + (-size & (alignment - 1));
    return { name, datatype, shape, data: decodeData(datatype, bytes, sizeOf(shape)) };
  });
}

/** Takes bytes as they come and gives whole frames. The function it gives throws on what is no frame. */
export function createFrameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = sizesBytes;
  return (chunk) => {
    chunks.push(chunk);
    held += chunk.length;
    while (held >= wanted) {
      const [first] = chunks;
      const bytes = chunks.length === 1 && first ? first : Buffer.concat(chunks);
      chunks = [bytes];
      const headerSize = bytes.readUInt32LE(0);
      const bodySize = bytes.readUInt32LE(4);
      if (headerSize > longestHeader || bodySize > longestBody)
        throw new Error(`it sent a frame of ${headerSize} and ${bodySize} bytes`);
      const end = sizesBytes + headerSize + bodySize;
      if (held < end) {
        wanted = end;
        return;
      }
      const header: unknown = JSON.parse(bytes.toString('utf8', sizesBytes, sizesBytes + headerSize));
      onFrame({ header: header as Frame['header'], body: bytes.subarray(sizesBytes + headerSize, end) });
      const rest = bytes.subarray(end);
      chunks = rest.length > 0 ? [rest] : [];
      held = rest.length;
      wanted = sizesBytes;
    }
  };
}

/** The first connection is the worker's, the second its guardian's. */
export interface Line {
  readonly worker: Promise<Socket>;
  /** Ends both connections; the guardian then ends whatever the worker has started. */
  close(): void;
}

export async function openLine(path: string): Promise<Line> {
  const sockets: Socket[] = [];
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (sockets.length >= 2) return void socket.destroy();
    sockets.push(socket);
    if (sockets.length === 1) resolve(socket);
    else server.close();
  });
  await new Promise<void>((listening, reject) => {
    server.once('error', reject);
    server.listen(path, listening);
  });
  return {
    worker: promise,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

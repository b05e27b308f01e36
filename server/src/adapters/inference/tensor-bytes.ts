/** Tensors as bytes: little-endian, row-major, BYTES each with its length before it, as the Open Inference Protocol has them. */
import { arrayOf } from './tensor-fit.ts';
import type { Datatype, Tensor, TensorData } from './tensors.ts';

const lengthBytes = 4;

/** Sharing memory where it can. */
export function encodeData({ datatype, data }: Pick<Tensor, 'datatype' | 'data'>): Uint8Array {
  if (datatype === 'BYTES') return encodeTexts(data as readonly (string | Uint8Array)[]);
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function encodeTexts(texts: readonly (string | Uint8Array)[]): Uint8Array {
  const sizes = texts.map((text) => (typeof text === 'string' ? Buffer.byteLength(text) : text.length));
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size + lengthBytes, 0));
  let offset = 0;
  for (const [i, text] of texts.entries()) {
    const size = sizes[i] ?? 0;
    offset = bytes.writeUInt32LE(size, offset);
    if (typeof text === 'string') bytes.write(text, offset);
    else bytes.set(text, offset);
    offset += size;
  }
  return bytes;
}

/**
 * Sharing memory where numbers may lie there.
 * @throws `Error` when the bytes are not as many as `length` values are
 */
export function decodeData(datatype: Datatype, bytes: Uint8Array, length: number): TensorData {
  if (datatype === 'BYTES') return decodeTexts(bytes, length);
  const type = arrayOf(datatype);
  const size = length * type.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== size)
    throw new Error(`${length} values of ${datatype} are ${size} bytes, but there are ${bytes.byteLength}`);
  const isAligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset } = isAligned ? bytes : Uint8Array.from(bytes);
  return new type(buffer as ArrayBuffer, byteOffset, length);
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeTexts(bytes: Uint8Array, length: number): (string | Uint8Array)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: (string | Uint8Array)[] = [];
  let offset = 0;
  while (offset < bytes.length && texts.length < length) {
    const start = offset + lengthBytes;
    const end = start <= bytes.length ? start + view.getUint32(offset, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length)
      throw new Error(`text ${texts.length} of ${length} goes beyond its ${bytes.length} bytes`);
    texts.push(textOf(bytes.subarray(start, end)));
    offset = end;
  }
  if (texts.length !== length || offset !== bytes.length)
    throw new Error(
      `there are ${texts.length} texts in ${offset} of ${bytes.length} bytes, where ${length} must be`,
    );
  return texts;
}

function textOf(bytes: Uint8Array): string | Uint8Array {
  try {
    return strict.decode(bytes);
  } catch {
    return bytes;
  }
}

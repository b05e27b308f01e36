/** Elements as bytes, little endian and one after the other, as every machine that Node runs on keeps them. */
import { isUtf8 } from 'node:buffer';
import type { Datatype, TensorData } from '../../../adapters/inference/inference.ts';
import { elementTypes, type NumberArray, refuse } from './element-types.ts';

/** A view of `bytes` where they lie at a multiple of the element's size; a copy where not. */
export function decodeBinary(name: string, datatype: Datatype, count: number, bytes: Uint8Array): TensorData {
  if (datatype === 'BYTES') return decodeTexts(name, count, bytes);
  const { bytes: size, array } = elementTypes[datatype];
  if (bytes.byteLength !== count * size)
    throw refuse(
      `'${name}' has ${bytes.byteLength} bytes, but ${count} elements of ${datatype} are ${count * size}`,
    );
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const data = new array(aligned.buffer, aligned.byteOffset, count);
  if (datatype === 'BOOL' && (data as Uint8Array).some((value) => value > 1))
    throw refuse(`'${name}' has a byte other than 0 and 1; BOOL is one of the two`);
  return data;
}

/** Each with its length before it. Bytes that are no UTF-8 stay bytes. */
function decodeTexts(name: string, count: number, bytes: Uint8Array): (string | Uint8Array)[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // An element takes four bytes at least: a shape that lies makes no long list.
  if (count * 4 > all.length)
    throw refuse(`'${name}' has ${all.length} bytes, which cannot hold ${count} elements with their lengths`);
  const data = new Array<string | Uint8Array>(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > all.length) throw refuse(`'${name}' ends at element ${i} of ${count}`);
    const end = at + 4 + all.readUInt32LE(at);
    if (end > all.length)
      throw refuse(`element ${i} of '${name}' is said to be ${end - at - 4} bytes long, beyond its end`);
    data[i] = toText(all.subarray(at + 4, end));
    at = end;
  }
  if (at !== all.length) throw refuse(`'${name}' has ${all.length - at} bytes after its last element`);
  return data;
}

/** The text, or a copy of the bytes: the request's memory is not kept for a few of them. */
export const toText = (bytes: Buffer): string | Uint8Array =>
  isUtf8(bytes) ? bytes.toString('utf8') : new Uint8Array(bytes);

/** Without a copy, except of BYTES. */
export function encodeBinary(datatype: Datatype, data: TensorData): Buffer {
  if (datatype === 'BYTES') return encodeTexts(data as readonly (string | Uint8Array)[]);
  const { buffer, byteOffset, byteLength } = data as NumberArray;
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

function encodeTexts(data: readonly (string | Uint8Array)[]): Buffer {
  const lengths = data.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : value.length));
  const all = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let at = 0;
  data.forEach((value, i) => {
    at = all.writeUInt32LE(lengths[i] as number, at);
    if (typeof value === 'string') all.write(value, at);
    else all.set(value, at);
    at += lengths[i] as number;
  });
  return all;
}

/** Our tensors as onnxruntime's and back, sharing their memory. */
import { type InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { errors } from '../../base/errors.ts';
import type { Datatype, Tensor, TensorData, TensorSpec } from './tensors.ts';

const types: Readonly<Record<Datatype, OnnxTensor.Type>> = {
  BOOL: 'bool',
  UINT8: 'uint8',
  UINT16: 'uint16',
  UINT32: 'uint32',
  UINT64: 'uint64',
  INT8: 'int8',
  INT16: 'int16',
  INT32: 'int32',
  INT64: 'int64',
  FP16: 'float16',
  FP32: 'float32',
  FP64: 'float64',
  BYTES: 'string',
};
const datatypes = new Map(Object.entries(types).map(([datatype, type]) => [type, datatype as Datatype]));

/** Null of a sequence or a map, and of numbers of four bits. */
export function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec | null {
  const datatype = metadata.isTensor ? datatypes.get(metadata.type) : undefined;
  if (!metadata.isTensor || !datatype) return null;
  const shape = metadata.shape.map((size) => (typeof size === 'number' ? size : -1));
  return { name: metadata.name, datatype, shape };
}

/** @throws modelInputInvalid of bytes that are no text, and of a text that onnxruntime would cut at its first NUL */
export function toOnnx({ name, datatype, shape, data }: Tensor): OnnxTensor {
  if (datatype === 'BYTES') {
    const texts = data as readonly (string | Uint8Array)[];
    const at = texts.findIndex((text) => typeof text !== 'string' || text.includes('\0'));
    if (at >= 0)
      throw errors.modelInputInvalid({
        expected: `'${name}' as UTF-8 text without NUL`,
        found: `other bytes at place ${at}`,
      });
    return new OnnxTensor('string', texts as string[], shape);
  }
  const made = new OnnxTensor(types[datatype], data as Exclude<TensorData, readonly unknown[]>, shape);
  // It holds halves as Float16Array, whose bytes its native part does not see.
  return datatype === 'FP16' ? Object.assign(made, { cpuData: data }) : made;
}

export function fromOnnx(name: string, { type, dims, data }: OnnxTensor): Tensor {
  const held = data as unknown as TensorData & ArrayBufferView;
  const bits = type === 'float16' ? new Uint16Array(held.buffer, held.byteOffset, data.length) : held;
  return { name, datatype: datatypes.get(type) ?? 'BYTES', shape: dims, data: bits };
}

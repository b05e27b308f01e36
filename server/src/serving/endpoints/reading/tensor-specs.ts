/** What a variant takes and gives as tensors, told to whoever asks before sending any. */
import type { SignatureColumn } from '@tidemill/contract';
import type { Datatype, TensorSpec } from '../../../adapters/inference/tensors.ts';
import type { LiveVariant } from '../traffic/live-endpoint.ts';

/** MLflow's column types; a time is sent as ISO 8601. */
const columnTypes: Readonly<Record<string, Datatype>> = {
  boolean: 'BOOL',
  integer: 'INT32',
  long: 'INT64',
  float: 'FP32',
  double: 'FP64',
  string: 'BYTES',
  datetime: 'BYTES',
  binary: 'BYTES',
};

const arrayTypes: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
};

function toSpec({ name, type, shape }: SignatureColumn, fallbackName: string): TensorSpec {
  const dtype = /^tensor\((.*)\)$/.exec(type)?.[1];
  const datatype = dtype === undefined ? columnTypes[type] : arrayTypes[dtype];
  return { name: name || fallbackName, datatype: datatype ?? 'BYTES', shape: shape ?? [-1] };
}

/** As the runtime says, where it does; else as the signature does. */
export function toSpecs({ lease, version, input }: LiveVariant): {
  inputs: readonly TensorSpec[];
  outputs: readonly TensorSpec[];
} {
  const { inputs = [], outputs = [] } = lease?.model.runtime.signature ?? {};
  const byColumn = () => (version?.inputs ?? []).map((column) => toSpec(column, 'input'));
  return {
    inputs: inputs.length > 0 ? inputs : byColumn(),
    outputs: outputs.length > 0 || !input ? outputs : [{ name: 'prediction', datatype: 'FP64', shape: [-1] }],
  };
}

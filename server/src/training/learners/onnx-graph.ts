/** A minimal writer of ONNX `ModelProto` (onnx.proto3, IR version 8); field numbers are those of that file. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export type OnnxAttribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'floats'; readonly value: ArrayLike<number> }
  | { readonly kind: 'ints'; readonly value: ArrayLike<number> }
  | { readonly kind: 'strings'; readonly value: readonly string[] };

export interface OnnxNode {
  readonly operator: string;
  readonly domain?: 'ai.onnx.ml';
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
}

export interface OnnxModel {
  readonly name: string;
  readonly featureNames: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
}

export const TENSOR_FLOAT = 1;
export const TENSOR_DOUBLE = 11;

const IR_VERSION = 8;
const OPSET = 17;
const ML_OPSET = 3;
const PRODUCER = 'tidemill';
const ATTRIBUTE_TYPE = { int: 2, string: 3, floats: 6, ints: 7, strings: 8 } as const;

/** The model's bytes: input `features` float32 [N, F], output `prediction` float32 [N, 1]. Same model, same bytes. */
export function toOnnxBytes(model: OnnxModel): Uint8Array {
  const writer = new BinaryWriter();
  int(writer, 1, IR_VERSION);
  text(writer, 2, PRODUCER);
  message(writer, 7, () => writeGraph(writer, model));
  message(writer, 8, () => writeOpset(writer, '', OPSET));
  message(writer, 8, () => writeOpset(writer, 'ai.onnx.ml', ML_OPSET));
  message(writer, 14, () => writeEntry(writer, 'producer', PRODUCER));
  message(writer, 14, () => writeEntry(writer, 'features', JSON.stringify(model.featureNames)));
  return writer.finish();
}

function writeOpset(writer: BinaryWriter, domain: string, version: number): void {
  text(writer, 1, domain);
  int(writer, 2, version);
}

function writeEntry(writer: BinaryWriter, key: string, value: string): void {
  text(writer, 1, key);
  text(writer, 2, value);
}

function writeGraph(writer: BinaryWriter, model: OnnxModel): void {
  for (const node of model.nodes) message(writer, 1, () => writeNode(writer, node));
  text(writer, 2, model.name);
  for (const constant of model.constants) message(writer, 5, () => writeTensor(writer, constant));
  message(writer, 11, () => writeValueInfo(writer, 'features', model.featureNames.length));
  message(writer, 12, () => writeValueInfo(writer, 'prediction', 1));
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 4, node.operator);
  for (const [name, attribute] of Object.entries(node.attributes ?? {})) {
    message(writer, 5, () => writeAttribute(writer, name, attribute));
  }
  if (node.domain) text(writer, 7, node.domain);
}

function writeAttribute(writer: BinaryWriter, name: string, attribute: OnnxAttribute): void {
  text(writer, 1, name);
  switch (attribute.kind) {
    case 'int':
      int(writer, 3, attribute.value);
      break;
    case 'string':
      text(writer, 4, attribute.value);
      break;
    case 'floats':
      packed(writer, 7, attribute.value, (value) => writer.float(value));
      break;
    case 'ints':
      packed(writer, 8, attribute.value, (value) => writer.int64(value));
      break;
    case 'strings':
      for (const value of attribute.value) text(writer, 9, value);
      break;
  }
  int(writer, 20, ATTRIBUTE_TYPE[attribute.kind]);
}

function writeTensor(writer: BinaryWriter, constant: OnnxConstant): void {
  packed(writer, 1, constant.shape, (value) => writer.int64(value));
  const isDouble = constant.values instanceof Float64Array;
  int(writer, 2, isDouble ? TENSOR_DOUBLE : TENSOR_FLOAT);
  if (isDouble) packed(writer, 10, constant.values, (value) => writer.double(value));
  else packed(writer, 4, constant.values, (value) => writer.float(value));
  text(writer, 8, constant.name);
}

function writeValueInfo(writer: BinaryWriter, name: string, width: number): void {
  text(writer, 1, name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      int(writer, 1, TENSOR_FLOAT);
      message(writer, 2, () => {
        message(writer, 1, () => text(writer, 2, 'N'));
        message(writer, 1, () => int(writer, 1, width));
      });
    }),
  );
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function int(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}

function packed(
  writer: BinaryWriter,
  field: number,
  values: ArrayLike<number>,
  write: (value: number) => void,
): void {
  message(writer, field, () => {
    for (let i = 0; i < values.length; i++) write(values[i] ?? 0);
  });
}

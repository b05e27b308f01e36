/** ONNX files written by hand: small graphs of which a test knows what they must answer. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

type Write = (writer: BinaryWriter) => void;

const part = (writer: BinaryWriter, field: number, write: Write): void => {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
};
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);
const number = (writer: BinaryWriter, field: number, value: number) =>
  writer.tag(field, WireType.Varint).int64(value);

/** Numbers of onnx.proto. */
export const elementTypes = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
} as const;

export interface OnnxValue {
  readonly name: string;
  readonly type: keyof typeof elementTypes | 'map';
  /** A text is a dimension of any size. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  /** Numbers as `ints`, text as `strings`. */
  readonly attributes?: Readonly<Record<string, readonly number[] | readonly string[]>>;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly constants?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>
  >;
}

function writeNode(writer: BinaryWriter, node: OnnxNode): void {
  part(writer, 1, (w) => {
    for (const input of node.inputs) text(w, 1, input);
    for (const output of node.outputs) text(w, 2, output);
    text(w, 4, node.operator);
    for (const [name, values] of Object.entries(node.attributes ?? {}))
      part(w, 5, (attribute) => {
        text(attribute, 1, name);
        for (const value of values)
          if (typeof value === 'string') text(attribute, 9, value);
          else number(attribute, 8, value);
        number(attribute, 20, typeof values[0] === 'string' ? 8 : 7);
      });
    if (node.domain) text(w, 7, node.domain);
  });
}

function writeConstant(
  writer: BinaryWriter,
  name: string,
  shape: readonly number[],
  values: Float32Array,
): void {
  part(writer, 5, (w) => {
    for (const size of shape) number(w, 1, size);
    number(w, 2, 1);
    text(w, 8, name);
    w.tag(9, WireType.LengthDelimited).bytes(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
  });
}

function writeType(writer: BinaryWriter, type: keyof typeof elementTypes, shape: OnnxValue['shape']): void {
  part(writer, 1, (t) => {
    number(t, 1, elementTypes[type]);
    part(t, 2, (sizes) => {
      for (const size of shape)
        part(sizes, 1, (s) => (typeof size === 'string' ? text(s, 2, size) : number(s, 1, size)));
    });
  });
}

function writeValue(writer: BinaryWriter, field: number, { name, type, shape }: OnnxValue): void {
  part(writer, field, (value) => {
    text(value, 1, name);
    part(value, 2, (of) => {
      if (type !== 'map') return writeType(of, type, shape);
      // A sequence of maps from int64 to float, as a ZipMap gives.
      part(of, 4, (sequence) =>
        part(sequence, 1, (element) =>
          part(element, 5, (map) => {
            number(map, 1, elementTypes.INT64);
            part(map, 2, (held) => writeType(held, 'FP32', []));
          }),
        ),
      );
    });
  });
}

export function buildOnnx({ nodes, inputs, outputs, constants = {} }: OnnxGraph): Uint8Array {
  const writer = new BinaryWriter();
  number(writer, 1, 8);
  part(writer, 7, (graph) => {
    for (const node of nodes) writeNode(graph, node);
    text(graph, 2, 'test');
    for (const [name, { shape, values }] of Object.entries(constants))
      writeConstant(graph, name, shape, values);
    for (const input of inputs) writeValue(graph, 11, input);
    for (const output of outputs) writeValue(graph, 12, output);
  });
  part(writer, 8, (opset) => number(opset, 2, 17));
  const domains = new Set(['ai.onnx.ml', ...nodes.flatMap(({ domain }) => domain ?? [])]);
  for (const domain of domains)
    part(writer, 8, (opset) => {
      text(opset, 1, domain);
      number(opset, 2, domain === 'ai.onnx.ml' ? 3 : 1);
    });
  return writer.finish();
}

/** A linear model: each row times the weights, plus the bias. */
export const buildTinyOnnx = (weights: readonly number[], bias: number): Uint8Array =>
  buildOnnx({
    nodes: [
      { operator: 'MatMul', inputs: ['x', 'w'], outputs: ['product'] },
      { operator: 'Add', inputs: ['product', 'b'], outputs: ['y'] },
    ],
    inputs: [{ name: 'x', type: 'FP32', shape: ['rows', weights.length] }],
    outputs: [{ name: 'y', type: 'FP32', shape: ['rows', 1] }],
    constants: {
      w: { shape: [weights.length, 1], values: Float32Array.from(weights) },
      b: { shape: [1], values: Float32Array.of(bias) },
    },
  });

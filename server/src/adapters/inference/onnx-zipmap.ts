/**
 * Converters end classifiers in a ZipMap: a map from class to probability for each row, which onnxruntime cannot give to
 * this program. What goes into it is a tensor with a column per class, so that is given instead.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

// Field numbers of onnx.proto.
const model = { graph: 7, opset: 8 };
const graph = { node: 1, output: 12 };
const nodes = { input: 1, output: 2, operator: 4, attribute: 5 };
const floatTensor = 1;

type Field = readonly [number: number, type: WireType, value: Uint8Array];

function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    fields.push([
      number,
      type,
      type === WireType.LengthDelimited ? reader.bytes() : reader.skip(type, number),
    ]);
  }
  return fields;
}

function write(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, type, value] of fields) {
    writer.tag(number, type);
    if (type === WireType.LengthDelimited) writer.bytes(value);
    else writer.raw(value);
  }
  return writer.finish();
}

const decoder = new TextDecoder();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textIn = (fields: readonly Field[], number: number): string => {
  const found = fields.find(([each]) => each === number);
  return found ? decoder.decode(found[2]) : '';
};
const part = (number: number, value: Uint8Array): Field => [number, WireType.LengthDelimited, value];
const whole = (number: number, value: number): Field => [
  number,
  WireType.Varint,
  new BinaryWriter().int64(value).finish(),
];

/** As many as the node has names of classes, be they numbers (field 8) or text (field 9). */
function classesOf(node: readonly Field[]): number {
  let count = 0;
  for (const [number, , value] of node) {
    if (number !== nodes.attribute) continue;
    for (const [each, type, held] of fieldsOf(value)) {
      if (each === 9) count += 1;
      if (each === 8) count += type === WireType.LengthDelimited ? varintsIn(held) : 1;
    }
  }
  return count;
}

/** The last byte of each has its top bit clear. */
const varintsIn = (held: Uint8Array): number =>
  held.reduce((count, byte) => count + (byte < 0x80 ? 1 : 0), 0);

function describeTensor(name: string, classes: number): Uint8Array {
  const rows = part(1, write([part(2, bytes('rows'))]));
  const columns = part(1, write(classes > 0 ? [whole(1, classes)] : []));
  const tensor = write([whole(1, floatTensor), part(2, write([rows, columns]))]);
  return write([part(1, bytes(name)), part(2, write([part(1, tensor)]))]);
}

/** The model with tensors where it had maps of classes; null when it has none. */
export function withoutZipMaps(file: Uint8Array): Uint8Array | null {
  const outer = fieldsOf(file);
  const found = outer.find(([number]) => number === model.graph);
  if (!found) return null;
  const classes = new Map<string, number>();
  const inner = fieldsOf(found[2]).map((field): Field => {
    if (field[0] !== graph.node) return field;
    const node = fieldsOf(field[2]);
    if (textIn(node, nodes.operator) !== 'ZipMap') return field;
    classes.set(textIn(node, nodes.output), classesOf(node));
    const kept = node.filter(([number]) => number === nodes.input || number === nodes.output);
    return part(graph.node, write([...kept, part(nodes.operator, bytes('Identity'))]));
  });
  if (classes.size === 0) return null;
  const edited = inner.map((field): Field => {
    const name = field[0] === graph.output ? textIn(fieldsOf(field[2]), 1) : '';
    const count = classes.get(name);
    return count === undefined ? field : part(graph.output, describeTensor(name, count));
  });
  const opsets = outer.filter(([number]) => number === model.opset);
  const hasIdentity = opsets.some(([, , value]) => textIn(fieldsOf(value), 1) === '');
  const identity = hasIdentity ? [] : [part(model.opset, write([whole(2, 13)]))];
  return write([
    ...outer.map((field) => (field === found ? part(model.graph, write(edited)) : field)),
    ...identity,
  ]);
}

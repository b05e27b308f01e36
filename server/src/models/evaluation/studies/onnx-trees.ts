/** Reads the tree ensemble out of an ONNX model; field numbers are those of onnx.proto3. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import {
  type DecisionTree,
  splitModes,
  type TreeEnsemble,
} from '../../../base/statistics/trees/decision-tree.ts';

/** What becomes of the sum of the trees. */
export type Link = 'NONE' | 'LOGISTIC' | 'SOFTMAX';

export interface OnnxTrees {
  readonly ensemble: TreeEnsemble;
  readonly link: Link;
  /** Of a classifier, in order; one output stands for the second of two. */
  readonly labels: readonly string[] | null;
  /** Where a later `Clip` keeps the sum within bounds. */
  readonly clip: { readonly low: number; readonly high: number } | null;
}

/** Why a model cannot be taken apart; told to whoever asked. */
export class NoTrees extends Error {}

interface Node {
  readonly operator: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Map<string, Attribute>;
}

interface Attribute {
  int: number;
  text: string;
  floats: number[];
  ints: number[];
  texts: string[];
  tensor: number[] | null;
}

interface Graph {
  readonly nodes: Node[];
  readonly inputs: string[];
  readonly constants: Map<string, number[]>;
}

const passing = new Set(['Cast', 'Identity']);
const fromTrees = new Set(['Cast', 'Identity', 'Clip', 'ZipMap', 'Reshape', 'Squeeze', 'ArgMax', 'Flatten']);

/** @throws NoTrees */
export function readOnnxTrees(bytes: Uint8Array): OnnxTrees {
  const graph = readGraph(bytes);
  const found = graph.nodes.filter(({ operator }) => operator.startsWith('TreeEnsemble'));
  const [node] = found;
  if (!node || found.length > 1)
    throw new NoTrees(
      `its graph has ${found.length} tree ensembles (${operatorsOf(graph)}), and just one can be taken apart`,
    );
  if (node.operator === 'TreeEnsemble')
    throw new NoTrees("the operator TreeEnsemble of ai.onnx.ml 5 isn't read yet");
  assertSource(graph, node);
  assertFollowers(graph, node);
  return { ...readEnsemble(node), clip: readClip(graph) };
}

const operatorsOf = ({ nodes }: Graph): string =>
  [...new Set(nodes.map(({ operator }) => operator))].slice(0, 8).join(', ') || 'no operators';

/** The trees must ask about the inputs themselves, not what scalers or encoders made of them. */
function assertSource({ nodes, inputs }: Graph, trees: Node): void {
  let name = trees.inputs[0] ?? '';
  for (let steps = 0; steps <= nodes.length && !inputs.includes(name); steps += 1) {
    const maker = nodes.find(({ outputs }) => outputs.includes(name));
    if (!maker || !passing.has(maker.operator))
      throw new NoTrees(`its trees ask about what ${maker?.operator ?? 'nothing'} makes of the inputs`);
    name = maker.inputs[0] ?? '';
  }
}

function assertFollowers({ nodes }: Graph, trees: Node): void {
  const reached = new Set(trees.outputs);
  for (const node of nodes) {
    if (node === trees || !node.inputs.some((name) => reached.has(name))) continue;
    if (!fromTrees.has(node.operator))
      throw new NoTrees(`${node.operator} makes something else of what its trees give`);
    for (const name of node.outputs) reached.add(name);
  }
}

function readClip({ nodes, constants }: Graph): OnnxTrees['clip'] {
  const clip = nodes.find(({ operator }) => operator === 'Clip');
  if (!clip) return null;
  const bound = (i: number, otherwise: number) => constants.get(clip.inputs[i] ?? '')?.[0] ?? otherwise;
  return { low: bound(1, Number.NEGATIVE_INFINITY), high: bound(2, Number.POSITIVE_INFINITY) };
}

function readEnsemble({ operator, attributes }: Node): Omit<OnnxTrees, 'clip'> {
  const ints = (name: string) => attributes.get(name)?.ints ?? [];
  const numbers = (name: string) =>
    attributes.get(`${name}_as_tensor`)?.tensor ?? attributes.get(name)?.floats ?? [];
  const text = (name: string, otherwise: string) => attributes.get(name)?.text || otherwise;
  if (text('aggregate_function', 'SUM') !== 'SUM' && text('aggregate_function', 'SUM') !== 'AVERAGE')
    throw new NoTrees(`its trees are joined by ${text('aggregate_function', '')}, not by a sum`);
  const link = text('post_transform', 'NONE');
  if (link !== 'NONE' && link !== 'LOGISTIC' && link !== 'SOFTMAX')
    throw new NoTrees(`its trees end in ${link}`);
  const isClassifier = operator === 'TreeEnsembleClassifier';
  const labels = isClassifier
    ? (attributes.get('classlabels_strings')?.texts ?? []).concat(ints('classlabels_int64s').map(String))
    : null;
  const kind = isClassifier ? 'class' : 'target';
  const ids = ints(`${kind}_ids`);
  const isSingle = labels !== null && labels.length === 2 && new Set(ids).size === 1;
  const outputs = isSingle ? 1 : (labels?.length ?? attributes.get('n_targets')?.int ?? 1);
  const base = numbers('base_values');
  const trees = readTrees({ ints, numbers, kind, outputs, isSingle });
  const share = text('aggregate_function', 'SUM') === 'AVERAGE' ? 1 / trees.length : 1;
  for (const { value } of trees) value.set(value.map((own) => own * share));
  return {
    ensemble: {
      outputs,
      base: Float64Array.from({ length: outputs }, (_, k) => (isSingle ? base.at(-1) : base[k]) ?? 0),
      trees,
      isFloat32: true,
    },
    link,
    labels,
  };
}

interface Parts {
  readonly ints: (name: string) => readonly number[];
  readonly numbers: (name: string) => readonly number[];
  readonly kind: 'class' | 'target';
  readonly outputs: number;
  readonly isSingle: boolean;
}

function readTrees({ ints, numbers, kind, outputs, isSingle }: Parts): DecisionTree[] {
  const [treeIds, nodeIds, features] = [
    ints('nodes_treeids'),
    ints('nodes_nodeids'),
    ints('nodes_featureids'),
  ];
  const [whenTrue, whenFalse, missing] = [
    ints('nodes_truenodeids'),
    ints('nodes_falsenodeids'),
    ints('nodes_missing_value_tracks_true'),
  ];
  const thresholds = numbers('nodes_values');
  const modes = ints('nodes_modes');
  const places = new Map<number, Map<number, number>>();
  const members = new Map<number, number[]>();
  treeIds.forEach((tree, i) => {
    const own = members.get(tree) ?? [];
    const at = places.get(tree) ?? new Map<number, number>();
    at.set(nodeIds[i] as number, own.push(i) - 1);
    members.set(tree, own);
    places.set(tree, at);
  });
  const trees = new Map(
    [...members].map(([tree, own]) => {
      const at = places.get(tree) as Map<number, number>;
      const isLeaf = (i: number) => modes[i] === leafMode;
      const child = (ids: readonly number[]) =>
        Int32Array.from(own, (i) => (isLeaf(i) ? 0 : (at.get(ids[i] as number) ?? 0)));
      const built: DecisionTree = {
        feature: Int32Array.from(own, (i) => (isLeaf(i) ? -1 : (features[i] as number))),
        threshold: Float64Array.from(own, (i) => thresholds[i] ?? 0),
        mode: Uint8Array.from(own, (i) => (isLeaf(i) ? 0 : (modes[i] as number))),
        missingIsTrue: Uint8Array.from(own, (i) => missing[i] ?? 0),
        whenTrue: child(whenTrue),
        whenFalse: child(whenFalse),
        value: new Float64Array(own.length * outputs),
      };
      return [tree, built];
    }),
  );
  const [leafTrees, leafNodes, ids] = [ints(`${kind}_treeids`), ints(`${kind}_nodeids`), ints(`${kind}_ids`)];
  const weights = numbers(`${kind}_weights`);
  leafTrees.forEach((tree, i) => {
    const at = places.get(tree)?.get(leafNodes[i] as number) ?? 0;
    const value = trees.get(tree)?.value;
    const place = at * outputs + (isSingle ? 0 : (ids[i] as number));
    if (value) value[place] = (value[place] as number) + (weights[i] as number);
  });
  return [...trees.values()];
}

const leafMode = 255;

type Fields = ReadonlyMap<number, (reader: BinaryReader, wire: WireType) => void>;

function readFields(reader: BinaryReader, fields: Fields, end = reader.len): void {
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    const read = fields.get(field);
    if (read) read(reader, wire);
    else reader.skip(wire);
  }
}

function readMessage(reader: BinaryReader, fields: Fields): void {
  const length = reader.uint32();
  readFields(reader, fields, reader.pos + length);
}

/** Packed, or one by one. */
function readInto(list: number[], of: (reader: BinaryReader) => number) {
  return (reader: BinaryReader, wire: WireType) => {
    if (wire !== WireType.LengthDelimited) {
      list.push(of(reader));
      return;
    }
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) list.push(of(reader));
  };
}

function readGraph(bytes: Uint8Array): Graph {
  const graph: Graph = { nodes: [], inputs: [], constants: new Map() };
  const names: string[] = [];
  try {
    readFields(
      new BinaryReader(bytes),
      new Map([
        [
          7,
          (reader: BinaryReader) =>
            readMessage(
              reader,
              new Map([
                [1, (own: BinaryReader) => void graph.nodes.push(readNode(own))],
                [5, (own: BinaryReader) => addConstant(own, graph.constants)],
                [
                  11,
                  (own: BinaryReader) =>
                    readMessage(own, new Map([[1, (each: BinaryReader) => void names.push(each.string())]])),
                ],
              ]),
            ),
        ],
      ]),
    );
  } catch (error) {
    throw new NoTrees(`its file is no ONNX model: ${error instanceof Error ? error.message : String(error)}`);
  }
  graph.inputs.push(...names.filter((name) => !graph.constants.has(name)));
  return graph;
}

function readNode(reader: BinaryReader): Node {
  const node = { operator: '', inputs: [] as string[], outputs: [] as string[], attributes: new Map() };
  readMessage(
    reader,
    new Map([
      [1, (own: BinaryReader) => void node.inputs.push(own.string())],
      [2, (own: BinaryReader) => void node.outputs.push(own.string())],
      [
        4,
        (own: BinaryReader) => {
          node.operator = own.string();
        },
      ],
      [
        5,
        (own: BinaryReader) => {
          const { name, attribute } = readAttribute(own);
          node.attributes.set(name, attribute);
        },
      ],
    ]),
  );
  return node;
}

function readAttribute(reader: BinaryReader): { name: string; attribute: Attribute } {
  let name = '';
  const attribute: Attribute = { int: 0, text: '', floats: [], ints: [], texts: [], tensor: null };
  const modes: readonly string[] = splitModes;
  readMessage(
    reader,
    new Map<number, (own: BinaryReader, wire: WireType) => void>([
      [
        1,
        (own) => {
          name = own.string();
        },
      ],
      [
        3,
        (own) => {
          attribute.int = Number(own.int64());
        },
      ],
      [
        4,
        (own) => {
          attribute.text = new TextDecoder().decode(own.bytes());
        },
      ],
      [
        5,
        (own) => {
          attribute.tensor = readTensor(own).values;
        },
      ],
      [7, readInto(attribute.floats, (own) => own.float())],
      [8, readInto(attribute.ints, (own) => Number(own.int64()))],
      [9, (own) => void attribute.texts.push(own.string())],
    ]),
  );
  if (name === 'nodes_modes')
    for (const mode of attribute.texts) {
      const at = modes.indexOf(mode);
      if (at < 0 && mode !== 'LEAF') throw new NoTrees(`its trees split by ${mode}`);
      attribute.ints.push(at < 0 ? leafMode : at);
    }
  return { name, attribute };
}

function addConstant(reader: BinaryReader, constants: Map<string, number[]>): void {
  const { name, values } = readTensor(reader);
  constants.set(name, values);
}

/** Floats and doubles; others are empty. */
function readTensor(reader: BinaryReader): { name: string; values: number[] } {
  const values: number[] = [];
  let [name, type] = ['', 0];
  let raw: Uint8Array = new Uint8Array();
  readMessage(
    reader,
    new Map<number, (own: BinaryReader, wire: WireType) => void>([
      [
        2,
        (own) => {
          type = own.int32();
        },
      ],
      [4, readInto(values, (own) => own.float())],
      [
        8,
        (own) => {
          name = own.string();
        },
      ],
      [
        9,
        (own) => {
          raw = own.bytes();
        },
      ],
      [10, readInto(values, (own) => own.double())],
    ]),
  );
  if (values.length > 0 || raw.length === 0) return { name, values };
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const size = type === 1 ? 4 : type === 11 ? 8 : 0;
  for (let at = 0; size > 0 && at + size <= raw.length; at += size)
    values.push(size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true));
  return { name, values };
}

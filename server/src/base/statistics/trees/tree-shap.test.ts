import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  comparedColumns,
  countCover,
  type DecisionTree,
  nextNode,
  predictEnsemble,
  type TreeEnsemble,
} from './decision-tree.ts';
import recorded from './tree-shap.recorded.json' with { type: 'json' };
import { treeShap } from './tree-shap.ts';

/** A nested tree as arrays. */
type Nested = readonly number[] | { feature: number; threshold: number; mode: number; children: Nested[] };

function flatten(root: Nested, outputs: number): DecisionTree {
  const nodes: Nested[] = [];
  const places = new Map<Nested, number>();
  const visit = (node: Nested) => {
    places.set(node, nodes.push(node) - 1);
    if ('children' in node) node.children.forEach(visit);
  };
  visit(root);
  const split = <T>(of: (node: Exclude<Nested, readonly number[]>) => T, leaf: T): T[] =>
    nodes.map((node) => ('children' in node ? of(node) : leaf));
  const child = (i: number) => split((node) => places.get(node.children[i] as Nested) ?? 0, 0);
  return {
    feature: Int32Array.from(split(({ feature }) => feature, -1)),
    threshold: Float64Array.from(split(({ threshold }) => threshold, 0)),
    mode: Uint8Array.from(split(({ mode }) => mode, 0)),
    missingIsTrue: Uint8Array.from(split(({ threshold }) => (threshold > 0 ? 1 : 0), 0)),
    whenTrue: Int32Array.from(child(0)),
    whenFalse: Int32Array.from(child(1)),
    value: Float64Array.from(
      nodes.flatMap((node) => ('children' in node ? new Array<number>(outputs).fill(0) : [...node])),
    ),
  };
}

const features = 4;
const cell = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: -3, max: 3 }) }, fc.constant(Number.NaN));
const leaf = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 2 });
const { node: nested } = fc.letrec<{ node: Nested }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({
      feature: fc.integer({ min: 0, max: features - 1 }),
      threshold: fc.integer({ min: -2, max: 2 }),
      mode: fc.integer({ min: 0, max: 5 }),
      children: fc.array(tie('node'), { minLength: 2, maxLength: 2 }),
    }),
  ),
}));
const rowsOf = (count: number) =>
  fc.array(fc.array(cell, { minLength: features, maxLength: features }), { minLength: 1, maxLength: count });
const toColumns = (rows: readonly (readonly number[])[]) =>
  Array.from({ length: features }, (_, f) => Float64Array.from(rows, (row) => row[f] ?? Number.NaN));

/** What a tree gives when only some features are known, by its definition. */
function expectation(
  tree: DecisionTree,
  cover: Float64Array,
  row: readonly number[],
  known: number,
): number[] {
  const walk = (node: number): number[] => {
    const feature = tree.feature[node] as number;
    if (feature < 0) return [...tree.value.subarray(2 * node, 2 * node + 2)];
    if ((known >> feature) & 1) return walk(nextNode(tree, node, row[feature] as number));
    const [left, right] = [tree.whenTrue[node] as number, tree.whenFalse[node] as number];
    const total = cover[node] as number;
    const share = total > 0 ? (cover[left] as number) / total : 0.5;
    const [a, b] = [walk(left), walk(right)];
    return a.map((value, k) => share * value + (1 - share) * (b[k] as number));
  };
  return walk(0);
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const bitsOf = (set: number) => [...set.toString(2)].filter((bit) => bit === '1').length;

/** Shapley's formula over all subsets (1953). */
function bruteForce(tree: DecisionTree, cover: Float64Array, row: readonly number[]): number[][] {
  const values = Array.from({ length: 2 ** features }, (_, known) => expectation(tree, cover, row, known));
  return Array.from({ length: features }, (_, feature) =>
    [0, 1].map((k) =>
      values.reduce((sum, value, set) => {
        if ((set >> feature) & 1) return sum;
        const size = bitsOf(set);
        const weight = (factorial(size) * factorial(features - size - 1)) / factorial(features);
        return sum + weight * ((values[set | (1 << feature)]?.[k] ?? 0) - (value[k] ?? 0));
      }, 0),
    ),
  );
}

test('equals the sum over all subsets of features, also where no background row went', () => {
  fc.assert(
    fc.property(
      fc.array(nested, { minLength: 1, maxLength: 2 }),
      rowsOf(8),
      rowsOf(3),
      (roots, back, rows) => {
        const ensemble: TreeEnsemble = {
          ...{ outputs: 2, base: Float64Array.of(1, -2), isFloat32: false },
          trees: roots.map((root) => flatten(root, 2)),
        };
        const covers = countCover(ensemble, toColumns(back), back.length);
        const columns = toColumns(rows);
        const shap = treeShap(ensemble, columns, covers);
        const predicted = predictEnsemble(ensemble, columns, rows.length);
        rows.forEach((row, r) => {
          const found = shap.explain(r);
          for (let k = 0; k < 2; k += 1) {
            let sum = shap.base[k] as number;
            for (let f = 0; f < features; f += 1) {
              const own = found[f * 2 + k] as number;
              const wanted = ensemble.trees.reduce(
                (total, tree, t) => total + (bruteForce(tree, covers[t] as Float64Array, row)[f]?.[k] ?? 0),
                0,
              );
              expect(own).toBeCloseTo(wanted, 9);
              sum += own;
            }
            expect(sum).toBeCloseTo(predicted[r * 2 + k] as number, 9);
          }
        });
      },
    ),
    { numRuns: 150 },
  );
});

test('a feature that no tree asks about has none of it', () => {
  const tree = flatten(
    {
      feature: 0,
      threshold: 0,
      mode: 0,
      children: [
        [1, 0],
        [5, 0],
      ],
    },
    2,
  );
  const ensemble = { outputs: 2, base: Float64Array.of(0, 0), trees: [tree], isFloat32: false };
  const columns = toColumns([
    [1, 7, 7, 7],
    [-1, 7, 7, 7],
  ]);
  const shap = treeShap(ensemble, columns, countCover(ensemble, columns, 2));
  expect([...shap.explain(0)]).toEqual([2, 0, 0, 0, 0, 0, 0, 0]);
  expect([...shap.explain(1)]).toEqual([-2, 0, 0, 0, 0, 0, 0, 0]);
  expect([...shap.base]).toEqual([3, 0]);
});

test(`equals shap ${recorded.version} on ${recorded.model}`, () => {
  const ensemble: TreeEnsemble = {
    outputs: 1,
    base: Float64Array.of(recorded.base),
    isFloat32: true,
    trees: recorded.trees.map((tree) => ({
      feature: Int32Array.from(tree.feature),
      threshold: Float64Array.from(tree.threshold),
      mode: new Uint8Array(tree.feature.length),
      missingIsTrue: new Uint8Array(tree.feature.length),
      whenTrue: Int32Array.from(tree.left),
      whenFalse: Int32Array.from(tree.right),
      value: Float64Array.from(tree.value),
    })),
  };
  const columns = comparedColumns(
    ensemble,
    (recorded.rows[0] ?? []).map((_, f) => Float64Array.from(recorded.rows, (row) => row[f] ?? 0)),
  );
  const covers = countCover(ensemble, columns, recorded.rows.length);
  expect(covers.map((cover) => [...cover])).toEqual(recorded.trees.map(({ cover }) => cover));
  const shap = treeShap(ensemble, columns, covers);
  expect(shap.base[0]).toBeCloseTo(recorded.expected, 10);
  recorded.attributions.forEach((wanted, row) => {
    const found = shap.explain(row);
    for (const [feature, value] of wanted.entries()) expect(found[feature]).toBeCloseTo(value, 10);
  });
});

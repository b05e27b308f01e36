/** Runs in a worker thread: takes an ONNX tree ensemble apart and attributes its answers to the features. */
import { readFile } from 'node:fs/promises';
import type { AttributionReport } from '@tidemill/contract';
import { normalQuantileOfLog } from '../../../base/statistics/normal.ts';
import { comparedColumns, countCover } from '../../../base/statistics/trees/decision-tree.ts';
import { treeShap } from '../../../base/statistics/trees/tree-shap.ts';
import { type Link, NoTrees, type OnnxTrees, readOnnxTrees } from './onnx-trees.ts';

export interface AttributionInput {
  readonly path: string;
  readonly features: readonly string[];
  /** In the order of the features. */
  readonly columns: readonly Float64Array[];
  readonly rows: number;
  readonly background: { readonly columns: readonly Float64Array[]; readonly rows: number };
  /** What the model itself gave, an array an output. */
  readonly given: readonly Float64Array[];
  /** Rows whose attributions are kept, and the numbers that people know them by. */
  readonly kept: readonly { readonly row: number; readonly shownAs: number }[];
  readonly alpha: number;
}

export type Attributed =
  | { readonly refused: string }
  | Omit<AttributionReport, 'method' | 'background' | 'features'>;

const spaces = { NONE: 'prediction', LOGISTIC: 'log-odds', SOFTMAX: 'margin' } as const satisfies Record<
  Link,
  AttributionReport['space']
>;
/** Trees are summed in float32 by the runtime, in double here. */
const tolerance = 1e-3;

export async function attribute(
  input: AttributionInput,
  report: (progress: { readonly fraction: number }) => void,
): Promise<Attributed> {
  try {
    return attributeTrees(readOnnxTrees(await readFile(input.path)), input, report);
  } catch (error) {
    if (!(error instanceof NoTrees)) throw error;
    return { refused: error.message };
  }
}

function attributeTrees(
  trees: OnnxTrees,
  { features, rows, given, kept, alpha, ...input }: AttributionInput,
  report: (progress: { readonly fraction: number }) => void,
): Attributed {
  const { ensemble } = trees;
  const { outputs } = ensemble;
  const asked = Math.max(-1, ...ensemble.trees.flatMap(({ feature }) => [...feature]));
  if (asked >= features.length)
    throw new NoTrees(
      `its trees ask about ${asked + 1} features, and its signature names ${features.length}`,
    );
  const columns = comparedColumns(ensemble, input.columns);
  const background = comparedColumns(ensemble, input.background.columns);
  const shap = treeShap(ensemble, columns, countCover(ensemble, background, input.background.rows));
  const size = features.length * outputs;
  const [sums, absolute, squares] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const keptAt = new Map(kept.map((each) => [each.row, each.shownAs]));
  const points: AttributionReport['points'] = [];
  let largestGap = 0;
  for (let row = 0; row < rows; row += 1) {
    const found = shap.explain(row);
    for (let i = 0; i < size; i += 1) {
      const value = found[i] as number;
      sums[i] = (sums[i] as number) + value;
      absolute[i] = (absolute[i] as number) + Math.abs(value);
      squares[i] = (squares[i] as number) + value * value;
    }
    const totals = Float64Array.from(shap.base);
    for (let i = 0; i < size; i += 1)
      totals[i % outputs] = (totals[i % outputs] as number) + (found[i] as number);
    largestGap = Math.max(largestGap, gapOf(trees, totals, given, row));
    const shownAs = keptAt.get(row);
    if (shownAs !== undefined)
      points.push({
        row: shownAs,
        values: columns.map((column) => finite(column[row])),
        outputs: Array.from(totals, (total, k) => ({
          total,
          attributions: features.map((_, f) => found[f * outputs + k] as number),
        })),
      });
    if (row % 64 === 0) report({ fraction: row / rows });
  }
  const largest = given.reduce((most, column) => Math.max(most, ...chunkMax(column)), 1);
  if (largestGap > tolerance * largest)
    throw new NoTrees(
      `its trees do not add up to what it gives (a gap of ${largestGap.toPrecision(3)}): more than its trees makes the answer`,
    );
  const reach = normalQuantileOfLog(Math.log1p(-alpha / 2)) / Math.sqrt(rows);
  return {
    space: spaces[trees.link],
    largestGap,
    outputs: Array.from({ length: outputs }, (_, k) => ({
      output: nameOf(trees, k),
      base: shap.base[k] as number,
      features: features
        .map((feature, f) => {
          const at = f * outputs + k;
          const meanAbsolute = (absolute[at] as number) / rows;
          const variance = Math.max(0, (squares[at] as number) / rows - meanAbsolute ** 2);
          const error = reach * Math.sqrt(variance);
          const interval =
            rows > 1 ? { low: Math.max(0, meanAbsolute - error), high: meanAbsolute + error } : null;
          return { feature, meanAbsolute, interval, mean: (sums[at] as number) / rows };
        })
        .sort((a, b) => b.meanAbsolute - a.meanAbsolute),
    })),
    points,
  };
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

/** Largest size, without spreading a column over the stack. */
function chunkMax(column: Float64Array): [number] {
  let most = 0;
  for (const value of column) most = Math.max(most, Math.abs(value));
  return [most];
}

const nameOf = ({ labels, ensemble }: OnnxTrees, k: number): string =>
  labels
    ? (labels[ensemble.outputs === 1 ? 1 : k] ?? String(k))
    : ensemble.outputs === 1
      ? 'prediction'
      : String(k);

/** Between what the sum of the trees becomes and what the model itself gave. */
function gapOf(
  { link, clip, labels, ensemble }: OnnxTrees,
  totals: Float64Array,
  given: readonly Float64Array[],
  row: number,
): number {
  const isSingle = labels !== null && ensemble.outputs === 1;
  const answer = linked(
    link,
    clip ? totals.map((value) => Math.min(clip.high, Math.max(clip.low, value))) : totals,
  );
  // Of two classes the answer is that of the second, the last column.
  const columns = isSingle ? given.slice(-1) : given;
  if (columns.length !== answer.length) return Number.POSITIVE_INFINITY;
  return Math.max(...Array.from(answer, (value, k) => Math.abs(value - (columns[k]?.[row] as number))));
}

function linked(link: Link, totals: Float64Array): Float64Array {
  if (link === 'LOGISTIC') return totals.map((value) => 1 / (1 + Math.exp(-value)));
  if (link === 'NONE') return totals;
  const highest = Math.max(...totals);
  const powers = totals.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

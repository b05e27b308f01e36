/** Rows as they were served beside those learned from: by their distributions, and one by one where a key tells which is which. */
import type { FeatureSkew, Skew } from '@tidemill/contract';
import type { Cell } from '../../adapters/analytics/analytics.ts';
import { quoteName, quoteText } from '../../base/sql-text.ts';
import { chiSquareTest } from '../../base/statistics/chi-square.ts';
import { psi } from '../../base/statistics/psi.ts';
import { ask, comparable, isNumber, listOf, type Pair, typeIn } from './tables.ts';

const alpha = 0.01;
const shiftedFrom = 0.1;
const bins = 10;
const mostCategories = 50;
const atOnce = 40;

interface Bins {
  readonly feature: string;
  /** SQL of a column `v` that gives a number of a bin; missing values have none. */
  readonly edges: readonly number[] | null;
  readonly labels: readonly string[];
  readonly range: readonly [number, number] | null;
}

export async function compareServed(
  pair: Pair,
  features: readonly string[],
  key: readonly string[] | null,
): Promise<Skew> {
  const unequal = key && (await compareRows(pair, features, key));
  const found: FeatureSkew[] = [];
  for (let start = 0; start < features.length; start += atOnce)
    found.push(...(await compareSome(pair, features.slice(start, start + atOnce), features.length, unequal)));
  return {
    train: pair.train.reference,
    served: pair.other.reference,
    trainRows: pair.train.rows,
    servedRows: pair.other.rows,
    matched: unequal?.matched ?? null,
    features: found.sort((a, b) => b.psi - a.psi),
  };
}

async function compareSome(
  pair: Pair,
  features: readonly string[],
  tests: number,
  unequal: RowComparison | null,
): Promise<FeatureSkew[]> {
  const binned = await binsOf(pair, features);
  const trained = await countsIn(pair, 'train', binned);
  const served = await countsIn(pair, 'other', binned);
  return binned.map(({ feature, range }, i) => {
    const [a, b] = [trained[i] as Counts, served[i] as Counts];
    const [p, q] = [a, b].map(({ counts, rows }) => counts.map((count) => count / Math.max(1, rows)));
    const index = psi(p as Float64Array, q as Float64Array);
    const pValue = Math.min(1, chiSquareTest(a.counts, b.counts).pValue * tests);
    return {
      feature,
      psi: index,
      pValue,
      missingTrained: (a.counts.at(-1) ?? 0) / Math.max(1, a.rows),
      missingServed: (b.counts.at(-1) ?? 0) / Math.max(1, b.rows),
      outOfRange: range && b.outside / Math.max(1, b.rows),
      unequal: unequal && (unequal.shares.get(feature) ?? 0),
      shifted: pValue < alpha && index >= shiftedFrom,
    };
  });
}

/** Numbers at the quantiles of the training set, texts by its most frequent values. */
async function binsOf(pair: Pair, features: readonly string[]): Promise<Bins[]> {
  const found: Bins[] = [];
  for (const feature of features) {
    const name = quoteName(feature);
    const value = comparable(pair, feature);
    if (isNumber(typeIn(pair.train, feature)) && isNumber(typeIn(pair.other, feature))) {
      const shares = Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins);
      const { rows } = await ask(
        pair,
        `select to_json(quantile_disc(${value}, [${listOf(shares.map(String))}])) as cuts, min(${value}) as low, max(${value}) as high
         from train where ${value} is not null`,
      );
      const cuts = rows[0]?.cuts;
      const edges = typeof cuts === 'string' ? [...new Set(JSON.parse(cuts) as number[])] : [];
      const [low, high] = [rows[0]?.low, rows[0]?.high];
      const range = typeof low === 'number' && typeof high === 'number' ? ([low, high] as const) : null;
      found.push({
        feature,
        edges: range && edges.at(-1) === range[1] ? edges.slice(0, -1) : edges,
        labels: [],
        range,
      });
    } else {
      const { rows } = await ask(
        pair,
        `select ${value} as v, count(*) as n from train where ${name} is not null group by all order by n desc, v limit ${mostCategories}`,
      );
      found.push({ feature, edges: null, labels: rows.map(({ v }) => String(v)), range: null });
    }
  }
  return found;
}

interface Counts {
  /** The last is of missing values. */
  readonly counts: Float64Array;
  readonly rows: number;
  readonly outside: number;
}

/** Every bin of every feature in one pass over the table. */
async function countsIn(pair: Pair, table: 'train' | 'other', binned: readonly Bins[]): Promise<Counts[]> {
  const parts = binned.flatMap(({ feature, edges, labels, range }, f) => {
    const value = edges ? comparable(pair, feature) : `cast(${comparable(pair, feature)} as varchar)`;
    const holds = edges
      ? edges.map((edge) => `${value} <= ${sqlNumber(edge)}`)
      : labels.map((label) => `${value} = ${quoteText(label)}`);
    const outside = range && `${value} < ${sqlNumber(range[0])} or ${value} > ${sqlNumber(range[1])}`;
    return [
      ...holds.map((hold, i) => `count(*) filter (${hold}) as c${f}_${i}`),
      `count(${quoteName(feature)}) as n${f}`,
      `count(*) filter (${outside ?? 'false'}) as o${f}`,
    ];
  });
  const { rows } = await ask(pair, `select count(*) as total, ${listOf(parts)} from ${table}`);
  const row: Readonly<Record<string, Cell>> = rows[0] ?? {};
  const total = Number(row.total ?? 0);
  return binned.map(({ edges, labels }, f) => {
    const known = Number(row[`n${f}`] ?? 0);
    const read = (edges ?? labels).map((_, i) => Number(row[`c${f}_${i}`] ?? 0));
    // Up to an edge, each count holds those before it.
    const each = edges ? read.map((count, i) => count - (read[i - 1] ?? 0)) : read;
    const rest = known - each.reduce((sum, count) => sum + count, 0);
    return {
      counts: Float64Array.of(...each, rest, total - known),
      rows: total,
      outside: Number(row[`o${f}`] ?? 0),
    };
  });
}

const sqlNumber = (value: number): string => `cast('${value}' as double)`;

interface RowComparison {
  readonly matched: number;
  readonly shares: ReadonlyMap<string, number>;
}

/** Numbers are equal to six digits, as a float keeps them. Keys that several rows of the training set have tell nothing. */
async function compareRows(
  pair: Pair,
  features: readonly string[],
  key: readonly string[],
): Promise<RowComparison> {
  const keys = key.map((column, i) => `${comparable(pair, column)} as k${i}`);
  const values = features.map((feature, i) => `${comparable(pair, feature)} as v${i}`);
  const names = key.map((_, i) => `k${i}`);
  const differ = features.map((feature, i) => {
    const isClose = `abs(t.v${i} - s.v${i}) <= 1e-6 * greatest(abs(t.v${i}), abs(s.v${i}))`;
    const bothNumbers = isNumber(typeIn(pair.train, feature)) && isNumber(typeIn(pair.other, feature));
    const isEqual = bothNumbers
      ? `(t.v${i} is not distinct from s.v${i} or coalesce(${isClose}, false))`
      : `t.v${i} is not distinct from s.v${i}`;
    return `count(*) filter (not ${isEqual}) as d${i}`;
  });
  const { rows } = await ask(
    pair,
    `with known as (select ${listOf([...keys, ...values])} from train qualify count(*) over (partition by ${listOf(names)}) = 1),
     asked as (select ${listOf([...keys, ...values])} from other)
     select count(*) as matched, ${listOf(differ)} from asked t join known s using (${listOf(names)})`,
  );
  const matched = Number(rows[0]?.matched ?? 0);
  const shares = features.map(
    (feature, i) => [feature, Number(rows[0]?.[`d${i}`] ?? 0) / Math.max(1, matched)] as const,
  );
  return { matched, shares: new Map(shares) };
}

/** Columns as slices: codes as they are, numbers and times at their quantiles. */
import { ascendingOrder, pick } from '../../../base/statistics/scores/order.ts';
import type { CuttingColumn } from './rows.ts';

export interface Cut {
  readonly name: string;
  /** n places in `labels`. */
  readonly codes: Float64Array;
  readonly labels: readonly string[];
}

const missing = 'missing';

/** Rows without a value are a slice of their own. */
export function cutColumn(column: CuttingColumn, quantiles: number): Cut {
  const { name, values } = column;
  const isMissing = values.some(Number.isNaN);
  const { codes, labels } =
    column.kind === 'codes' ? { codes: values, labels: column.labels } : cutNumbers(column, quantiles);
  if (!isMissing) return { name, codes, labels };
  const last = labels.length;
  return {
    name,
    codes: codes.map((code, i) => (Number.isNaN(values[i]) ? last : code)),
    labels: [...labels, missing],
  };
}

/** Borders are values of the column, the i-th the one at i / q of the ranks; equal ones are one. */
function cutNumbers({ kind, values }: CuttingColumn, quantiles: number) {
  const known = values.filter((value) => !Number.isNaN(value));
  const sorted = pick(known, ascendingOrder(known));
  const low = sorted[0] ?? Number.NaN;
  const high = sorted.at(-1) ?? Number.NaN;
  const inner = Array.from(
    { length: quantiles - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / quantiles)] as number,
  );
  const borders = [...new Set(inner)].filter((border) => border > low);
  const codes = values.map((value) => {
    let code = 0;
    while (code < borders.length && value >= (borders[code] as number)) code += 1;
    return code;
  });
  const shown = kind === 'time' ? toTime : toShort;
  const edges = [low, ...borders, high];
  const labels = edges.slice(1).map((edge, i) => {
    const isLast = i === edges.length - 2;
    if (isLast && edges[i] === edge) return shown(edge);
    return `[${shown(edges[i] as number)}, ${shown(edge)}${isLast ? ']' : ')'}`;
  });
  return { codes, labels };
}

const toShort = (value: number): string => String(Number(value.toPrecision(5)));

function toTime(microseconds: number): string {
  const date = new Date(microseconds / 1000);
  if (Number.isNaN(date.getTime())) return String(microseconds);
  return date
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/\.000Z$/, 'Z');
}

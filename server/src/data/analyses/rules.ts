import { createHash } from 'node:crypto';
import type { Analysis, AnalysisChart, AnalysisRun, Column, QueryResult, Row } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';

export type StoredAnalysis = Omit<Analysis, 'uri'> & {
  readonly workspace: string;
  /** Of the rows whatever their order: a select without `order by` promises none. */
  readonly rowsDigest: string;
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const cellsOf = (columns: readonly Column[], row: Row): string =>
  JSON.stringify(columns.map(({ name }) => row[name] ?? null));

/** `digest` depends on the order of the rows, `rowsDigest` does not. */
export function digestsOf(columns: readonly Column[], rows: readonly Row[]) {
  const head = JSON.stringify(columns.map(({ name, type }) => [name, type]));
  const lines = rows.map((row) => cellsOf(columns, row));
  return {
    digest: sha256([head, ...lines].join('\n')),
    rowsDigest: sha256([head, ...lines.sort()].join('\n')),
  };
}

type Digests = Pick<StoredAnalysis, 'digest' | 'rowsDigest' | 'versions'>;

/** Whether a run gave what was kept. */
export function verdictOf(kept: Digests, again: Digests): AnalysisRun['verdict'] {
  if (kept.digest === again.digest) return 'equal';
  if (kept.versions.join() !== again.versions.join()) return 'newer data';
  return kept.rowsDigest === again.rowsDigest ? 'equal rows in another order' : 'different';
}

/** @throws analysisChartInvalid naming the column that the result lacks */
export function assertDrawable(chart: AnalysisChart | null, { columns }: Pick<QueryResult, 'columns'>): void {
  if (!chart) return;
  const known = new Map(columns.map(({ name, type }) => [name, type]));
  const names = [...known.keys()].join(', ');
  for (const column of [chart.x, ...chart.y, ...(chart.series === undefined ? [] : [chart.series])])
    if (!known.has(column))
      throw errors.analysisChartInvalid({ reason: `the result has no column '${column}'; it has ${names}` });
  for (const column of chart.y)
    if (known.get(column) !== 'integer' && known.get(column) !== 'double')
      throw errors.analysisChartInvalid({ reason: `'${column}' holds no numbers to draw` });
}

import type { FeatureDrift, FeatureView } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../../adapters/analytics/analytics.ts';
import type { Compute } from '../../../adapters/executor/executor.ts';
import { quoteName } from '../../../base/sql-text.ts';
import type { Drifted } from './drift-worker.ts';
import { knownSql } from './offline-sql.ts';

export interface DriftDependencies {
  readonly analytics: Pick<Analytics, 'query' | 'columns'>;
  readonly compute: Pick<Compute, 'compute'>;
}

/** Rows of the newest window, at most a tenth of all. */
const windowRows = 500;
const fewestInWindow = 30;
const fewestInReference = 100;
const sampledReference = 10_000;
/** With a sample of rows of each, some ten megabytes. */
const columnsAtOnce = 100;
const shownCategories = 50;
/** Per check and feature, as everywhere (decision 007): a real shift is far beyond. */
export const driftRate = 1e-6;

const numeric = new Set(['integer', 'double', 'boolean']);
const worker = new URL('./drift-worker.ts', import.meta.url);

/** The newest rows of a view against earlier ones, or against those of another dataset version; feature by feature. */
export function createDrift({ analytics, compute }: DriftDependencies) {
  /** The finite values of each column, read at once; null where there are more rows than a sample takes. */
  async function readFew(names: readonly string[], rows_: TableSource): Promise<Float64Array[] | null> {
    const columns = names.map((name, i) => `cast(${quoteName(name)} as double) as v${i}`);
    const { values, rowCount } = await analytics.columns({
      sql: `select ${columns.join(', ')} from rows_`,
      tables: { rows_ },
      maxRows: sampledReference + 1,
    });
    if (rowCount > sampledReference) return null;
    return values.map((column) => (column as Float64Array).filter(Number.isFinite));
  }

  async function readSample(name: string, rows_: TableSource): Promise<Float64Array> {
    const value = `cast(${quoteName(name)} as double)`;
    const sql = `select ${value} as v from rows_ where isfinite(${value}) using sample reservoir(${sampledReference} rows) repeatable (1)`;
    const { values } = await analytics.columns({ sql, tables: { rows_ } });
    return Float64Array.from(values[0] as Float64Array);
  }

  async function ofNumbers(
    names: readonly string[],
    newest: TableSource,
    earlier: TableSource,
  ): Promise<Map<string, FeatureDrift | null>> {
    const windows = await readFew(names, newest);
    const references = await readFew(names, earlier);
    const found = new Map<string, FeatureDrift | null>();
    for (const [i, name] of names.entries()) {
      const window = windows?.[i] ?? new Float64Array();
      const reference = references?.[i] ?? (await readSample(name, earlier));
      found.set(
        name,
        await judge('ks', 'numbersDrift', { window, reference }, window.length, reference.length),
      );
    }
    return found;
  }

  async function ofCategories(
    name: string,
    newest: TableSource,
    earlier: TableSource,
  ): Promise<FeatureDrift | null> {
    const value = `cast(${quoteName(name)} as varchar)`;
    const { rows } = await analytics.query({
      sql: `with both_ as (
          select ${value} as v, 1 as w from newest_ union all select ${value} as v, 0 as w from earlier_),
        counted_ as (select v, sum(w) as here, count(*) - sum(w) as there from both_ where v is not null group by v),
        ranked_ as (select *, row_number() over (order by here + there desc, v) as n from counted_)
        select cast(sum(here) as double) as here, cast(sum(there) as double) as there from ranked_
        group by least(n, ${shownCategories}) order by least(n, ${shownCategories})`,
      tables: { newest_: newest, earlier_: earlier },
    });
    const window = Float64Array.from(rows, ({ here }) => Number(here));
    const reference = Float64Array.from(rows, ({ there }) => Number(there));
    const total = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);
    return judge('chi-square', 'countsDrift', { window, reference }, total(window), total(reference));
  }

  async function judge(
    statistic: FeatureDrift['statistic'],
    name: string,
    input: { window: Float64Array; reference: Float64Array },
    rows: number,
    referenceRows: number,
  ): Promise<FeatureDrift | null> {
    if (rows < fewestInWindow || referenceRows < fewestInReference) return null;
    const found = await compute.compute<Drifted>({
      module: worker,
      name,
      input: { ...input, alpha: driftRate },
    });
    return { statistic, ...found, breached: found.value >= found.threshold, rows, referenceRows };
  }

  return {
    /** How many rows are the newest ones, of so many. */
    windowOf: (rows: number): number => Math.min(windowRows, Math.floor(rows / 10)),

    async measure(
      features: FeatureView['features'],
      newest: TableSource,
      earlier: TableSource,
    ): Promise<(FeatureDrift | null)[]> {
      const found = new Map<string, FeatureDrift | null>();
      const numbers = features.filter(({ type }) => numeric.has(type)).map(({ name }) => name);
      for (let i = 0; i < numbers.length; i += columnsAtOnce)
        for (const each of await ofNumbers(numbers.slice(i, i + columnsAtOnce), newest, earlier))
          found.set(...each);
      for (const { name, type } of features)
        if (type === 'text') found.set(name, await ofCategories(name, newest, earlier));
      return features.map(({ name }) => found.get(name) ?? null);
    },
  };
}

/** Known rows of a view, the newest first `window` of them, or those before. */
export const newestSql = (
  view: FeatureView,
  now: number,
  window: number,
  part: 'newest' | 'earlier',
): string =>
  `select ${view.features.map(({ name }) => quoteName(name)).join(', ')} from view_ where ${knownSql(view, now)}
    qualify row_number() over (order by cast(${quoteName(view.eventTime)} as timestamp) desc,
      ${view.entity.map(quoteName).join(', ')}) ${part === 'newest' ? '<=' : '>'} ${window}`;

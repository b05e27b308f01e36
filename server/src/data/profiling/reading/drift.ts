import type { Column } from '@tidemill/contract';
import { quoteName } from '../../../base/sql-text.ts';
import type { DriftFigures, DriftInput } from '../figures/drift.ts';
import { inBatches } from './columns.ts';
import { asDouble, columnsOf, computeFor, inTurns, type ProfiledTable, sampledSql } from './table.ts';

export interface Categories {
  readonly values: readonly string[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export const driftRows = 100_000;
const columnsAtOnce = 16;
const mostCategories = 200;
const shownLength = 120;

const module = new URL('../figures/drift.ts', import.meta.url);

/** Numbers and times of two versions, column by column; null where one side has no values. */
export async function readDrift(
  before: ProfiledTable,
  after: ProfiledTable,
  columns: readonly Column[],
): Promise<Map<string, DriftFigures | null>> {
  const read = await inTurns(inBatches(columns, columnsAtOnce), async (batch) => {
    const [old, fresh] = [await valuesOf(before, batch), await valuesOf(after, batch)];
    const input = batch.map((_, i): DriftInput => ({ before: old[i] ?? none, after: fresh[i] ?? none }));
    const found = await computeFor<(DriftFigures | null)[]>(after, { module, name: 'describeDrift', input });
    return batch.map(({ name }, i) => [name, found[i] ?? null] as const);
  });
  return new Map(read.flat());
}

const none = new Float64Array(0);

async function valuesOf(table: ProfiledTable, columns: readonly Column[]): Promise<Float64Array[]> {
  const scale = ({ type }: Column) => (type === 'date' || type === 'timestamp' ? ' / 1000' : '');
  const expressions = columns.map((column) => `${asDouble(column)}${scale(column)}`);
  const { values } = await columnsOf(table, columns, sampledSql(expressions, table.rows, driftRows));
  return values.map((each) => (each instanceof Float64Array ? each : none));
}

/** How often each value occurs on either side, the commonest first; null when there are too many to be categories. */
export async function readCategories(
  before: ProfiledTable,
  after: ProfiledTable,
  { name }: Column,
): Promise<Categories | null> {
  const counts = (table: string) =>
    `select cast(${quoteName(name)} as varchar) as x, count(*) as n from ${table} where ${quoteName(name)} is not null group by 1`;
  const sql = `select left(coalesce(a.x, b.x), ${shownLength}) as x, coalesce(a.n, 0) as a, coalesce(b.n, 0) as b
    from (${counts('before_')}) a full join (${counts('after_')}) b on a.x = b.x
    order by greatest(coalesce(a.n, 0), coalesce(b.n, 0)) desc, 1 limit ${mostCategories + 1}`;
  const tables = { before_: before.source, after_: after.source };
  const { rows } = await after.analytics.query({ sql, tables, signal: after.signal });
  if (rows.length === 0 || rows.length > mostCategories) return null;
  return {
    values: rows.map(({ x }) => String(x)),
    before: rows.map((row) => Number(row.a)),
    after: rows.map((row) => Number(row.b)),
  };
}

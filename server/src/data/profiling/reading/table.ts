import type { Column } from '@tidemill/contract';
import type {
  Analytics,
  ColumnsReply,
  NumberColumn,
  TableSource,
} from '../../../adapters/analytics/analytics.ts';
import type { Compute, ComputeTask } from '../../../adapters/executor/executor.ts';
import { quoteName } from '../../../base/sql-text.ts';

/** A version's rows, and who reads and who computes. */
export interface ProfiledTable {
  readonly analytics: Analytics;
  readonly compute: Compute;
  readonly source: TableSource;
  readonly rows: number;
  readonly columns: readonly Column[];
  readonly signal: AbortSignal;
  /** Beyond so many rows some figures are of a sample; `exactRows` when absent. */
  readonly exactRows?: number;
}

/** Up to here a column is sorted whole; eight bytes a value, twice in a worker thread. */
const exactRows = 5_000_000;

export const exactRowsOf = (table: ProfiledTable): number => table.exactRows ?? exactRows;

/** Naming every column of a file costs more than reading some, once there are many of them. */
const wide = 100;

function sourceOf({ source, columns }: ProfiledTable, used: readonly Column[]): TableSource {
  return source.paths.length > 0 && columns.length > wide ? { ...source, columns: used } : source;
}

/** SQL on `rows_`, of which it names no other columns than these. */
export const queryTable = (table: ProfiledTable, used: readonly Column[], sql: string) =>
  table.analytics.query({ sql, tables: { rows_: sourceOf(table, used) }, signal: table.signal });

export const columnsOf = (
  table: ProfiledTable,
  used: readonly Column[],
  sql: string,
): Promise<ColumnsReply> =>
  table.analytics.columns({ sql, tables: { rows_: sourceOf(table, used) }, signal: table.signal });

/** Of each row, or of those at these places, expressions that are doubles. */
export const numbersOf = (
  table: ProfiledTable,
  used: readonly Column[],
  expressions: readonly string[],
  places: Uint32Array | null,
): Promise<readonly NumberColumn[]> =>
  table.analytics.numbers({
    sql: `select ${expressions.map((expression, i) => `${expression} as c${i}`).join(', ')} from rows_`,
    tables: { rows_: sourceOf(table, used) },
    rows: table.rows,
    signal: table.signal,
    ...(places && { places }),
  });

export const computeFor = <T>(table: ProfiledTable, task: ComputeTask): Promise<T> =>
  table.compute.compute<T>(task, { signal: table.signal });

/** A column as doubles: times as microseconds since 1970, texts by their length, null as null. */
export function asDouble({ name, type }: Column): string {
  const value = quoteName(name);
  if (type === 'boolean') return `cast(cast(${value} as integer) as double)`;
  if (type === 'date' || type === 'timestamp') return `cast(epoch_us(cast(${value} as timestamp)) as double)`;
  if (type === 'text') return `cast(length(${value}) as double)`;
  return `cast(${value} as double)`;
}

/**
 * Expressions of the rows, of all of them or of about `wanted` picked by a hash of their place: the same rows each
 * time, and not those of any rhythm in the table.
 */
export function sampledSql(expressions: readonly string[], rows: number, wanted: number): string {
  // A null costs more to read than a NaN, which it becomes anyway.
  const list = expressions
    .map((expression, i) => `coalesce(${expression}, 'nan'::double) as c${i}`)
    .join(', ');
  if (rows <= wanted) return `select ${list} from rows_`;
  const names = expressions.map((_, i) => `c${i}`).join(', ');
  const share = Math.round((wanted / rows) * 1_000_000);
  return `select ${names} from (select ${list}, row_number() over () as place from rows_) where hash(place) % 1000000 < ${share}`;
}

/** Two at a time: one is read while the other is computed. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const takeTurns = async (): Promise<void> => {
    for (const [i, item] of rest) results[i] = await work(item);
  };
  await Promise.all([takeTurns(), takeTurns()]);
  return results;
}

import type { Column, ProfileSeries, SeriesProfile } from '@tidemill/contract';
import type { SeriesInput } from '../figures/series.ts';
import { asDouble, columnsOf, computeFor, type ProfiledTable } from './table.ts';

const mostColumns = 12;
/** The latest points; the lags of the test grow with their number, and its work with both. */
const mostPoints = 20_000;

const module = new URL('../figures/series.ts', import.meta.url);

export interface TimeOrder {
  readonly column: Column;
  readonly chosen: boolean;
  /** Microseconds. */
  readonly interval: number | null;
}

/** Columns in the order of a time; rows of one moment count as their mean. */
export async function readSeries(
  table: ProfiledTable,
  order: TimeOrder,
  numbers: readonly Column[],
): Promise<ProfileSeries | null> {
  const some = numbers.slice(0, mostColumns);
  if (some.length === 0) return null;
  const means = some.map((column, i) => `avg(${finite(column)}) as c${i}`);
  const sql = `select * from (
      select ${asDouble(order.column)} / 1000 as moment, ${means.join(', ')} from rows_
      where moment is not null group by 1 order by 1 desc limit ${mostPoints + 1}) order by moment`;
  const { values, rowCount } = await columnsOf(table, [order.column, ...some], sql);
  const [times, ...rest] = values;
  if (!(times instanceof Float64Array)) return null;
  const columns = some.flatMap(({ name }, i) => {
    const found = rest[i];
    return found instanceof Float64Array ? [{ column: name, values: found.slice(-mostPoints) }] : [];
  });
  const input: SeriesInput = { times: times.slice(-mostPoints), columns };
  const described = await computeFor<SeriesProfile[]>(table, { module, name: 'describeSeries', input });
  return {
    time: order.column.name,
    chosen: order.chosen,
    interval: order.interval === null ? null : order.interval / 1000,
    approximate: rowCount > mostPoints,
    columns: described,
  };
}

const finite = (column: Column): string => {
  const value = asDouble(column);
  return column.type === 'double' ? `case when abs(${value}) < 1e150 then ${value} end` : value;
};

/** SQL aggregates over a column, each one figure. */
import type { Column, Expectation } from '@tidemill/contract';
import { quoteName } from '../../base/sql-text.ts';

/** Squares and sums of larger numbers overflow, and then DuckDB gives up the whole query. */
const summable = '1e150';

/** Null for kinds that are not judged by one aggregate. Times are milliseconds since 1970. */
export function figureSql(expectation: Expectation, type: Column['type'], where: string): string | null {
  if (expectation.kind === 'rowCount') return `count(*) filter (where ${where})`;
  if (!('column' in expectation) || expectation.column === undefined) return null;
  const name = quoteName(expectation.column);
  // NaN and infinities are values, but no mean can be told of them.
  const number =
    type === 'double' ? `case when isfinite(${name}) then ${name} end` : `cast(${name} as double)`;
  const of = (aggregate: string) => `${aggregate} filter (where ${where})`;
  const keys = of(`count(distinct ${name})`);
  const extreme = (which: 'min' | 'max') =>
    type === 'date' || type === 'timestamp'
      ? `epoch_ms(${of(`${which}(cast(${name} as timestamp))`)})`
      : of(`${which}(${number})`);
  switch (expectation.kind) {
    case 'distinctCountBetween':
      return keys;
    case 'uniqueShareBetween':
      return `${keys} / nullif(${of(`count(${name})`)}, 0)`;
    case 'freshness':
      return extreme('max');
    case 'minBetween':
      return extreme('min');
    case 'maxBetween':
      return extreme('max');
    case 'meanBetween':
      return summed('avg', number, where);
    case 'stdBetween':
      return summed('stddev_samp', number, where);
    case 'sumBetween':
      return summed('sum', number, where);
    case 'medianBetween':
      return of(`quantile_cont(${number}, 0.5)`);
    case 'quantileBetween':
      return of(`quantile_cont(${number}, ${expectation.quantile})`);
    default:
      return null;
  }
}

function summed(aggregate: string, number: string, where: string): string {
  const isSummable = `abs(${number}) < ${summable}`;
  return `case when bool_and(${isSummable}) filter (where ${where}) then ${aggregate}(${number}) filter (where (${where}) and ${isSummable}) end`;
}

/** SQL that picks the newest row of each entity of a view, as the online store keeps it. */
import type { Column, FeatureView } from '@tidemill/contract';
import { quoteName } from '../../base/sql-text.ts';
import { type KeyColumn, onlineKeySql } from './online-keys.ts';
import { packedSql } from './online-values.ts';

type NewestView = Pick<FeatureView, 'eventTime' | 'createdTime' | 'features'>;

const asTime = (name: string): string => `cast(${quoteName(name)} as timestamp)`;

/**
 * `tm__key`, `tm__event` (microseconds) and `tm__values` of each entity of `view_`, in key order, which is that of the
 * store. The newest event wins, of equal ones that created last, of those equal too the one with the greater values: as in
 * the point-in-time join at `now`. Rows without a key or a time are nobody's.
 */
export function newestValuesSql(view: NewestView, keys: readonly KeyColumn[], now: number): string {
  const names = keys.map(({ name }) => quoteName(name));
  const newest = [asTime(view.eventTime), ...(view.createdTime === null ? [] : [asTime(view.createdTime)])];
  const order = [...newest, ...view.features.map(({ name }) => quoteName(name))];
  const known = newest.map((time) => `${time} <= make_timestamp(${BigInt(Math.trunc(now)) * 1000n})`);
  const seen = [...names.map((name) => `${name} is not null`), ...known];
  return `select ${onlineKeySql(keys)} as tm__key, epoch_us(${asTime(view.eventTime)}) as tm__event,
      ${packedSql(view.features)} as tm__values
    from view_ where ${seen.join(' and ')}
    qualify row_number() over (
      partition by ${names.join(', ')} order by ${order.map((expression) => `${expression} desc nulls last`).join(', ')}) = 1
    order by tm__key`;
}

/** The lines that the online store loads. */
export const linesSql = (rows: string): string =>
  `select tm__key || chr(31) || tm__event || chr(31) || tm__values as line from (${rows})`;

/** The types of a view's key columns, as its rows have them. */
export const keyColumns = (entity: readonly string[], columns: readonly Column[]): KeyColumn[] =>
  entity.map((name) => ({ name, type: columns.find((column) => column.name === name)?.type ?? null }));

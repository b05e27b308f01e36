/** SQL that picks the newest row of each entity of a view, as the online store keeps it. */
import type { Column, FeatureView } from '@tidemill/contract';
import { quoteName } from '../../../base/sql-text.ts';
import { microsecondsSql } from './instants.ts';
import { type KeyColumn, onlineKeySql } from './keys.ts';
import { packedSql } from './values.ts';

type NewestView = Pick<FeatureView, 'eventTime' | 'createdTime' | 'features'>;

const asTime = (name: string): string => `cast(${quoteName(name)} as timestamp)`;

const instant = (ms: number): string => `make_timestamp(${BigInt(Math.trunc(ms)) * 1000n})`;
const timesOf = ({ eventTime, createdTime }: Pick<NewestView, 'eventTime' | 'createdTime'>): string[] =>
  [eventTime, ...(createdTime === null ? [] : [createdTime])].map(asTime);

/** How many rows are not known yet at `now`. */
export const pendingSql = (view: Pick<NewestView, 'eventTime' | 'createdTime'>, now: number): string =>
  `select count(*) as n from view_ where ${timesOf(view)
    .map((time) => `${time} > ${instant(now)}`)
    .join(' or ')}`;

/**
 * `tm__key`, `tm__event` (microseconds) and `tm__values` of each entity of `view_`, in key order, which is that of the
 * store. The newest event wins, of equal ones that created last, of those equal too the one with the greater values: as in
 * the point-in-time join at `now`. Rows without a key or a time are nobody's.
 */
export function newestValuesSql(view: NewestView, keys: readonly KeyColumn[], now: number): string {
  const names = keys.map(({ name }) => quoteName(name));
  const newest = timesOf(view);
  const order = [...newest, ...view.features.map(({ name }) => quoteName(name))];
  const known = newest.map((time) => `${time} <= ${instant(now)}`);
  const seen = [...names.map((name) => `${name} is not null`), ...known];
  return `select ${onlineKeySql(keys)} as tm__key, ${microsecondsSql(asTime(view.eventTime))} as tm__event,
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

/** 63 bits, which our integers hold. */
const hashSql = (column: string): string => `cast(hash(${column}) >> 1 as bigint)`;

/** What of the newest values is remembered, to tell later which have changed. */
export const seenSql = `select tm__key, tm__event, ${hashSql('tm__values')} as tm__hash from newest_`;

/** The newest values that differ from those remembered. */
export const changedSql = `select n.* from newest_ n left join seen_ s on s.tm__key = n.tm__key
  where s.tm__key is null or s.tm__event is distinct from n.tm__event or s.tm__hash is distinct from ${hashSql('n.tm__values')}
  order by n.tm__key`;

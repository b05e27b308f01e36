/** SQL of what is measured of a view's rows (`view_`): how many, how new, how empty, and some of its entities. */
import type { FeatureView } from '@tidemill/contract';
import { quoteName } from '../../../base/sql-text.ts';
import { microsecondsSql } from '../online/instants.ts';
import { type KeyColumn, onlineKeySql } from '../online/keys.ts';
import { packedSql } from '../online/values.ts';

type View = Pick<FeatureView, 'entity' | 'eventTime' | 'createdTime' | 'features'>;

const asTime = (name: string): string => `cast(${quoteName(name)} as timestamp)`;
const instant = (ms: number): string => `make_timestamp(${BigInt(Math.trunc(ms)) * 1000n})`;
const list = (names: readonly string[], side = ''): string =>
  names.map((name) => `${side}${quoteName(name)}`).join(', ');

const timesOf = ({ eventTime, createdTime }: View): string[] =>
  [eventTime, ...(createdTime === null ? [] : [createdTime])].map(asTime);

/** Rows that a look-up or a training set may see at `now`. */
export const knownSql = (view: View, now: number): string =>
  [
    ...view.entity.map((name) => `${quoteName(name)} is not null`),
    ...timesOf(view).map((time) => `${time} <= ${instant(now)}`),
  ].join(' and ');

/** One row: `rows`, `entities`, `pending`, `newest` (microseconds), and `null0`, `null1` … of the features. */
export function factsSql(view: View, now: number): string {
  const known = knownSql(view, now);
  const nulls = view.features.map(
    ({ name }, i) => `count(*) filter (${quoteName(name)} is null) as null${i}`,
  );
  const ahead = timesOf(view).map((time) => `${time} > ${instant(now)}`);
  return `with known_ as (select * from view_ where ${known})
    select count(*) as "rows", (select count(*) from (select distinct ${list(view.entity)} from known_)) as entities,
      (select count(*) from view_ where ${ahead.join(' or ')}) as pending,
      ${microsecondsSql(`max(${asTime(view.eventTime)})`)} as newest${nulls.map((each) => `, ${each}`).join('')}
    from known_`;
}

/**
 * Some entities with `tm__row`, the instant `tm__time` and the spelling `tm__key`: those of the newest events, and others
 * picked by a hash of key and seed, so that the same seed picks the same ones.
 */
export function sampleSql(
  view: View,
  keys: readonly KeyColumn[],
  { now, size, seed }: { readonly now: number; readonly size: number; readonly seed: number },
): string {
  const newest = Math.min(Math.ceil(size / 10), 20);
  const names = list(view.entity);
  return `with known_ as (
      select ${names}, max(${asTime(view.eventTime)}) as tm__newest from view_
      where ${knownSql(view, now)} group by ${names}),
    keyed_ as (select *, ${onlineKeySql(keys)} as tm__key from known_),
    ranked_ as (
      select *, row_number() over (order by tm__newest desc, tm__key) as tm__first,
        row_number() over (order by hash(tm__key || '#${seed}'), tm__key) as tm__drawn
      from keyed_)
    select row_number() over (order by tm__key) as tm__row, ${instant(now)} as tm__time, ${names}, tm__key
    from ranked_ where tm__first <= ${newest} or tm__drawn <= ${Math.max(0, size - newest)}
    order by tm__key`;
}

/** Entities of known spelling, at another instant; `$1` are the spellings. */
export const chosenSql = (view: View, keys: readonly KeyColumn[], now: number): string =>
  `with keyed_ as (
      select distinct ${list(view.entity)}, ${onlineKeySql(keys)} as tm__key from view_
      where ${view.entity.map((name) => `${quoteName(name)} is not null`).join(' and ')})
    select row_number() over (order by tm__key) as tm__row, ${instant(now)} as tm__time, ${list(view.entity)}, tm__key
    from keyed_ where list_contains($1, tm__key) order by tm__key`;

/** The rows of the sampled entities (`rows_`): few, however large the view. */
export const ofSampledSql = (view: View): string =>
  `select v.* from view_ v semi join rows_ r on ${view.entity
    .map((name) => `v.${quoteName(name)} = r.${quoteName(name)}`)
    .join(' and ')}`;

/** Columns of ours in what the join gives. */
export const answerColumns = {
  event: 'tm__event',
  served: 'tm__served',
  feature: (i: number) => `tm__f${i}`,
};

/** `tm__key`, `event` (microseconds, null where there is none), `served` likewise, and the values as the online store has them. */
export function offlineAnswerSql(view: View): string {
  const features = view.features.map(({ type }, i) => ({ name: answerColumns.feature(i), type }));
  return `select tm__key, ${microsecondsSql('cast(tm__event as timestamp)')} as "event",
      ${microsecondsSql('cast(tm__served as timestamp)')} as served, ${packedSql(features)} as packed
    from _rows order by tm__row`;
}

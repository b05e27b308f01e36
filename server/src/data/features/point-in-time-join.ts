/**
 * SQL of the point-in-time join. At time T an entity sees of a view the row with the newest event time among those
 * with event time and created time at most T (and, as of a time A, at most A); of equal event times the one created
 * last; of rows equal in that too the one with the greater values. It sees nothing if that row is older than the TTL.
 */
import type { Column, FeatureView } from '@tidemill/contract';
import { durationMs } from '../../base/duration.ts';
import { quoteName } from '../../base/sql-text.ts';

/** Columns of ours beside the user's; entities may not have them. */
export const rowColumn = 'tm__row';
export const timeColumn = 'tm__time';
export const labelColumn = 'tm__label';

const row = quoteName(rowColumn);
const time = quoteName(timeColumn);
const label = quoteName(labelColumn);

const list = (names: readonly string[], side = ''): string =>
  names.map((name) => `${side}${quoteName(name)}`).join(', ');
const equal = (names: readonly string[]): string =>
  names.map((name) => `e.${quoteName(name)} = v.${quoteName(name)}`).join(' and ');
const present = (names: readonly string[]): string =>
  names.map((name) => `${quoteName(name)} is not null`).join(' and ');
const descending = (expressions: readonly string[]): string =>
  expressions.map((expression) => `${expression} desc nulls last`).join(', ');
const asTime = (name: string): string => `cast(${quoteName(name)} as timestamp)`;
const instant = (ms: number): string => `make_timestamp(${BigInt(Math.trunc(ms)) * 1000n})`;

/** Entity rows with their number, so that none is lost, doubled or moved by what follows. Reads `entities_`. */
export const numberedEntitiesSql = (): string =>
  `select row_number() over () as ${row}, ${asTime('event_time')} as ${time}, * from entities_`;

type ViewTimes = Pick<FeatureView, 'entity' | 'eventTime' | 'createdTime'>;

/**
 * Rows of a view (`view_`) as a series per entity in which the row with the greatest `tm__known` up to T is the one seen
 * at T. A row becomes known at the later of its two times; one that then is not the newest event will never be seen.
 */
function knownRows(view: ViewTimes, features: readonly string[], asOf: number | null): string {
  const keys = list(view.entity);
  const created = view.createdTime === null ? null : asTime(view.createdTime);
  const order = descending(['tm__event', ...(created ? ['tm__created'] : []), ...features.map(quoteName)]);
  return `
    dated_ as (
      select ${keys}, ${asTime(view.eventTime)} as tm__event, ${created ?? 'null'} as tm__created, ${list(features)}
      from view_
      where tm__event is not null and ${present(view.entity)}${created ? ' and tm__created is not null' : ''}),
    visible_ as (
      select *, ${created ? 'greatest(tm__event, tm__created)' : 'tm__event'} as tm__known from dated_
      ${asOf === null ? '' : `where tm__known <= ${instant(asOf)}`}),
    single_ as (
      select * from visible_ qualify row_number() over (partition by ${keys}, tm__known order by ${order}) = 1),
    series_ as (
      select * from single_
      ${created ? `qualify tm__event >= coalesce(max(tm__event) over (partition by ${keys} order by tm__known rows between unbounded preceding and 1 preceding), tm__event)` : ''})`;
}

/** Adds the view's features to the entity rows `rows_`; the order of the reply is not that of the rows. */
export function joinViewSql(
  view: ViewTimes & Pick<FeatureView, 'ttl'>,
  features: readonly Column[],
  asOf: number | null,
): string {
  const names = features.map(({ name }) => name);
  const oldest =
    view.ttl === null
      ? ''
      : ` and v.tm__event >= e.${time} - to_microseconds(${durationMs(view.ttl) * 1_000})`;
  const columns = names.map((name) =>
    view.ttl === null
      ? `v.${quoteName(name)}`
      : `case when v.tm__event is not null${oldest} then v.${quoteName(name)} end as ${quoteName(name)}`,
  );
  return `with ${knownRows(view, names, asOf)}
    select e.*, ${columns.join(', ')} from rows_ e asof left join series_ v on ${equal(view.entity)} and e.${time} >= v.tm__known`;
}

/** The newest row of each entity in `view_`, for the online store. */
export function newestRowsSql(view: ViewTimes, features: readonly string[]): string {
  const keys = list(view.entity);
  return `with ${knownRows(view, features, null)}
    select ${keys}, epoch_ms(tm__event) as tm__event_ms, ${list(features)} from series_
    qualify row_number() over (partition by ${keys} order by ${descending(['tm__event', 'tm__created', ...features.map(quoteName)])}) = 1
    order by ${keys}`;
}

export interface LabelColumns {
  readonly keys: readonly string[];
  readonly column: string;
  readonly knownAt: string;
}

/** One label per entity and event time in `label_`: the one that became known last, until `asOf`. */
function knownLabels({ keys, column, knownAt }: LabelColumns, asOf: number | null): string {
  const until = asOf === null ? '' : ` and ${asTime(knownAt)} <= ${instant(asOf)}`;
  return `labels_ as (
    select ${list(keys)}, ${asTime('event_time')} as tm__at, ${quoteName(column)} as ${label}
    from label_
    where ${present([...keys, 'event_time', column, knownAt])}${until}
    qualify row_number() over (
      partition by ${list(keys)}, tm__at order by ${descending([asTime(knownAt), quoteName(column)])}) = 1)`;
}

/** Keeps of `rows_` those whose label is known. */
export const joinLabelSql = (columns: LabelColumns, asOf: number | null): string =>
  `with ${knownLabels(columns, asOf)}
    select e.*, v.${label} from rows_ e join labels_ v on ${equal(columns.keys)} and e.${time} = v.tm__at`;

/** How many of `rows_` have a label at all, known in time or not. */
export const countLabelledSql = (columns: LabelColumns): string =>
  `with ${knownLabels(columns, null)}
    select count(*) as n from rows_ e join labels_ v on ${equal(columns.keys)} and e.${time} = v.tm__at`;

/** The finished table, in the order of the entities. */
export function finishedRowsSql(columns: readonly string[], labelName: string | null): string {
  const last = labelName === null ? '' : `, ${label} as ${quoteName(labelName)}`;
  return `select ${list(columns)}${last} from rows_ order by ${row}`;
}

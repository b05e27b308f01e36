/** SQL that packs the events of each entity of a view (`view_`) as the online store keeps them. */
import type { FeatureView } from '@tidemill/contract';
import { quoteName } from '../../../base/sql-text.ts';
import { eventValueSql } from './event-values.ts';
import { type KeyColumn, onlineKeySql } from './keys.ts';

type EventView = Pick<FeatureView, 'eventTime' | 'createdTime' | 'inputs'>;

const asTime = (name: string): string => `cast(${quoteName(name)} as timestamp)`;
const never = '9223372036854775807';

/** What lies before 1684 is in no window, so it may as well be the earliest instant; what lies after 2255 is not looked up. */
const exact = (time: string): string => `greatest(epoch_us(${time}), ${Number.MIN_SAFE_INTEGER})`;
const isUsable = (time: string): string =>
  `isfinite(${time}) and epoch_us(${time}) <= ${Number.MAX_SAFE_INTEGER}`;

/**
 * Per entity `tm__key`, `tm__event` (microseconds), `tm__values` (when it was first known, and its events as a list),
 * `tm__count` of events, and `tm__hash` of all it ever had. Kept are events after `before`, and of each the versions that
 * may count at `now` (milliseconds) or later: superseded ones never will. Rows without a key or a time are nobody's.
 */
export function packedEventsSql(
  { eventTime, createdTime, inputs }: EventView,
  keys: readonly KeyColumn[],
  { now, before }: { readonly now: number; readonly before: number },
): string {
  const event = asTime(eventTime);
  const created = createdTime === null ? event : asTime(createdTime);
  const names = keys.map(({ name }) => quoteName(name));
  const columns = inputs.map(({ name }, i) => `${quoteName(name)} as v${i}`);
  const rows = `select ${[onlineKeySql(keys), exact(event), exact(created)].map((each, i) => `${each} as ${'kec'[i]}`).join(', ')}${columns.map((each) => `, ${each}`).join('')}
    from view_ where ${names.map((name) => `${name} is not null`).join(' and ')} and ${isUsable(event)} and ${isUsable(created)}`;
  const spelled = inputs.map(({ type }, i) => `',' || ${eventValueSql({ name: `v${i}`, type })}`);
  const text = ['e', "','", '(c - e)', ...spelled].join(' || ');
  const nowUs = `${BigInt(Math.trunc(now)) * 1000n}`;
  const versions = createdTime === null ? `select *, ${never} as until from rows_` : versionsSql(inputs);
  return `with rows_ as (${rows}),
    versions_ as (${versions}),
    spelled_ as (select k, e, c, until, ${text} as text from versions_)
    select k as tm__key,
      coalesce(max(e) filter (e <= ${nowUs}), min(e)) as tm__event,
      min(greatest(e, c)) || chr(30) || '[' ||
        coalesce(string_agg('[' || text || ']', ',' order by e, c) filter (e > ${before} and until > ${nowUs}), '') || ']' as tm__values,
      count(*) filter (e > ${before} and until > ${nowUs}) as tm__count,
      cast(sum(hash(text)) % ${never} as bigint) as tm__hash
    from spelled_ group by k order by k`;
}

/** Versions with the time at which the next one is known; of those equal in all times the greater values are the one. */
function versionsSql(inputs: EventView['inputs']): string {
  const order = ['c', ...inputs.map((_, i) => `v${i} desc nulls last`)];
  return `select *, coalesce(lead(c) over (partition by k, e order by c), ${never}) as until
    from (select * from rows_ qualify row_number() over (partition by k, e, c order by ${order.join(', ')}) = 1)`;
}

/** The lines that the online store loads. */
export const eventLinesSql = (rows: string): string =>
  `select tm__key || chr(31) || tm__event || chr(31) || tm__values as line from (${rows})`;

/** The entity of the most events, if it has more than these. */
export const crowdedSql = (most: number): string =>
  `select tm__key, tm__count from newest_ where tm__count > ${most} order by tm__count desc, tm__key limit 1`;

export const factsOfEventsSql = 'select max(tm__event) as newest from newest_';

/** What is remembered, to tell later which entities have changed. */
export const eventsSeenSql = 'select tm__key, tm__event, tm__hash from newest_';

/** Entities whose events differ from those remembered, and those that are gone. */
export const changedEventsSql = `select n.tm__key, n.tm__event, n.tm__values
  from newest_ n left join seen_ s on s.tm__key = n.tm__key
  where s.tm__key is null or s.tm__hash is distinct from n.tm__hash
  union all select s.tm__key, 0, chr(30) || '[]' from seen_ s anti join newest_ n on n.tm__key = s.tm__key`;

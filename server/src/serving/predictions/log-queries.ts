/** DuckDB's questions to the prediction log; tables `predictions` and `outcomes` are sealed and open segments together. */

/** A question as a statement; asked without the search for ids where no outcome was given by prediction id. */
export type LogQuestion = (hasIds: boolean) => string;

/**
 * The latest outcome of each unit. An outcome given by prediction id belongs to that prediction's unit, so it judges
 * every model that predicted it.
 */
const known = (hasIds: boolean): string => `known as (
  select "key", "eventTime", arg_max(value, sequence) as outcome, arg_max("observedAt", sequence) as "outcomeAt"
  from (
    select "key", "eventTime", value, "observedAt", sequence from outcomes where "predictionId" is null
    ${hasIds ? byId : ''}
  ) group by "key", "eventTime"
)`;

const byId = `union all
    select p."key", p."eventTime", o.value, o."observedAt", o.sequence
    from outcomes o join predictions p on p.id = o."predictionId"`;

/**
 * Repeating a request after its outcome is known must not improve a model: the first prediction of a unit counts.
 * An aggregate, because a window function would sort everything first.
 */
const firstOf = (value: string): string => `arg_min(${value}, ("at", id))`;

/** Requests that got an error are lines too, but nobody's prediction. */
const isAnswered = `(status is null or status not in ('failed', 'refused'))`;

/** What a list of predictions may be narrowed to: columns and their values. */
export type LogFilters = Readonly<
  Partial<Record<'model' | 'variant' | 'role' | 'source' | 'caller' | 'requestId' | 'key' | 'status', string>>
>;
/** Event time, made at and id of the last one of the page before. */
export type LogPlace = readonly [number, number, string];

const statusOf = `coalesce(status, case when source = 'fallback' then 'fallback' else 'ok' end)`;

/**
 * A page, newest event time first; what is wide is read of the page only. Only what is asked is in the text, so that the
 * reader of the files can skip by it.
 */
export function listQuestion(asked: {
  readonly from: number | null;
  readonly to: number | null;
  readonly filters: LogFilters;
  readonly after: LogPlace | null;
  readonly limit: number;
}): { question: LogQuestion; parameters: (string | number)[] } {
  const parameters: (string | number)[] = [asked.limit];
  const bound = (value: string | number): string => `$${parameters.push(value)}`;
  const conditions = ['true'];
  if (asked.from !== null) conditions.push(`"eventTime" >= ${bound(asked.from)}`);
  if (asked.to !== null) conditions.push(`"eventTime" <= ${bound(asked.to)}`);
  for (const [name, value] of Object.entries(asked.filters))
    if (value !== undefined)
      conditions.push(`${name === 'status' ? statusOf : `"${name}"`} = ${bound(value)}`);
  if (asked.after) {
    const [eventTime, at, id] = asked.after;
    const time = bound(eventTime);
    conditions.push(
      `"eventTime" <= ${time}`,
      `("eventTime", "at", id) < (${time}, ${bound(at)}, ${bound(id)})`,
    );
  }
  const question: LogQuestion = (hasIds) => `with page as materialized (
  select id, "at", "eventTime", "key" from predictions where ${conditions.join(' and ')}
  order by "eventTime" desc, "at" desc, id desc limit $1
), units as materialized (select distinct "key", "eventTime" from page),
known as (
  select "key", "eventTime", arg_max(value, sequence) as outcome, arg_max("observedAt", sequence) as "outcomeAt"
  from (
    select "key", "eventTime", value, "observedAt", sequence from outcomes semi join units using ("key", "eventTime")
    where "predictionId" is null
    ${hasIds ? `${byId} semi join units u on u."key" = p."key" and u."eventTime" = p."eventTime"` : ''}
  ) group by "key", "eventTime"
)
select p.*, k.outcome, k."outcomeAt" from predictions p semi join page using (id, "at", "eventTime")
left join known k using ("key", "eventTime")
order by p."eventTime" desc, p."at" desc, p.id desc`;
  return { question, parameters };
}

/** Of a repeated request id the latest. Parameter: id. */
export const findSql: LogQuestion = (hasIds) => `with found as (
  select * from predictions where id = $1 order by "at" desc limit 1
)
select f.*, k.outcome, k."outcomeAt" from found f left join (
  select arg_max(value, sequence) as outcome, arg_max("observedAt", sequence) as "outcomeAt"
  from outcomes o join found u on (o."predictionId" is null and o."key" = u."key" and o."eventTime" = u."eventTime")
    ${hasIds ? 'or o."predictionId" in (select p.id from predictions p join found using ("key", "eventTime"))' : ''}
) k on true`;

/** Of one prediction. Parameters: id, key, event time. */
export const outcomeSql: LogQuestion = (
  hasIds,
) => `select arg_max(value, sequence) as outcome, arg_max("observedAt", sequence) as "outcomeAt" from outcomes o
where (o."predictionId" is null and o."key" = $2 and o."eventTime" = $3)
  or ${hasIds ? `o."predictionId" = $1 or o."predictionId" in (select id from predictions where "key" = $2 and "eventTime" = $3)` : `o."predictionId" = $1`}`;

/** Parameters: role, model or null, number of units. */
export const windowSql: LogQuestion = (hasIds) => `with ${known(hasIds)}
select p.*, k.outcome, k."outcomeAt" from (
  select unnest(first) from (
    select "key", "eventTime", ${firstOf('p')} as first from predictions p
    where role = $1 and ($2 is null or model = $2) and ${isAnswered}
    group by "key", "eventTime" order by "eventTime" desc, "key" desc limit $3
  )
) p left join known k using ("key", "eventTime")
order by p."eventTime" desc, p."key" desc`;

const isCandidate = 'filter (model = $1 and list_contains($4, variant))';
const isChampion = 'filter (model = $2 and list_contains($5, variant))';

/** Parameters: candidate, champion, since (made at), names of the candidate's variants, of the champion's. */
export const pairsSql: LogQuestion = (hasIds) => `with ${known(hasIds)},
made as (
  select "key", "eventTime",
    ${firstOf('prediction')} ${isCandidate} as candidate,
    ${firstOf('prediction')} ${isChampion} as champion,
    greatest(min("at") ${isCandidate}, min("at") ${isChampion}) as "at"
  from predictions
  where "at" >= $3 and source = 'model' and prediction is not null and model in ($1, $2)
  group by "key", "eventTime"
)
select "key", "eventTime", "at", outcome,
  abs(candidate - outcome) as "candidateError", abs(champion - outcome) as "championError"
from made join known using ("key", "eventTime")
where candidate is not null and champion is not null
order by "eventTime", "key"`;

/** Answers that a model failed to give. Parameters: names of its variants, since (made at). */
export const failuresSql: LogQuestion =
  () => `select count(*) as failures, arg_min("fallbackReason", "at") as reason from predictions
where list_contains($1, variant) and "at" >= $2 and coalesce(status, '') <> 'refused'
  and ((prediction is null and output is null and "rows" is null) or (source = 'fallback' and not starts_with(coalesce("fallbackReason", ''), 'switched')))`;

const buckets = {
  day: `strftime(make_timestamp("eventTime" * 1000), '%Y-%m-%d')`,
  month: `strftime(make_timestamp("eventTime" * 1000), '%Y-%m')`,
  all: `'all'`,
} as const;

/** Parameters: from, to (inclusive). Counts every prediction, judges each unit once. */
export const performanceSql =
  (bucket: keyof typeof buckets): LogQuestion =>
  (hasIds) =>
    `with ${known(hasIds)}
select bucket, model, role, cast(sum(requests) as bigint) as count, count(prediction - outcome) as outcomes,
  avg(abs(prediction - outcome)) as mae, avg(prediction - outcome) as bias
from (
  select "key", "eventTime", ${buckets[bucket]} as bucket, model, role,
    count(*) as requests, ${firstOf('prediction')} as prediction
  from predictions where "eventTime" between $1 and $2 and ${isAnswered}
  group by all
) left join known using ("key", "eventTime")
group by bucket, model, role order by bucket, model, role`;

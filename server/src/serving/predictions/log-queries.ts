/** DuckDB's questions to the prediction log; tables `predictions` and `outcomes` are sealed and open segments together. */

/** A question as a statement; asked without the search for ids where no outcome was given by prediction id. */
export type LogQuestion = (hasIds: boolean) => string;

/**
 * The latest outcome of each unit. An outcome given by prediction id belongs to that prediction's unit, so it judges
 * every model that predicted it.
 */
const known = (hasIds: boolean): string =>
  `known as (${latest(`select "key", "eventTime", value, label, "observedAt", sequence from outcomes where "predictionId" is null
    ${hasIds ? byId : ''}`)})`;

const latestOf = 'arg_max({ value: o.value, label: o.label, seen: o."observedAt" }, o.sequence)';
const lastColumns = 'last.value as outcome, last.label as "outcomeLabel", last.seen as "outcomeAt"';

const latest = (outcomes: string): string =>
  `select "key", "eventTime", ${lastColumns} from (select "key", "eventTime", ${latestOf} as last from (${outcomes}) o group by all)`;

const byId = `union all
    select p."key", p."eventTime", o.value, o.label, o."observedAt", o.sequence
    from outcomes o join predictions p on p.id = o."predictionId"`;

/** The same of the units in a table `units` only. */
const knownOfUnits = (hasIds: boolean): string =>
  `known as (${latest(`select "key", "eventTime", value, label, "observedAt", sequence
    from outcomes semi join units using ("key", "eventTime") where "predictionId" is null
    ${hasIds ? `${byId} semi join units u on u."key" = p."key" and u."eventTime" = p."eventTime"` : ''}`)})`;

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
${knownOfUnits(hasIds)}
select p.*, k.outcome, k."outcomeLabel", k."outcomeAt" from predictions p semi join page using (id, "at", "eventTime")
left join known k using ("key", "eventTime")
order by p."eventTime" desc, p."at" desc, p.id desc`;
  return { question, parameters };
}

/** Of a repeated request id the latest. Parameter: id. */
export const findSql: LogQuestion = (hasIds) => `with found as (
  select * from predictions where id = $1 order by "at" desc limit 1
)
select f.*, k.outcome, k."outcomeLabel", k."outcomeAt" from found f left join (
  select ${lastColumns} from (select ${latestOf} as last
  from outcomes o join found u on (o."predictionId" is null and o."key" = u."key" and o."eventTime" = u."eventTime")
    ${hasIds ? 'or o."predictionId" in (select p.id from predictions p join found using ("key", "eventTime"))' : ''})
) k on true`;

/** Of one prediction. Parameters: id, key, event time. */
export const outcomeSql: LogQuestion = (
  hasIds,
) => `select ${lastColumns} from (select ${latestOf} as last from outcomes o
where (o."predictionId" is null and o."key" = $2 and o."eventTime" = $3)
  or ${hasIds ? `o."predictionId" = $1 or o."predictionId" in (select id from predictions where "key" = $2 and "eventTime" = $3)` : `o."predictionId" = $1`})`;

/** Parameters: role, model or null, number of units. */
export const windowSql: LogQuestion = (hasIds) => `with ${known(hasIds)}
select p.*, k.outcome, k."outcomeLabel", k."outcomeAt" from (
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
where candidate is not null and champion is not null and outcome is not null
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

/** Of a class: what was right, how likely it was said to be, and the squares of all that was said. */
const actual = `coalesce("outcomeLabel", case when outcome = trunc(outcome) then cast(try_cast(outcome as bigint) as varchar) else cast(outcome as varchar) end)`;
const isProbability = 'outcome in (0, 1) and prediction between 0 and 1';
const sureOf = 'greatest(right_p, 1e-15)';

/**
 * Counts every prediction, judges each unit once. A number is judged as a number; where all outcomes are 0 or 1 and all numbers
 * lie between, as a probability too. Parameters: from, to (inclusive).
 */
export const performanceSql =
  (bucket: keyof typeof buckets): LogQuestion =>
  (hasIds) =>
    `with ${known(hasIds)},
units as (
  select "key", "eventTime", ${buckets[bucket]} as bucket, model, role, count(*) as requests,
    ${firstOf('{ value: prediction, label: label, probabilities: probabilities }')}
      filter (prediction is not null or label is not null) as first
  from predictions where "eventTime" between $1 and $2 and ${isAnswered}
  group by all
),
judged as (
  select bucket, model, role, requests, first.value as prediction, first.label as label, outcome, ${actual} as actual,
    try_cast(try_cast(first.probabilities as json) as map(varchar, double)) as said
  from units left join known using ("key", "eventTime")
),
classes as (
  select *, case when said is not null then coalesce(said[actual], 0) else if(outcome = 1, prediction, 1 - prediction) end as right_p,
    case when said is not null then list_sum(list_transform(map_values(said), lambda p: p * p)) end as squares
  from judged
)
select bucket, model, role, cast(sum(requests) as bigint) as count,
  count(*) filter (actual is not null and (prediction is not null or label is not null)) as outcomes,
  avg(abs(prediction - outcome)) as mae, avg(prediction - outcome) as bias,
  case when count(label) > 0 then avg(cast(label = actual as integer)) filter (label is not null)
    when bool_and(${isProbability}) filter (prediction - outcome is not null)
    then avg(cast((prediction >= 0.5) = (outcome = 1) as integer)) end as accuracy,
  case when count(said) > 0 then avg(-ln(${sureOf})) filter (said is not null and actual is not null)
    when bool_and(${isProbability}) filter (prediction - outcome is not null) then avg(-ln(${sureOf})) filter (prediction - outcome is not null) end as "logLoss",
  case when count(said) > 0 then avg(squares - 2 * right_p + 1) filter (said is not null and actual is not null)
    when bool_and(${isProbability}) filter (prediction - outcome is not null) then avg((prediction - outcome) ** 2) end as brier
from classes group by bucket, model, role order by bucket, model, role`;

/**
 * Whether there is a prediction for each outcome, and what was known of its unit. Parameters, parallel lists: number, prediction id or '',
 * else key and event time. One that is for no prediction and of which nothing is known gives no row.
 */
export const beforeSql: LogQuestion = (hasIds) => `with asked as materialized (
  select unnest($1::bigint[]) as n, unnest($2::varchar[]) as id, unnest($3::varchar[]) as "key", unnest($4::bigint[]) as "eventTime"
), named as materialized (
  select a.n, p."key", p."eventTime", true as matched from predictions p join asked a on p.id = a.id where a.id <> ''
  union all select n, "key", "eventTime", false from asked where id = ''
), units as materialized (select distinct "key", "eventTime" from named),
there as (select distinct "key", "eventTime", true as predicted from predictions semi join units using ("key", "eventTime")),
${knownOfUnits(hasIds)}
select n, any_value("key") as "key", any_value("eventTime") as "eventTime", bool_or(matched or coalesce(predicted, false)) as matched,
  any_value(outcome) as outcome, any_value("outcomeLabel") as "outcomeLabel", any_value("outcomeAt") as "outcomeAt"
from named left join there using ("key", "eventTime") left join known using ("key", "eventTime") group by n`;

/** Who asked, and what answered. Parameter: since (made at). */
export const usageSql: LogQuestion = () => `select caller, model,
  cast(count(distinct coalesce("requestId", regexp_replace(id, '-[0-9]+$', ''))) as bigint) as requests,
  cast(coalesce(sum(coalesce(rows, 1)) filter (${isAnswered}), 0) as bigint) as predictions,
  coalesce(avg(cast(contains(coalesce(warnings, ''), 'the training ') as integer)) filter (${isAnswered}), 0) as "outsideShare",
  coalesce(avg(cast(source = 'fallback' as integer)) filter (${isAnswered}), 0) as "fallbackShare",
  count(*) filter (not ${isAnswered}) as failed, max("at") as "lastAt"
from predictions where role = 'live' and "at" >= $1 group by caller, model order by predictions desc, caller, model limit 1000`;

const moment = (column: string): string => `make_timestamp("${column}" * 1000) as "${column}"`;

/** What a user's SQL reads as `endpoint:NAME`. */
export const logTableSql = `select id, ${moment('at')}, ${moment('eventTime')}, "key", revision, variant, model, role, source,
  ${statusOf} as status, caller, "requestId", prediction, label, output, features, warnings, error, "fallbackReason", "fallbackStep",
  coalesce(rows, 1) as rows, "queueMs", "featureMs", "inferenceMs", "totalMs" from predictions`;

/** And as `outcomes:NAME`: the latest of each unit, joined by `using ("key", "eventTime")`. */
export const outcomesTableSql: LogQuestion = (hasIds) => `with ${known(hasIds)}
select "key", ${moment('eventTime')}, outcome, "outcomeLabel", ${moment('outcomeAt')} from known`;

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

/** Repeating a request after its outcome is known must not improve a model: the first prediction of a unit counts. */
const isFirst = (unit: string): string => `row_number() over (partition by ${unit} order by "at", id) = 1`;

/** Parameters: from, to (inclusive), model or null, limit. */
export const listSql: LogQuestion = (hasIds) => `with ${known(hasIds)}
select p.*, k.outcome, k."outcomeAt" from (
  select * from predictions
  where "eventTime" between $1 and $2 and ($3 is null or model = $3)
  order by "eventTime" desc, "at" desc, id desc limit $4
) p left join known k using ("key", "eventTime")
order by p."eventTime" desc, p."at" desc, p.id desc`;

/** Parameters: role, model or null, number of units. */
export const windowSql: LogQuestion = (hasIds) => `with ${known(hasIds)}
select p.*, k.outcome, k."outcomeAt" from (
  select * from predictions where role = $1 and ($2 is null or model = $2)
  qualify ${isFirst('"key", "eventTime"')}
  order by "eventTime" desc, "key" desc limit $3
) p left join known k using ("key", "eventTime")
order by p."eventTime" desc, p."key" desc`;

/** Parameters: candidate, champion, since (made at), names of the candidate's variants, of the champion's. */
export const pairsSql: LogQuestion = (hasIds) => `with ${known(hasIds)},
made as (
  select "key", "eventTime", "at", prediction, list_contains($4, variant) as "isCandidate" from predictions
  where "at" >= $3 and source = 'model' and prediction is not null
    and (model = $1 and list_contains($4, variant) or model = $2 and list_contains($5, variant))
  qualify ${isFirst('"key", "eventTime", "isCandidate"')}
)
select "key", "eventTime", greatest(c."at", h."at") as "at", outcome,
  abs(c.prediction - outcome) as "candidateError", abs(h.prediction - outcome) as "championError"
from (select * from made where "isCandidate") c
join (select * from made where not "isCandidate") h using ("key", "eventTime")
join known using ("key", "eventTime")
order by "eventTime", "key"`;

/** Answers that a model failed to give. Parameters: names of its variants, since (made at). */
export const failuresSql: LogQuestion =
  () => `select count(*) as failures, arg_min("fallbackReason", "at") as reason from predictions
where list_contains($1, variant) and "at" >= $2
  and (prediction is null or (source = 'fallback' and not starts_with(coalesce("fallbackReason", ''), 'switched')))`;

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
select bucket, model, role, count(*) as count, count(error) as outcomes,
  avg(abs(error)) as mae, avg(error) as bias
from (
  select ${buckets[bucket]} as bucket, model, role,
    case when ${isFirst('"key", "eventTime", model, role')} then prediction - outcome end as error
  from predictions p left join known using ("key", "eventTime")
  where "eventTime" between $1 and $2
) group by bucket, model, role order by bucket, model, role`;

import { type Static, type TProperties, Type } from 'typebox';
import {
  byName,
  byVersion,
  ColumnType,
  integer,
  literals,
  Name,
  nullable,
  page,
  pageQuery,
  Row,
  strict,
  Timestamp,
  Version,
} from './common.ts';
import { TableFormat, ValidationStatus } from './datasets.ts';
import { endpoints } from './endpoint.ts';

const column = Type.String({ minLength: 1, maxLength: 1000 });
const columns = Type.Array(column, { minItems: 1, maxItems: 5000 });
const optional = Type.Optional;

const everyKind = {
  /** Why it is expected; shown beside what was found. */
  description: optional(Type.String({ maxLength: 1000 })),
  /** `error` (the default) refuses the version, `warn` marks it. */
  severity: optional(literals('error', 'warn')),
};
const ofSomeRows = {
  ...everyKind,
  /** Only rows for which this SQL condition holds are looked at. */
  where: optional(Type.String({ minLength: 1, maxLength: 4000 })),
};
const ofEachRow = {
  ...ofSomeRows,
  /** The share of rows, 0 to 1, that must be as expected. Default 1. */
  mostly: optional(Type.Number({ minimum: 0, maximum: 1 })),
};
/** Texts are ISO 8601 dates and times for columns of those types. */
const bound = Type.Union([Type.Number(), Type.String({ maxLength: 1000 })]);
const range = {
  min: optional(bound),
  max: optional(bound),
  /** Whether the bound itself is already outside. */
  strictMin: optional(Type.Boolean()),
  strictMax: optional(Type.Boolean()),
};
const values = Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
  minItems: 1,
  maxItems: 10_000,
});
const pattern = Type.String({ minLength: 1, maxLength: 2000, description: 'RE2; it may match any part' });
const order = { column, groupBy: optional(columns), strictly: optional(Type.Boolean()), ...ofEachRow };

const kind = <const K extends string, T extends TProperties>(name: K, properties: T) =>
  strict({ kind: Type.Literal(name), ...properties });

/** What can be expected of a dataset, by kind; missing values count only for `notNull`. */
export const expectationKinds = {
  notNull: kind('notNull', { column, ...ofEachRow }),
  /** No value, or combination of values, stands in two rows. */
  unique: kind('unique', { column: optional(column), columns: optional(columns), ...ofEachRow }),
  between: kind('between', { column, ...range, ...ofEachRow }),
  inSet: kind('inSet', { column, values, ...ofEachRow }),
  notInSet: kind('notInSet', { column, values, ...ofEachRow }),
  matchesRegex: kind('matchesRegex', { column, pattern, ...ofEachRow }),
  notMatchesRegex: kind('notMatchesRegex', { column, pattern, ...ofEachRow }),
  /** In characters. */
  lengthBetween: kind('lengthBetween', {
    column,
    min: optional(integer({ minimum: 0 })),
    max: optional(integer({ minimum: 0 })),
    ...ofEachRow,
  }),
  /** By a strptime format, or as ISO 8601. */
  dateParseable: kind('dateParseable', {
    column,
    format: optional(Type.String({ minLength: 1, maxLength: 100 })),
    ...ofEachRow,
  }),
  /** In row order; with `groupBy` within each group. */
  increasing: kind('increasing', order),
  decreasing: kind('decreasing', order),
  /** Two columns of one row: `high >= low`. */
  pair: kind('pair', {
    column,
    operator: literals('>', '>=', '=', '!=', '<=', '<'),
    other: column,
    ...ofEachRow,
  }),
  ofType: kind('ofType', { column, type: ColumnType, ...everyKind }),
  columnSet: kind('columnSet', {
    columns,
    /** `exactly` in any order (the default), `ordered` exactly in this order, `contains` at least these. */
    match: optional(literals('exactly', 'ordered', 'contains')),
    ...everyKind,
  }),
  rowCount: kind('rowCount', {
    min: optional(integer({ minimum: 0 })),
    max: optional(integer({ minimum: 0 })),
    /** How far the count may lie from that of the version before: 0.2 for 20 %. */
    maxChange: optional(Type.Number({ minimum: 0 })),
    ...ofSomeRows,
  }),
  /** The newest value of a date or timestamp column. */
  freshness: kind('freshness', { column, maxAgeHours: Type.Number({ exclusiveMinimum: 0 }), ...ofSomeRows }),
  meanBetween: kind('meanBetween', { column, ...range, ...ofSomeRows }),
  medianBetween: kind('medianBetween', { column, ...range, ...ofSomeRows }),
  /** Of the sample, divided by n - 1. */
  stdBetween: kind('stdBetween', { column, ...range, ...ofSomeRows }),
  sumBetween: kind('sumBetween', { column, ...range, ...ofSomeRows }),
  minBetween: kind('minBetween', { column, ...range, ...ofSomeRows }),
  maxBetween: kind('maxBetween', { column, ...range, ...ofSomeRows }),
  quantileBetween: kind('quantileBetween', {
    column,
    quantile: Type.Number({ minimum: 0, maximum: 1 }),
    ...range,
    ...ofSomeRows,
  }),
  distinctCountBetween: kind('distinctCountBetween', { column, ...range, ...ofSomeRows }),
  /** Distinct values for each value present, 0 to 1. */
  uniqueShareBetween: kind('uniqueShareBetween', { column, ...range, ...ofSomeRows }),
  /** Distributed as in another version: `previous`, `3`, a tag, or `name@3` of another dataset. */
  distribution: kind('distribution', {
    column,
    version: Type.String({ minLength: 1, maxLength: 300 }),
    method: optional(literals('psi', 'ks', 'js', 'chiSquare')),
    threshold: optional(Type.Number({ exclusiveMinimum: 0 })),
    /** Chance that rows of the same distribution fail. Default 0.01. */
    alpha: optional(Type.Number({ exclusiveMinimum: 0, maximum: 0.5 })),
    ...everyKind,
  }),
  /** A select over the dataset's name; each row it returns is a violation. */
  sql: kind('sql', {
    sql: Type.String({ minLength: 1, maxLength: 20_000 }),
    mostly: optional(Type.Number({ minimum: 0, maximum: 1 })),
    ...everyKind,
  }),
} as const;

type Kinds = typeof expectationKinds;
export type ExpectationKind = keyof Kinds;
export type ExpectationOf<K extends ExpectationKind> = Static<Kinds[K]>;
export type Expectation = { [K in ExpectationKind]: ExpectationOf<K> }[ExpectationKind];

/** Loose here: which fields a kind takes is judged by the service, whose error names the expectation. */
export const Expectation = Type.Unsafe<Expectation>(
  Type.Object(
    { kind: Type.String() },
    {
      additionalProperties: true,
      description: `one of ${Object.keys(expectationKinds).join(', ')}, with the fields of its kind`,
    },
  ),
);
/** More would not be read by anyone. */
export const mostExpectations = 500;
export const Expectations = Type.Array(Expectation, { maxItems: mostExpectations });

export const ExpectationList = Type.Object({
  dataset: Type.String(),
  /** Grows with each change; 0 where none were ever set. */
  revision: Type.Integer(),
  expectations: Type.Array(Expectation),
  /** Each in words, in the same order. */
  titles: Type.Array(Type.String()),
  createdAt: nullable(Timestamp),
  createdBy: nullable(Type.String()),
});
export type ExpectationList = Static<typeof ExpectationList>;

export const ExpectationOutcome = Type.Object({
  index: Type.Integer(),
  kind: Type.String(),
  title: Type.String(),
  severity: literals('error', 'warn'),
  passed: Type.Boolean(),
  /** What was found of the whole column or table, where one figure says it. */
  observed: nullable(Type.Union([Type.Number(), Type.String()])),
  /** Why it failed or could not be judged, where figures do not say it. */
  reason: nullable(Type.String()),
  /** Rows it was held against, of which so many are not as expected; null where it is not judged by rows. */
  rows: nullable(Type.Integer()),
  unexpected: nullable(Type.Integer()),
  share: nullable(Type.Number()),
  /** The first of those rows; `row` counts from 1 and is null for rows of a query. */
  sample: Type.Array(Type.Object({ row: nullable(Type.Integer()), values: Row })),
});
export type ExpectationOutcome = Static<typeof ExpectationOutcome>;

const summary = {
  id: Type.String(),
  dataset: Type.String(),
  /** Null where the rows did not become a version. */
  version: nullable(Type.Integer()),
  /** `commit`, `request` for one asked for later, `file` for rows that were only looked at. */
  cause: literals('commit', 'request', 'file'),
  status: ValidationStatus,
  revision: Type.Integer(),
  rows: Type.Integer(),
  passed: Type.Integer(),
  warned: Type.Integer(),
  failed: Type.Integer(),
  durationMs: Type.Integer(),
  createdAt: Timestamp,
  createdBy: Type.String(),
};
export const ValidationSummary = Type.Object(summary);
export type ValidationSummary = Static<typeof ValidationSummary>;
export const ValidationResult = Type.Object({ ...summary, outcomes: Type.Array(ExpectationOutcome) });
export type ValidationResult = Static<typeof ValidationResult>;

export const SuggestedExpectations = Type.Object({
  reference: Type.String(),
  expectations: Type.Array(Expectation),
  titles: Type.Array(Type.String()),
});
export type SuggestedExpectations = Static<typeof SuggestedExpectations>;

export const validationEndpoints = endpoints({
  getExpectations: {
    method: 'GET',
    path: '/api/v1/datasets/:name/expectations',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'What is expected of a dataset, by the newest revision or an older one',
    params: byName,
    query: strict({ revision: Type.Optional(integer({ minimum: 1 })) }),
    reply: ExpectationList,
  },
  putExpectations: {
    method: 'PUT',
    path: '/api/v1/datasets/:name/expectations',
    permission: 'write',
    resource: 'dataset:{name}',
    summary: 'Set what is expected of a dataset; an equal list changes nothing, an empty one ends validation',
    params: byName,
    body: strict({ expectations: Expectations }),
    reply: Type.Intersect([ExpectationList, Type.Object({ unchanged: Type.Boolean() })]),
  },
  suggest: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/suggested-expectations',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'Expectations that a version fulfils, read from its rows',
    params: byVersion,
    reply: SuggestedExpectations,
  },
  validate: {
    method: 'POST',
    path: '/api/v1/datasets/:name/versions/:version/validations',
    permission: 'write',
    resource: 'dataset:{name}',
    summary: "Hold a dataset's expectations against a version; the result is kept and marks the version",
    params: byVersion,
    reply: ValidationResult,
    status: 201,
  },
  validateFile: {
    method: 'POST',
    path: '/api/v1/datasets/:name/validate-file',
    permission: 'write',
    resource: 'dataset:{name}',
    summary: "Hold a dataset's expectations against a file; nothing is kept",
    params: byName,
    query: strict({
      format: TableFormat,
      mapping: Type.Optional(Type.String({ maxLength: 4000 })),
      dateFormat: Type.Optional(Type.String({ maxLength: 4000 })),
    }),
    upload: true,
    reply: ValidationResult,
  },
  list: {
    method: 'GET',
    path: '/api/v1/datasets/:name/validations',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'Validation results of a dataset, newest first, refused commits among them',
    params: byName,
    query: strict({ version: Type.Optional(Version), ...pageQuery }),
    reply: page(ValidationSummary),
  },
  get: {
    method: 'GET',
    path: '/api/v1/datasets/:name/validations/:id',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'One validation result: each expectation with what was found and sample rows',
    params: strict({ name: Name, id: Type.String({ minLength: 1, maxLength: 128 }) }),
    reply: ValidationResult,
  },
});

import { type Static, Type } from 'typebox';
import {
  byId,
  byModel,
  byModelVersion,
  literals,
  Name,
  nullable,
  page,
  pageQuery,
  Row,
  strict,
  Timestamp,
} from './common.ts';
import { endpoints } from './endpoint.ts';

const CaseName = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\p{Cc}]+$' });
const Cel = Type.String({ minLength: 1, maxLength: 2000 });
const Rows = Type.Array(Row, { minItems: 1, maxItems: 1000 });
const Tolerance = Type.Number({ minimum: 0, maximum: 1e12 });

/** Feature code on rows that are brought along, beside what it must make of them. */
export const FeatureCase = strict({
  name: CaseName,
  service: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'pricing@2' })),
  view: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'price_stats@2' })),
  row: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'keys, fields of the request and features of views: what features on demand read',
    }),
  ),
  given: Type.Optional(
    Type.Record(Type.String(), Type.Array(Row, { maxItems: 1000 }), {
      description: 'rows of the datasets that the SQL reads: { prices: [{ symbol, date, close }] }',
    }),
  ),
  entities: Type.Optional(
    Type.Array(Row, {
      minItems: 1,
      maxItems: 1000,
      description: 'keys, event_time and fields of the request; without them a view is run as it is',
    }),
  ),
  expect: Type.Array(Row, {
    minItems: 1,
    maxItems: 1000,
    description: 'columns that are left out may be anything',
  }),
  tolerance: Type.Optional(Tolerance),
});
export type FeatureCase = Static<typeof FeatureCase>;

/** What must be true of the model's answers, whatever its metrics are. */
export const AcceptanceCase = strict({
  name: CaseName,
  kind: literals('invariance', 'directional', 'must-hold'),
  rows: Type.Optional(Rows),
  dataset: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 300,
      description: 'instead of rows; default what it learned from',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 10_000, description: 'first rows of the dataset; default 1000' }),
  ),
  where: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2000,
      description: 'CEL over a row: only those for which it is true',
    }),
  ),
  change: Type.Optional(
    Type.Record(Type.String(), Cel, {
      maxProperties: 20,
      description: 'input -> CEL over the row: { close: "close * 1.05" }',
    }),
  ),
  expect: Type.Optional(
    Type.Unsafe<'increase' | 'decrease' | 'not-increase' | 'not-decrease'>(
      Type.Enum(['increase', 'decrease', 'not-increase', 'not-decrease'], {
        description: 'what the change does to the prediction; of a directional case',
      }),
    ),
  ),
  holds: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2000,
      description: 'CEL over the row and its prediction; of a must-hold case',
    }),
  ),
  tolerance: Type.Optional(Tolerance),
  share: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'of the rows for which it must be true; default 1, all of them',
    }),
  ),
});
export type AcceptanceCase = Static<typeof AcceptanceCase>;

export const ModelTestCases = Type.Object(
  {
    features: Type.Optional(Type.Array(FeatureCase, { maxItems: 100 })),
    acceptance: Type.Optional(Type.Array(AcceptanceCase, { maxItems: 100 })),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type ModelTestCases = Static<typeof ModelTestCases>;

export const DeclaredTestCases = Type.Object({
  model: Type.String(),
  features: Type.Array(FeatureCase),
  acceptance: Type.Array(AcceptanceCase),
  updatedAt: Timestamp,
});
export type DeclaredTestCases = Static<typeof DeclaredTestCases>;

export const testScopes = ['unit', 'integration', 'system', 'acceptance'] as const;
export const TestScope = literals(...testScopes);
export type TestScope = Static<typeof TestScope>;

export const TestCheck = Type.Object({
  name: Type.String(),
  outcome: literals('passed', 'failed', 'skipped'),
  message: Type.String(),
  numbers: Type.Record(Type.String(), Type.Number()),
  rows: Type.Array(Row, { description: 'the first that failed' }),
});
export type TestCheck = Static<typeof TestCheck>;

export const ScopeResult = Type.Object({
  scope: TestScope,
  outcome: Type.Unsafe<'waiting' | 'running' | 'passed' | 'failed' | 'skipped'>(
    Type.Enum(['waiting', 'running', 'passed', 'failed', 'skipped'], {
      description: 'passed: something was tested and nothing failed; skipped: there was nothing to test',
    }),
  ),
  checks: Type.Array(TestCheck),
  milliseconds: nullable(Type.Number()),
});
export type ScopeResult = Static<typeof ScopeResult>;

export const ModelTest = Type.Object({
  id: Type.String(),
  model: Type.String({ description: 'forecaster@7' }),
  state: Type.Unsafe<'queued' | 'running' | 'passed' | 'failed' | 'error' | 'cancelled'>(
    Type.Enum(['queued', 'running', 'passed', 'failed', 'error', 'cancelled'], {
      description: 'passed: no scope failed; error: it could not be carried out',
    }),
  ),
  scopes: Type.Array(ScopeResult),
  error: nullable(Type.String()),
  createdAt: Timestamp,
  createdBy: Type.String(),
  finishedAt: nullable(Timestamp),
});
export type ModelTest = Static<typeof ModelTest>;

export const CiStatus = literals('running', 'passed', 'failed');
const Commit = Type.String({
  pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$',
  description: 'the whole hash, in lower case',
});
export const CiRecord = Type.Object({
  commit: Type.String(),
  name: Type.String({ description: 'which pipeline: of several, each must be green' }),
  status: CiStatus,
  url: nullable(Type.String()),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type CiRecord = Static<typeof CiRecord>;

export const modelTestsEndpoints = endpoints({
  putCases: {
    method: 'PUT',
    path: '/api/v1/models/:name/test-cases',
    permission: 'approve',
    resource: 'model:{name}',
    summary: 'Declare the cases that versions of a model are tested with',
    params: byModel,
    body: ModelTestCases,
    reply: DeclaredTestCases,
  },
  getCases: {
    method: 'GET',
    path: '/api/v1/models/:name/test-cases',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'The cases that versions of a model are tested with',
    params: byModel,
    reply: DeclaredTestCases,
  },
  start: {
    method: 'POST',
    path: '/api/v1/models/:name/versions/:version/tests',
    permission: 'write',
    summary: 'Test a version: feature code, training path, endpoint against offline, acceptance cases',
    params: byModelVersion,
    body: strict({ scopes: Type.Optional(Type.Array(TestScope, { minItems: 1, maxItems: 4 })) }),
    reply: ModelTest,
    status: 202,
  },
  list: {
    method: 'GET',
    path: '/api/v1/models/:name/versions/:version/tests',
    permission: 'read',
    resource: 'model:{name}',
    summary: 'Tests of a version, newest first',
    params: byModelVersion,
    query: strict(pageQuery),
    reply: page(ModelTest),
  },
  get: {
    method: 'GET',
    path: '/api/v1/model-tests/:id',
    permission: 'read',
    summary: 'One test of a version, also while it runs',
    params: byId,
    reply: ModelTest,
  },
  cancel: {
    method: 'POST',
    path: '/api/v1/model-tests/:id/cancel',
    permission: 'write',
    summary: 'Cancel a test that has not ended',
    params: byId,
    reply: ModelTest,
  },
});

export const ciEndpoints = endpoints({
  record: {
    method: 'POST',
    path: '/api/v1/ci',
    permission: 'write',
    summary: 'Record what a CI pipeline says of a commit',
    body: strict({
      commit: Commit,
      status: CiStatus,
      name: Type.Optional(Name),
      url: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 2000 })),
    }),
    reply: CiRecord,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/ci',
    permission: 'read',
    summary: 'What CI pipelines said of commits, newest first',
    query: strict({ ...pageQuery, commit: Type.Optional(Commit) }),
    reply: page(CiRecord),
  },
});

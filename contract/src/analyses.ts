import { type Static, Type } from 'typebox';
import {
  byName,
  Column,
  Done,
  integer,
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

const Sql = Type.String({
  minLength: 1,
  maxLength: 100_000,
  description: 'one SELECT; `prices` reads the latest version, `"prices@3"` that one',
});
const Bindings = Type.Record(Name, Type.String({ minLength: 1, maxLength: 300 }), {
  description: 'versions for names without one: {"prices": "3"}',
});

/** What a select gave, and what it read. */
export const QueryResult = Type.Object({
  columns: Type.Array(Column),
  rows: Type.Array(Row),
  truncated: Type.Boolean({ description: 'more rows were there than `limit`' }),
  milliseconds: Type.Number(),
  versions: Type.Array(Type.String(), { description: 'what it read: prices@3' }),
  bindings: Type.Record(Type.String(), Type.String(), {
    description: 'the versions that names without one stood for',
  }),
  digest: Type.String({ description: 'sha256 of columns and rows in order' }),
});
export type QueryResult = Static<typeof QueryResult>;

/** How a table is drawn: one x, some y, perhaps a series per value of a third column. */
export const AnalysisChart = strict({
  kind: literals('line', 'bar', 'scatter'),
  x: Type.String({ minLength: 1, maxLength: 10_000 }),
  y: Type.Array(Type.String({ minLength: 1, maxLength: 10_000 }), { minItems: 1, maxItems: 20 }),
  series: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
});
export type AnalysisChart = Static<typeof AnalysisChart>;

export const Analysis = Type.Object({
  name: Type.String(),
  uri: Type.String({ description: 'analysis:monthly' }),
  description: Type.String(),
  sql: Type.String(),
  bindings: Type.Record(Type.String(), Type.String()),
  versions: Type.Array(Type.String()),
  chart: nullable(AnalysisChart),
  limit: Type.Integer(),
  columns: Type.Array(Column),
  rows: Type.Integer({ description: 'that the result had, at most `limit`' }),
  digest: Type.String(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  updatedBy: Type.String(),
});
export type Analysis = Static<typeof Analysis>;

export const AnalysisRun = Type.Object({
  analysis: Analysis,
  result: QueryResult,
  verdict: literals('equal', 'equal rows in another order', 'different', 'newer data'),
});
export type AnalysisRun = Static<typeof AnalysisRun>;

const limit = Type.Optional(integer({ minimum: 1, maximum: 10_000, description: 'rows, default 1,000' }));

export const analysesEndpoints = endpoints({
  query: {
    method: 'POST',
    path: '/api/v1/sql/search',
    permission: 'read',
    summary:
      'One SELECT over versions of datasets, sealed off from files and network, with limits of rows, time and memory',
    body: strict({
      sql: Sql,
      bindings: Type.Optional(Bindings),
      limit,
      timeoutSeconds: Type.Optional(integer({ minimum: 1, maximum: 600, description: 'default 60' })),
    }),
    reply: QueryResult,
  },
  put: {
    method: 'PUT',
    path: '/api/v1/analyses/:name',
    permission: 'write',
    summary: 'Keep a query with the versions it reads now and its chart, under a name',
    params: byName,
    body: strict({
      sql: Sql,
      bindings: Type.Optional(Bindings),
      limit,
      description: Type.Optional(Type.String({ maxLength: 2000 })),
      chart: Type.Optional(nullable(AnalysisChart)),
    }),
    reply: AnalysisRun,
  },
  list: {
    method: 'GET',
    path: '/api/v1/analyses',
    permission: 'read',
    summary: 'List analyses by name',
    query: strict(pageQuery),
    reply: page(Analysis),
  },
  get: {
    method: 'GET',
    path: '/api/v1/analyses/:name',
    permission: 'read',
    summary: 'Get an analysis',
    params: byName,
    reply: Analysis,
  },
  run: {
    method: 'POST',
    path: '/api/v1/analyses/:name/search',
    permission: 'read',
    summary:
      'Run an analysis again on the versions it was kept with and say whether the result is equal, or with latest=true on those of today',
    params: byName,
    body: strict({ latest: Type.Optional(Type.Boolean()) }),
    reply: AnalysisRun,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/analyses/:name',
    permission: 'write',
    summary: 'Delete an analysis',
    params: byName,
    reply: Done,
  },
});

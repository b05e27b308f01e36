import { type Static, Type } from 'typebox';
import {
  byName,
  byVersion,
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

export const TableFormat = literals('csv', 'parquet', 'json', 'ndjson');
export type TableFormat = Static<typeof TableFormat>;

/** What a version's expectations said last; `none` where there were none to hold against it. */
export const ValidationStatus = literals('passed', 'warned', 'failed', 'none');
export type ValidationStatus = Static<typeof ValidationStatus>;

export const DatasetVersion = Type.Object({
  dataset: Type.String(),
  version: Type.Integer(),
  reference: Type.String({ description: 'prices@3' }),
  uri: Type.String({ description: 'dataset:prices@3' }),
  digest: Type.String({ description: 'sha256 of the manifest: schema and chunk digests in order' }),
  rows: Type.Integer(),
  bytes: Type.Integer({ description: 'of the files its rows lie in, each counted once' }),
  storedBytes: nullable(
    Type.Integer({
      description: 'what this commit added to them; null for versions from before it was counted',
    }),
  ),
  chunks: Type.Integer(),
  columns: Type.Array(Column),
  parent: nullable(Type.Integer()),
  message: Type.String(),
  tags: Type.Array(Type.String()),
  validation: ValidationStatus,
  provenance: Type.Object({
    kind: Type.String(),
    inputs: Type.Array(Type.String()),
    detail: Type.Record(Type.String(), Type.Unknown()),
  }),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type DatasetVersion = Static<typeof DatasetVersion>;

export const Dataset = Type.Object({
  name: Type.String(),
  description: Type.String(),
  latestVersion: Type.Integer(),
  rows: Type.Integer(),
  bytes: Type.Integer(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Dataset = Static<typeof Dataset>;

export const DatasetDiff = Type.Object({
  from: Type.String(),
  to: Type.String(),
  key: Type.Array(Type.String()),
  rowsBefore: Type.Integer(),
  rowsAfter: Type.Integer(),
  columnsAdded: Type.Array(Type.String()),
  columnsRemoved: Type.Array(Type.String()),
  columnsRetyped: Type.Array(
    Type.Object({ name: Type.String(), before: Type.String(), after: Type.String() }),
  ),
  added: Type.Integer(),
  removed: Type.Integer(),
  changed: Type.Integer(),
  sample: Type.Object({
    added: Type.Array(Row),
    removed: Type.Array(Row),
    changed: Type.Array(Type.Object({ key: Row, before: Row, after: Row })),
  }),
});
export type DatasetDiff = Static<typeof DatasetDiff>;

const commitQuery = {
  mode: Type.Optional(literals('replace', 'append')),
  message: Type.Optional(Type.String({ maxLength: 2000 })),
  tag: Type.Optional(Name),
  mapping: Type.Optional(
    Type.String({
      maxLength: 4000,
      description: 'ours=theirs, comma-separated: date=Date,close=Close/Last',
    }),
  ),
  dateFormat: Type.Optional(Type.String({ maxLength: 100, description: 'strptime format: %m/%d/%Y' })),
};
const Committed = Type.Intersect([DatasetVersion, Type.Object({ unchanged: Type.Boolean() })]);

export const datasetsEndpoints = endpoints({
  commit: {
    method: 'POST',
    path: '/api/v1/datasets/:name/versions',
    permission: 'write',
    summary:
      'Commit a file as a new dataset version (mode=append adds its rows to the latest one). Equal content gives the version that is there',
    params: byName,
    query: strict({ format: TableFormat, ...commitQuery }),
    upload: true,
    reply: Committed,
    status: 201,
  },
  put: {
    method: 'PUT',
    path: '/api/v1/datasets/:name',
    permission: 'write',
    summary:
      'Make the body the newest version of a dataset; its format is told by the Content-Type or, for Parquet, by its first bytes. Equal content gives the version that is there',
    params: byName,
    query: strict({ format: Type.Optional(TableFormat), ...commitQuery }),
    upload: true,
    reply: Committed,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/datasets',
    permission: 'read',
    summary: 'List datasets',
    query: strict(pageQuery),
    reply: page(Dataset),
  },
  get: {
    method: 'GET',
    path: '/api/v1/datasets/:name',
    permission: 'read',
    summary: 'Get a dataset',
    params: byName,
    reply: Dataset,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/datasets/:name',
    permission: 'write',
    summary: 'Delete a dataset that nothing uses',
    params: byName,
    reply: Done,
  },
  listVersions: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions',
    permission: 'read',
    summary: 'List the versions of a dataset, newest first',
    params: byName,
    query: strict(pageQuery),
    reply: page(DatasetVersion),
  },
  getVersion: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version',
    permission: 'read',
    summary: 'Get one version by number, latest or tag',
    params: byVersion,
    reply: DatasetVersion,
  },
  read: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/data',
    permission: 'read',
    summary: 'Read the rows as Parquet, CSV, JSON or NDJSON',
    params: byVersion,
    query: strict({
      format: Type.Optional(TableFormat),
      columns: Type.Optional(Type.String({ description: 'comma-separated' })),
      limit: Type.Optional(integer({ minimum: 0 })),
      offset: Type.Optional(integer({ minimum: 0 })),
    }),
    download: true,
  },
  diff: {
    method: 'GET',
    path: '/api/v1/datasets/:name/diff',
    permission: 'read',
    summary: 'What changed between two versions: schema, and rows added, removed and changed by key',
    params: byName,
    query: strict({
      from: Type.String(),
      to: Type.String(),
      key: Type.Optional(
        Type.String({ description: 'comma-separated key columns; without it whole rows are compared' }),
      ),
      limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
    }),
    reply: DatasetDiff,
  },
  setTag: {
    method: 'PUT',
    path: '/api/v1/datasets/:name/tags/:tag',
    permission: 'write',
    summary: 'Point a tag at a version',
    params: strict({ name: Name, tag: Name }),
    body: strict({ version: integer({ minimum: 1 }) }),
    reply: DatasetVersion,
  },
});

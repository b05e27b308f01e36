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
  Reference,
  strict,
  Timestamp,
  Version,
} from './common.ts';
import { ChangeKind, ColumnChange, DatasetDiff, DiffRow, diffQuery } from './dataset-diff.ts';
import { endpoints } from './endpoint.ts';

export const TableFormat = literals('csv', 'tsv', 'parquet', 'json', 'ndjson');
export type TableFormat = Static<typeof TableFormat>;

/** What a version's expectations said last; `none` where there were none to hold against it. */
export const ValidationStatus = literals('passed', 'warned', 'failed', 'none');
export type ValidationStatus = Static<typeof ValidationStatus>;

/** What rows are read as; `arrow` is Arrow's file format (Feather V2), `arrow-stream` its stream. */
export const ReadFormat = literals('parquet', 'arrow', 'arrow-stream', 'csv', 'tsv', 'json', 'ndjson');
export type ReadFormat = Static<typeof ReadFormat>;

/** What a file of rows may be called; `feather` is `arrow`, `arrows` its stream, `jsonl` is `ndjson`. */
export const fileExtensions = [
  'parquet',
  'arrow',
  'feather',
  'arrows',
  'csv',
  'tsv',
  'json',
  'ndjson',
  'jsonl',
] as const;
export const FileExtension = literals(...fileExtensions);
export type FileExtension = Static<typeof FileExtension>;

/** A kind of provenance: upload, source, push, sql, fork, split, training-set. */
const Origin = Type.String({ pattern: '^[a-z]+(-[a-z]+)*$', maxLength: 64 });

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
      description: 'what its commit added to them; null for versions from before it was counted',
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
  key: Type.Array(Type.String(), {
    description: 'columns that name a row, for what pairs rows and is given no key; empty when none were set',
  }),
  latestVersion: Type.Integer(),
  madeBy: Type.String({ description: 'how its latest version came to be: upload, sql, training-set' }),
  inputs: Type.Array(Type.String(), { description: 'and out of what: dataset:prices@3' }),
  rows: Type.Integer(),
  bytes: Type.Integer(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Dataset = Static<typeof Dataset>;

/** What was read and may not be what was meant. */
export const ImportWarning = Type.Object({
  column: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
});
export type ImportWarning = Static<typeof ImportWarning>;

const Committed = Type.Intersect([
  DatasetVersion,
  Type.Object({
    unchanged: Type.Boolean(),
    warnings: Type.Optional(
      Type.Array(ImportWarning, { description: 'of an uploaded file, also kept in its provenance' }),
    ),
  }),
]);

/** What a version was before rows of a subject were erased from it. */
export const VersionErasure = Type.Object({
  oldDigest: Type.String({ description: 'erased by request: nothing has this content any more' }),
  newDigest: Type.String(),
  rows: Type.Integer({ description: 'erased' }),
  erasure: Type.String(),
  at: Timestamp,
});
export type VersionErasure = Static<typeof VersionErasure>;

export const Rederivation = Type.Object({
  reference: Type.String(),
  digest: Type.String(),
  rederived: Type.String({ description: 'the digest of what the SQL gives now' }),
  isEqual: Type.Boolean(),
  hasSameRows: Type.Boolean({ description: 'also true for the same rows in another order' }),
  committed: nullable(Committed),
});
export type Rederivation = Static<typeof Rederivation>;

export const Damage = Type.Object({
  what: literals('manifest', 'chunk'),
  problem: literals('missing', 'bytes differ', 'rows differ'),
  blob: Type.String({ description: 'the file, by its SHA-256' }),
  firstRow: Type.Integer({ description: 'from 1' }),
  lastRow: Type.Integer(),
});
export type Damage = Static<typeof Damage>;

export const Verification = Type.Object({
  reference: Type.String(),
  chunks: Type.Integer({ description: 'to be looked at in all' }),
  checked: Type.Integer({ description: 'by this call' }),
  damage: Type.Array(Damage, { description: 'at most 100' }),
  nextCursor: nullable(
    Type.String({ description: 'where the next call goes on; null when all is looked at' }),
  ),
});
export type Verification = Static<typeof Verification>;

const PartName = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,31}$', description: 'train' });
const splitRule = {
  by: literals('hash', 'time', 'row'),
  columns: Type.Array(Type.String(), {
    maxItems: 32,
    description: 'of the key, by hash; one, by time; none, by row',
  }),
  stratify: nullable(
    Type.String({ description: 'a column whose values have the same shares in every part' }),
  ),
  seed: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
};

export const Split = Type.Object({
  of: Type.String({ description: 'prices@3' }),
  name: Type.String(),
  ...splitRule,
  at: Type.Array(Type.String(), { description: 'the instants at which it was cut, if it was cut so' }),
  parts: Type.Array(
    Type.Object({
      name: Type.String(),
      share: Type.Number(),
      rows: Type.Integer(),
      reference: Type.String({ description: 'the version that holds the part: prices.train@1' }),
    }),
  ),
  createdAt: Timestamp,
  createdBy: Type.String(),
});
export type Split = Static<typeof Split>;

const commitQuery = {
  mode: Type.Optional(literals('replace', 'append', 'upsert')),
  key: Type.Optional(
    Type.String({
      maxLength: 4000,
      description: 'for mode=upsert: the columns that name a row, comma-separated: symbol,date',
    }),
  ),
  message: Type.Optional(Type.String({ maxLength: 2000 })),
  tag: Type.Optional(Name),
  mapping: Type.Optional(
    Type.String({
      maxLength: 4000,
      description: 'ours=theirs, comma-separated: date=Date,close=Close/Last',
    }),
  ),
  dateFormat: Type.Optional(
    Type.String({
      maxLength: 4000,
      description:
        'strptime format: %m/%d/%Y; or by column, the first that fits: day=%d.%m.%Y|%Y-%m-%d,seen=%m/%d/%Y',
    }),
  ),
};

const selection = {
  columns: Type.Optional(Type.String({ description: 'comma-separated, in the order wanted' })),
  where: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 10_000,
      description: "only rows of which this SQL condition is true: close > 100 and symbol = 'AAPL'",
    }),
  ),
  limit: Type.Optional(integer({ minimum: 0 })),
  offset: Type.Optional(integer({ minimum: 0 })),
};

const byFile = strict({ name: Name, version: Version, extension: FileExtension });

export const datasetsEndpoints = endpoints({
  commit: {
    method: 'POST',
    path: '/api/v1/datasets/:name/versions',
    permission: 'write',
    resource: 'dataset:{name}',
    summary:
      'Commit a file as a new dataset version (mode=append adds its rows to the latest one, mode=upsert&key=id replaces rows of the same key and adds the others). Equal content gives the version that is there',
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
    resource: 'dataset:{name}',
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
    summary: 'List datasets, all or those whose latest version came to be in one way: madeBy=training-set',
    query: strict({ madeBy: Type.Optional(Origin), ...pageQuery }),
    reply: page(Dataset),
  },
  get: {
    method: 'GET',
    path: '/api/v1/datasets/:name',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'Get a dataset',
    params: byName,
    reply: Dataset,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/datasets/:name',
    permission: 'write',
    resource: 'dataset:{name}',
    summary: 'Delete a dataset that nothing uses',
    params: byName,
    reply: Done,
  },
  listVersions: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'List the versions of a dataset, newest first',
    params: byName,
    query: strict(pageQuery),
    reply: page(DatasetVersion),
  },
  getVersion: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'Get one version by number, latest or tag',
    params: byVersion,
    reply: DatasetVersion,
  },
  listErasures: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/erasures',
    permission: 'read',
    summary: 'Digests that the version had before rows of a subject were erased from it, oldest first',
    params: byVersion,
    reply: Type.Object({ items: Type.Array(VersionErasure) }),
  },
  read: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/data',
    permission: 'read',
    resource: 'dataset:{name}',
    summary:
      'Read the rows as Parquet, Arrow, CSV, JSON or NDJSON: by `format`, else by the Accept header, else Parquet. HEAD and Range are answered',
    params: byVersion,
    query: strict({ format: Type.Optional(ReadFormat), ...selection }),
    download: true,
  },
  readFile: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/data.:extension',
    permission: 'read',
    resource: 'dataset:{name}',
    summary:
      'The same under the name of a file, for tools that go by it: data.parquet, data.feather, data.csv',
    params: byFile,
    query: strict(selection),
    download: true,
  },
  readVersionFile: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version.:extension',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'The same in short: versions/4.parquet, versions/latest.csv',
    params: byFile,
    query: strict(selection),
    download: true,
  },
  update: {
    method: 'PATCH',
    path: '/api/v1/datasets/:name',
    permission: 'write',
    resource: 'dataset:{name}',
    summary: 'Describe a dataset: in words, and by the columns that name a row',
    params: byName,
    body: strict({
      description: Type.Optional(Type.String({ maxLength: 2000 })),
      key: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 32 })),
    }),
    reply: Dataset,
  },
  derive: {
    method: 'POST',
    path: '/api/v1/datasets/:name/derive',
    permission: 'write',
    summary: 'Make a version by one select over other versions; what it read is recorded',
    params: byName,
    body: strict({
      sql: Type.String({ minLength: 1, maxLength: 100_000 }),
      inputs: Type.Optional(
        Type.Record(Type.String(), Type.String(), {
          description: 'versions of names that the SQL leaves open: {"prices": "3"}',
        }),
      ),
      message: Type.Optional(Type.String({ maxLength: 2000 })),
      tag: Type.Optional(Name),
    }),
    reply: Committed,
    status: 201,
  },
  rederive: {
    method: 'POST',
    path: '/api/v1/datasets/:name/versions/:version/rederive',
    permission: 'write',
    summary:
      'Run the SQL of a derived version again: on what it read then, to compare; with latest on the newest inputs, as a new version',
    params: byVersion,
    body: strict({ latest: Type.Optional(Type.Boolean()) }),
    reply: Rederivation,
  },
  split: {
    method: 'POST',
    path: '/api/v1/datasets/:name/versions/:version/splits',
    permission: 'write',
    summary:
      'Split a version into parts, the same ones every time: by the hash of a key, along a time, or row by row; each part is a version of a dataset of its own',
    params: byVersion,
    body: strict({
      split: Type.Optional(PartName),
      by: splitRule.by,
      columns: Type.Optional(splitRule.columns),
      stratify: Type.Optional(Type.String()),
      seed: Type.Optional(splitRule.seed),
      at: Type.Optional(
        Type.Array(Type.String({ maxLength: 40 }), {
          minItems: 1,
          maxItems: 19,
          description: 'by time, instead of shares: a part begins at each of these, ascending: 2023-01-01',
        }),
      ),
      parts: Type.Optional(
        Type.Array(
          strict({
            name: PartName,
            share: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
          }),
          {
            minItems: 2,
            maxItems: 20,
            description:
              'their shares sum to 1; with `at` names alone, by default train and test, or train, valid and test',
          },
        ),
      ),
    }),
    reply: Split,
    status: 201,
  },
  listSplits: {
    method: 'GET',
    path: '/api/v1/datasets/:name/versions/:version/splits',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'The splits of a version and the versions that hold their parts',
    params: byVersion,
    reply: Type.Object({ items: Type.Array(Split) }),
  },
  fork: {
    method: 'POST',
    path: '/api/v1/datasets/:name/fork',
    permission: 'write',
    summary:
      'Begin another line of versions, or go back to an older one, with the rows of a version; nothing is copied',
    params: byName,
    body: strict({
      from: Reference,
      message: Type.Optional(Type.String({ maxLength: 2000 })),
      tag: Type.Optional(Name),
    }),
    reply: Committed,
    status: 201,
  },
  diff: {
    method: 'GET',
    path: '/api/v1/datasets/:name/diff',
    permission: 'read',
    summary:
      'What changed between two versions: schema, how many rows were added, removed and changed, and the first of each',
    params: byName,
    query: strict({ ...diffQuery, limit: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })) }),
    reply: DatasetDiff,
  },
  diffRows: {
    method: 'GET',
    path: '/api/v1/datasets/:name/diff/rows',
    permission: 'read',
    summary: 'The rows of one kind of change, page by page, with old and new values',
    params: byName,
    query: strict({ ...diffQuery, kind: ChangeKind, ...pageQuery }),
    reply: page(DiffRow),
  },
  diffColumns: {
    method: 'GET',
    path: '/api/v1/datasets/:name/diff/columns',
    permission: 'read',
    summary: 'What changed column by column: in how many rows, and how far the distribution moved',
    params: byName,
    query: strict(diffQuery),
    reply: Type.Object({ from: Type.String(), to: Type.String(), columns: Type.Array(ColumnChange) }),
  },
  exportDiff: {
    method: 'GET',
    path: '/api/v1/datasets/:name/diff/data',
    permission: 'read',
    summary: 'The rows that differ as a file: the kind of change, then each column before and after',
    params: byName,
    query: strict({
      ...diffQuery,
      kind: Type.Optional(ChangeKind),
      format: Type.Optional(TableFormat),
    }),
    download: true,
  },
  verify: {
    method: 'POST',
    path: '/api/v1/datasets/:name/versions/:version/verify',
    permission: 'write',
    resource: 'dataset:{name}',
    summary:
      'Hash what a version is stored in again, bytes and rows; what is damaged is marked, and committing the same rows mends it',
    params: byVersion,
    body: strict({
      besides: Type.Optional(
        Type.String({
          description: 'leave out the chunks that this version has too: it was verified before',
        }),
      ),
      cursor: pageQuery.cursor,
    }),
    reply: Verification,
  },
  deleteVersion: {
    method: 'DELETE',
    path: '/api/v1/datasets/:name/versions/:version',
    permission: 'write',
    resource: 'dataset:{name}',
    summary: 'Delete a version that nothing uses and no tag points at; its number is never given again',
    params: strict({ name: Name, version: integer({ minimum: 1 }) }),
    reply: DatasetVersion,
  },
  listTags: {
    method: 'GET',
    path: '/api/v1/datasets/:name/tags',
    permission: 'read',
    resource: 'dataset:{name}',
    summary: 'The tags of a dataset and the versions they point at',
    params: byName,
    reply: Type.Object({
      items: Type.Array(
        Type.Object({ tag: Type.String(), version: Type.Integer(), reference: Type.String() }),
      ),
    }),
  },
  setTag: {
    method: 'PUT',
    path: '/api/v1/datasets/:name/tags/:tag',
    permission: 'write',
    resource: 'dataset:{name}',
    summary: 'Point a tag at a version',
    params: strict({ name: Name, tag: Name }),
    body: strict({ version: integer({ minimum: 1 }) }),
    reply: DatasetVersion,
  },
  deleteTag: {
    method: 'DELETE',
    path: '/api/v1/datasets/:name/tags/:tag',
    permission: 'write',
    resource: 'dataset:{name}',
    summary: 'Take a tag off; the version it pointed at stays',
    params: strict({ name: Name, tag: Name }),
    reply: DatasetVersion,
  },
});

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
import { ImportWarning, TableFormat } from './datasets.ts';
import { endpoints } from './endpoint.ts';

const text = (maxLength: number, description?: string) =>
  Type.String({ minLength: 1, maxLength, ...(description !== undefined && { description }) });

/** Where rows come from. Nothing in it is secret; what is goes into `secrets`. */
export const SourceLocation = Type.Union([
  strict({
    kind: Type.Literal('path'),
    path: text(4000, "a file on the server's machine, or several: /data/prices/*.csv"),
  }),
  strict({
    kind: Type.Literal('http'),
    url: text(8000, 'http or https; secrets: bearer, basic (user:password), query, header:NAME'),
  }),
  strict({
    kind: Type.Literal('s3'),
    url: text(2000, 's3://bucket/key, or several: s3://bucket/prices/*.csv'),
    endpoint: Type.Optional(text(2000, 'of another S3-compatible store; default AWS')),
    region: Type.Optional(text(40)),
  }),
  strict({
    kind: Type.Literal('postgres'),
    query: text(100_000, 'one SELECT; the secret url is postgres://user:password@host:5432/database'),
  }),
]);
export type SourceLocation = Static<typeof SourceLocation>;
export type SourceKind = SourceLocation['kind'];

/** By kind — http: `bearer`, `basic`, `query`, `header:NAME`; s3: `accessKeyId`, `secretAccessKey`, `sessionToken`; postgres: `url`. */
export const SourceSecrets = Type.Record(Type.String({ maxLength: 100 }), text(10_000));
export type SourceSecrets = Static<typeof SourceSecrets>;

export const SourceMode = literals('replace', 'append', 'upsert');
export type SourceMode = Static<typeof SourceMode>;

export const SourceSchedule = strict({
  cron: text(200, 'five fields: 30 6 * * 1-5'),
  timeZone: Type.Optional(text(100, 'IANA name such as Europe/Berlin; default UTC')),
});
export type SourceSchedule = Static<typeof SourceSchedule>;

/** How what is read becomes rows; equal in meaning to the options of an upload. */
const reading = {
  format: Type.Optional(TableFormat),
  mapping: Type.Optional(text(4000, 'ours=theirs, comma-separated: date=Date,close=Close/Last')),
  dateFormat: Type.Optional(
    text(4000, 'strptime format: %m/%d/%Y; or by column: day=%d.%m.%Y|%Y-%m-%d,seen=%m/%d/%Y'),
  ),
};

const definition = {
  from: SourceLocation,
  ...reading,
  dataset: Type.Optional(Name),
  mode: Type.Optional(SourceMode),
  key: Type.Optional(text(1000, 'for upsert: the columns that name a row, comma-separated')),
  cursor: Type.Optional(
    strict({
      column: text(300, 'rows behind its greatest value are new'),
      lookback: Type.Optional(
        integer({
          minimum: 1,
          description:
            'read again so much before it: seconds of a timestamp, days of a date, else as it is; needs upsert',
        }),
      ),
    }),
  ),
  schedule: Type.Optional(SourceSchedule),
};

/** What a project file says of a source. Its secrets stay on the server: `tidemill sources create` or `update` bring them. */
export const SourceDefinition = strict(definition);
export type SourceDefinition = Static<typeof SourceDefinition>;

export const SchemaChange = Type.Object({
  against: Type.String({ description: 'the version it was compared with' }),
  added: Type.Array(Column),
  removed: Type.Array(Column),
  retyped: Type.Array(Type.Object({ name: Type.String(), before: Type.String(), after: Type.String() })),
});
export type SchemaChange = Static<typeof SchemaChange>;

export const SourcePullState = literals(
  'queued',
  'running',
  'succeeded',
  'unchanged',
  'schema-changed',
  'failed',
  'cancelled',
);
export type SourcePullState = Static<typeof SourcePullState>;

export const SourcePull = Type.Object({
  id: Type.String(),
  source: Type.String(),
  trigger: literals('request', 'schedule'),
  state: SourcePullState,
  createdAt: Timestamp,
  startedAt: nullable(Timestamp),
  finishedAt: nullable(Timestamp),
  /** Read so far, of the source's own bytes. */
  bytes: nullable(Type.Integer()),
  /** New rows. */
  rows: nullable(Type.Integer()),
  /** Reference of the version it made, or found equal. */
  version: nullable(Type.String()),
  cursor: nullable(
    Type.Object({
      column: Type.String(),
      from: nullable(Type.String()),
      to: nullable(Type.String()),
    }),
  ),
  change: nullable(SchemaChange),
  error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  createdBy: Type.String(),
});
export type SourcePull = Static<typeof SourcePull>;

export const Source = Type.Object({
  name: Type.String(),
  dataset: Type.String(),
  from: SourceLocation,
  location: Type.String({ description: 'without anything secret' }),
  /** Names of the secrets that are kept; their values are never shown. */
  secrets: Type.Array(Type.String()),
  format: nullable(TableFormat),
  mapping: nullable(Type.String()),
  dateFormat: nullable(Type.String()),
  mode: SourceMode,
  key: nullable(Type.String()),
  /** `value` is the greatest one that is in a version. */
  cursor: nullable(
    Type.Object({
      column: Type.String(),
      lookback: nullable(Type.Integer()),
      value: nullable(Type.String()),
    }),
  ),
  schedule: nullable(Type.Object({ cron: Type.String(), timeZone: Type.String() })),
  nextPullAt: nullable(Timestamp),
  lastPull: nullable(SourcePull),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  createdBy: Type.String(),
});
export type Source = Static<typeof Source>;

/** What a pull would read, by its first rows. */
export const SourceSample = Type.Object({
  location: Type.String(),
  files: Type.Array(Type.String()),
  columns: Type.Array(Column),
  rows: Type.Array(Row),
  /** False where only the beginning was looked at: a later row may still change a column's type. */
  isWhole: Type.Boolean(),
  change: nullable(SchemaChange),
  warnings: Type.Array(ImportWarning),
});
export type SourceSample = Static<typeof SourceSample>;

const byPull = strict({ name: Name, id: Type.String({ minLength: 1, maxLength: 128 }) });

export const sourcesEndpoints = endpoints({
  create: {
    method: 'POST',
    path: '/api/v1/sources',
    permission: 'write',
    summary: 'Name a place that tables come from; it is read once, and refused if that fails',
    body: strict({ name: Name, ...definition, secrets: Type.Optional(SourceSecrets) }),
    reply: Source,
    status: 201,
  },
  list: {
    method: 'GET',
    path: '/api/v1/sources',
    permission: 'read',
    summary: 'List sources with their last pulls',
    query: strict(pageQuery),
    reply: page(Source),
  },
  get: {
    method: 'GET',
    path: '/api/v1/sources/:name',
    permission: 'read',
    summary: 'Get a source, without its secrets',
    params: byName,
    reply: Source,
  },
  update: {
    method: 'PATCH',
    path: '/api/v1/sources/:name',
    permission: 'write',
    summary: 'Change what is given, after reading the source once as it will be; null removes',
    params: byName,
    body: strict({
      from: Type.Optional(SourceLocation),
      format: Type.Optional(nullable(TableFormat)),
      mapping: Type.Optional(nullable(reading.mapping)),
      dateFormat: Type.Optional(nullable(reading.dateFormat)),
      mode: definition.mode,
      key: Type.Optional(nullable(definition.key)),
      cursor: Type.Optional(nullable(definition.cursor)),
      schedule: Type.Optional(nullable(SourceSchedule)),
      secrets: Type.Optional(Type.Record(Type.String({ maxLength: 100 }), nullable(text(10_000)))),
    }),
    reply: Source,
  },
  delete: {
    method: 'DELETE',
    path: '/api/v1/sources/:name',
    permission: 'write',
    summary: 'Delete a source with its secrets and history; the versions it made stay',
    params: byName,
    reply: Done,
  },
  test: {
    method: 'POST',
    path: '/api/v1/sources/:name/test',
    permission: 'write',
    summary: 'Say what a pull would read: columns, first rows, and how they differ from the dataset',
    params: byName,
    reply: SourceSample,
  },
  pull: {
    method: 'POST',
    path: '/api/v1/sources/:name/pulls',
    permission: 'write',
    summary: 'Read the source into a new version of its dataset; one pull of a source at a time',
    params: byName,
    body: strict({
      acceptSchema: Type.Optional(
        Type.Boolean({ description: 'go on with the columns that the last pull stopped at' }),
      ),
      full: Type.Optional(
        Type.Boolean({ description: 'from the beginning, replacing what the dataset holds' }),
      ),
    }),
    reply: SourcePull,
    status: 202,
  },
  listPulls: {
    method: 'GET',
    path: '/api/v1/sources/:name/pulls',
    permission: 'read',
    summary: 'The pulls of a source, newest first; the last 200 that ended are kept',
    params: byName,
    query: strict(pageQuery),
    reply: page(SourcePull),
  },
  getPull: {
    method: 'GET',
    path: '/api/v1/sources/:name/pulls/:id',
    permission: 'read',
    summary: 'Get one pull',
    params: byPull,
    reply: SourcePull,
  },
  cancelPull: {
    method: 'POST',
    path: '/api/v1/sources/:name/pulls/:id/cancel',
    permission: 'write',
    summary: 'Stop a pull that has not ended; the dataset stays as it is',
    params: byPull,
    reply: SourcePull,
  },
});

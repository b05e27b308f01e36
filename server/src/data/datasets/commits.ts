import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  Content as Bytes,
  Column,
  DatasetVersion,
  ImportWarning,
  TableFormat,
} from '@tidemill/contract';
import { type Analytics, isDelimited } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { Gate } from '../../base/gate.ts';
import { newId } from '../../base/ids.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Content, StagedContent, TypedRows } from './content-files.ts';
import { parseDateFormat } from './date-formats.ts';
import { assertAppendable, assertTag, type Provenance, parseMapping } from './rules.ts';
import { datasetStore } from './store.ts';
import { createUpserts, keyOf } from './upserts.ts';
import {
  type Candidate,
  type Committed,
  createVersionRecords,
  type VersionRecordDependencies,
} from './version-records.ts';

export interface Upload {
  readonly name: string;
  readonly format: TableFormat;
  readonly mode?: 'replace' | 'append' | 'upsert';
  /** For `upsert`: the columns that name a row, comma-separated. */
  readonly key?: string;
  readonly message?: string;
  readonly tag?: string;
  readonly mapping?: string;
  readonly dateFormat?: string;
  readonly content: Bytes;
}

export interface ParquetCommit {
  readonly name: string;
  /** A file of the six column types, such as the analytics port writes; it stays the caller's. */
  readonly path: string;
  readonly message: string;
  readonly tag?: string;
  readonly provenance: Provenance;
  /** `append` puts the rows behind those of the latest version, `upsert` in the place of those with their key; default `replace`. */
  readonly mode?: 'replace' | 'append' | 'upsert';
  readonly key?: string;
  /** The version that must be the latest one, null for none; another one there is a conflict. For content made from it. */
  readonly base?: DatasetVersion | null;
  /** Runs in the transaction that makes the version: what must be true exactly when the version is there. A throw undoes both. */
  readonly within?: (tx: Db, version: Committed) => Promise<void>;
}

export interface CommitDependencies extends VersionRecordDependencies {
  readonly analytics: Analytics;
  /** Shared while files are named that no version names yet: whoever removes files has it alone. */
  readonly gate: Pick<Gate, 'share'>;
  /** Uploads and typed files on their way; on the same disk as the blobs they move instead of being copied. */
  readonly tempFolder: string;
}

const appendAttempts = 20;

/** The content on top of a version, or of none. The folder may not be there yet. */
type Build = (base: DatasetVersion | null, table: TypedFile, folder: string) => Promise<StagedContent>;

interface TypedFile {
  readonly path: string;
  /** Instead of `path`, where the file might be cut and was. */
  readonly pieces?: TypedRows['pieces'];
  readonly columns: readonly Column[];
  readonly rows: number;
  /** How the file was packed and written, where that was not plain UTF-8; for the provenance. */
  readonly found?: Readonly<Record<string, unknown>>;
  readonly warnings?: readonly ImportWarning[];
}

export function createCommits(deps: CommitDependencies) {
  const { db, analytics, files, gate } = deps;
  const { record } = createVersionRecords(deps);
  const upserts = createUpserts(deps);

  async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    const folder = join(deps.tempFolder, newId('commit'));
    await mkdir(folder, { recursive: true });
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  const pathOf = (upload: Upload, folder: string) => join(folder, `upload.${upload.format}`);
  const labelOf = ({ name, format }: Upload) => `${name}.${format}`;

  async function receive(upload: Upload, folder: string): Promise<void> {
    const path = pathOf(upload, folder);
    await writeFile(path, upload.content);
    if ((await stat(path)).size === 0)
      throw errors.datasetFileEmpty({ file: labelOf(upload), reason: 'is empty (0 bytes)' });
  }

  /** The received file as a typed Parquet file; columns that are there already keep their types. */
  async function typeUpload(
    upload: Upload,
    folder: string,
    base: DatasetVersion | null,
    mayCut = false,
  ): Promise<TypedFile> {
    const path = pathOf(upload, folder);
    const label = labelOf(upload);
    const to = join(folder, 'typed.parquet');
    const reply = await analytics.importFile({
      path,
      label,
      format: upload.format,
      to,
      mayCut,
      ...(upload.mapping && { mapping: parseMapping(upload.mapping) }),
      ...(upload.dateFormat && parseDateFormat(upload.dateFormat)),
      ...(base && { types: demandedTypes(upload.format, base.columns) }),
    });
    if (reply.rows === 0 && !base)
      throw errors.datasetFileEmpty({ file: label, reason: 'has a header but no rows' });
    const { columns, rows, pieces, compression, encoding, warnings = [] } = reply;
    const found = {
      ...(compression && { compression }),
      ...(encoding !== undefined && { encoding }),
      ...(warnings.length > 0 && { warnings }),
    };
    return { path: to, columns, rows, found, warnings, ...(pieces && { pieces }) };
  }

  async function latestContent(name: string, { workspace }: Caller): Promise<Content | null> {
    const latest = await datasetStore(db).findLatest(workspace, name);
    // One that cannot be read is no reason not to commit: this may be what mends it.
    return latest && files.get(latest.digest).catch(() => null);
  }

  async function replace(upload: Upload, caller: Caller): Promise<Committed> {
    return inFolder(async (folder) => {
      await receive(upload, folder);
      // What resembles a version is compared with it as one file.
      const isFirst = (await latestContent(upload.name, caller)) === null;
      const table = await typeUpload(upload, folder, null, isFirst);
      return gate.share(async () => {
        const before = await latestContent(upload.name, caller);
        const content = await files.put({ ...table, folder, mayMove: true, before });
        const version = required(await record({ ...withFound(describe(upload), table), content }, caller));
        return withWarnings(version, table);
      });
    });
  }

  /** An append or an upsert. */
  async function extend(upload: Upload, caller: Caller): Promise<Committed> {
    const stage = await buildOf(upload, labelOf(upload), caller);
    return inFolder(async (folder) => {
      await receive(upload, folder);
      const typed = (base: DatasetVersion | null) => typeUpload(upload, folder, base);
      const relation = upload.mode === 'upsert' ? 'upsert' : 'append';
      return build({ ...describe(upload), relation }, typed, stage, folder, caller);
    });
  }

  /** A key that is not given is the one that the dataset remembers. */
  async function buildOf(
    { name, mode, key: given }: Pick<Upload, 'name' | 'mode' | 'key'>,
    label: string,
    { workspace }: Caller,
  ): Promise<Build> {
    if (mode !== 'upsert') return appendTo;
    const dataset = given === undefined ? await datasetStore(db).findDataset(workspace, name) : null;
    const key = keyOf({ mode, key: given }, dataset?.key ?? []);
    return async (base, table, folder) => {
      const upsert = { ...table, label, key, folder };
      if (!base) return upserts.first(upsert);
      if (base.rows === 0) return appendTo(base, table, folder);
      await assertFits(base, table);
      return upserts.upsertTo(base, upsert);
    };
  }

  /** Built on the latest version, or on none; if another commit comes first, built again on that. */
  async function build(
    candidate: Omit<Candidate, 'content' | 'base'>,
    typed: (base: DatasetVersion | null) => Promise<TypedFile>,
    stage: Build,
    folder: string,
    caller: Caller,
  ): Promise<Committed> {
    const { name } = candidate;
    const findBase = () => datasetStore(db).findLatest(caller.workspace, name);
    let base = await findBase();
    let table = await typed(base);
    for (let attempt = 0; attempt < appendAttempts; attempt += 1) {
      const on = base;
      const version = await gate.share(async () => {
        const content = await stage(on, table, join(folder, `attempt-${attempt}`));
        return record({ ...withFound(candidate, table), content, base: on }, caller);
      });
      if (version) return withWarnings(version, table);
      const before = base;
      base = await findBase();
      // What it was typed by has come, or gone.
      if ((base === null) !== (before === null)) table = await typed(base);
    }
    throw errors.datasetBusy({ name, attempts: appendAttempts });
  }

  /** Only the last chunk is cut anew, so the cost does not grow with the rows before it. */
  async function appendTo(
    base: DatasetVersion | null,
    table: TypedFile,
    folder: string,
  ): Promise<StagedContent> {
    if (!base) return files.put({ ...table, folder, mayMove: false });
    await assertFits(base, table);
    const before = await files.get(base.digest);
    const kept = {
      ...before,
      manifest: { ...before.manifest, chunks: before.manifest.chunks.slice(0, -1) },
      stored: before.stored.slice(0, -1),
    };
    await mkdir(folder, { recursive: true });
    const to = join(folder, 'joined.parquet');
    const paths = [...(await files.paths(before.stored.slice(-1))), table.path];
    await analytics.exportFile({ table: { paths, columns: base.columns }, format: 'parquet', to });
    return files.put({ path: to, columns: base.columns, folder, mayMove: true, kept });
  }

  const assertFits = async (base: DatasetVersion, table: TypedFile): Promise<void> =>
    assertAppendable(base.reference, base.columns, await withoutEmpty(table, base.columns));

  /** A column without any value has no type of its own: it takes that of the rows before. */
  async function withoutEmpty(
    table: { path: string; columns: readonly Column[] },
    before: readonly Column[],
  ): Promise<readonly Column[]> {
    const typeBefore = new Map(before.map(({ name, type }) => [name, type]));
    const doubtful = table.columns.filter(({ name, type }) => (typeBefore.get(name) ?? type) !== type);
    if (doubtful.length === 0) return table.columns;
    const counts = doubtful.map(({ name }, i) => `count(${quoteName(name)}) as n${i}`).join(', ');
    const { rows } = await analytics.query({
      sql: `select ${counts} from appended`,
      tables: { appended: { paths: [table.path] } },
    });
    const empty = new Set(doubtful.filter((_, i) => rows[0]?.[`n${i}`] === 0).map(({ name }) => name));
    return table.columns.map((column) =>
      empty.has(column.name) ? { ...column, type: typeBefore.get(column.name) ?? column.type } : column,
    );
  }

  return {
    /** For content that is there already. */
    async content(candidate: Candidate, caller: Caller): Promise<Committed> {
      if (candidate.tag !== undefined) assertTag(candidate.tag);
      return required(await gate.share(() => record(candidate, caller)));
    },

    /** Streams the upload to a file, types it, stores what is new in it and makes it a version. */
    async upload(upload: Upload, caller: Caller): Promise<Committed> {
      if (upload.tag !== undefined) assertTag(upload.tag);
      if (upload.dateFormat) parseDateFormat(upload.dateFormat);
      if (upload.mode !== 'upsert') keyOf(upload, []);
      return (upload.mode ?? 'replace') === 'replace' ? replace(upload, caller) : extend(upload, caller);
    },

    async parquet(commit: ParquetCommit, caller: Caller): Promise<Committed> {
      if (commit.tag !== undefined) assertTag(commit.tag);
      const { path, mode, key: _, ...candidate } = commit;
      return inFolder(async (folder) => {
        const table = { path, ...(await analytics.describeFile(path)) };
        if (mode === 'append' || mode === 'upsert') {
          const stage = await buildOf(commit, `The table for '${commit.name}'`, caller);
          return build({ ...candidate, relation: mode }, async () => table, stage, folder, caller);
        }
        const committed = await gate.share(async () => {
          const before = await latestContent(commit.name, caller);
          const content = await files.put({ ...table, folder, mayMove: false, before });
          return record({ ...candidate, content }, caller);
        });
        if (!committed) throw errors.datasetBusy({ name: commit.name, attempts: 1 });
        return committed;
      });
    },
  };
}

/**
 * Types asked of the file itself, where its reading would otherwise depend on the few rows appended. Typed formats are
 * asked only for what loses nothing; the rest is compared after reading.
 */
function demandedTypes(format: TableFormat, columns: readonly Column[]): Record<string, Column['type']> {
  const lossless: readonly Column['type'][] = isDelimited(format) ? [] : ['double', 'text', 'timestamp'];
  const wanted = format === 'parquet' ? [] : columns;
  return Object.fromEntries(
    wanted
      .filter(({ type }) => isDelimited(format) || lossless.includes(type))
      .map(({ name, type }) => [name, type]),
  );
}

function describe({ name, message, tag, mode, key, format, mapping, dateFormat }: Upload) {
  const detail = {
    format,
    mode: mode ?? 'replace',
    ...(key && { key }),
    ...(mapping && { mapping }),
    ...(dateFormat && { dateFormat }),
  };
  return { name, message: message ?? '', tag, provenance: { kind: 'upload', inputs: [], detail } };
}

function withFound<T extends { readonly provenance: Provenance }>(candidate: T, { found }: TypedFile): T {
  const { provenance } = candidate;
  return { ...candidate, provenance: { ...provenance, detail: { ...provenance.detail, ...found } } };
}

const withWarnings = (version: Committed, { warnings = [] }: TypedFile): Committed =>
  warnings.length > 0 ? { ...version, warnings: [...warnings] } : version;

/** Without a base to be overtaken, `record` always gives a version. */
function required(committed: Committed | null): Committed {
  if (!committed) throw new Error('a commit without a base was refused as overtaken');
  return committed;
}

export type Commits = ReturnType<typeof createCommits>;

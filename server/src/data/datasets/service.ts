import { join } from 'node:path';
import type { Dataset, DatasetVersion, Page, TableFormat } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { createGate } from '../../base/gate.ts';
import { decodeCursor, defaultPageSize, isNumber, isText, toPage } from '../../base/page.ts';
import { parseReference, parseUri } from '../../base/references.ts';
import { createChunkGarbage } from './chunk-garbage.ts';
import type { CheckCommit } from './commit-check.ts';
import { createCommits, type Upload } from './commits.ts';
import { createContentFiles } from './content-files.ts';
import { findFormat } from './content-format.ts';
import { createDerivations } from './derive.ts';
import { createDifferences } from './differences.ts';
import { createDownloads } from './downloads.ts';
import { createSubjectErasure } from './erasure.ts';
import { erasureStore } from './erasure-store.ts';
import { createExports } from './exports.ts';
import { createForks } from './fork.ts';
import { createIntegrity } from './integrity.ts';
import { createLookup } from './lookup.ts';
import { createRemovals } from './removals.ts';
import { type Manifest, manifestDigest } from './rules.ts';
import { createSettings } from './settings.ts';
import { createSplits } from './splits.ts';
import { datasetStore } from './store.ts';
import { mayHoldSubject } from './subject-rows.ts';
import type { Committed } from './version-records.ts';

export type { CheckCommit, CommitCandidate, CommitVerdict } from './commit-check.ts';
export type { ParquetCommit, Upload } from './commits.ts';
export { type DateFormats, parseDateFormat } from './date-formats.ts';
export { type Manifest, type Provenance, parseMapping } from './rules.ts';
export { type Bindings, type BoundSql, createBinder } from './sql-bindings.ts';
export type { Committed } from './version-records.ts';

export interface DatasetsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly blobs: Blobs;
  readonly analytics: Analytics;
  /** For uploads and downloads on their way; best on the same disk as the blobs. */
  readonly tempFolder: string;
  /** For files that can be made again; what lies there is taken over. */
  readonly cacheFolder: string;
  /** For what was found between versions; its own, too. */
  readonly diffFolder: string;
  /** Asked before rows become a version. */
  readonly checkCommit?: CheckCommit;
  /** What else is kept by the name of a dataset goes with it. */
  readonly forget?: (tx: Db, workspace: string, name: string) => Promise<void>;
  /** See `ErasureDependencies`; 0 where there is one server. */
  readonly eraseGraceMs?: number;
}

interface PageInput {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

interface PutInput extends Omit<Upload, 'format'> {
  readonly format?: TableFormat | undefined;
  readonly mediaType?: string | undefined;
}

/** Tables as immutable versions: committed from files, read back, compared, described. */
export function createDatasets(deps: DatasetsDependencies) {
  const { db, analytics, tempFolder } = deps;
  const store = datasetStore(db);
  const files = createContentFiles(deps);
  const gate = createGate();
  const commits = createCommits({ ...deps, files, gate });

  const lookup = createLookup({ db, files });
  const { get, find, getVersion, source } = lookup;

  const exports = createExports({ analytics, folder: join(tempFolder, '../cache/exports') });
  const downloads = createDownloads({ exports, getVersion, source });
  const differences = createDifferences({ ...deps, files, getVersion, getDataset: get });
  const subjectHolder = createSubjectErasure({
    ...{ ...deps, files, gate, eraseGraceMs: deps.eraseGraceMs ?? 0 },
    async clearCaches(key) {
      await files.clearRowFiles((path) => mayHoldSubject(analytics, path, key));
      await exports.clear();
      await differences.clearDifferences();
    },
  });

  return {
    ...differences,
    ...createDerivations({ ...deps, lookup, commits }),
    ...createSplits({ ...deps, lookup, files, commits }),
    ...createForks({ lookup, files, commits }),
    ...createIntegrity({ ...deps, files, lookup }),
    ...createChunkGarbage({ db, files }),
    ...createRemovals({ ...deps, lookup }),
    ...createSettings({ ...deps, getVersion, getDataset: get }),
    commit: commits.upload,
    commitParquet: commits.parquet,

    /** For whoever holds the bytes of a table and no more. */
    async put(input: PutInput, caller: Caller): Promise<Committed> {
      const { mediaType, format, ...upload } = input;
      const found = format ? { format, content: input.content } : await findFormat(input.content, mediaType);
      return commits.upload({ ...upload, ...found }, caller);
    },

    async list(input: PageInput & { madeBy?: string | undefined }, caller: Caller): Promise<Page<Dataset>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      const { madeBy } = input;
      const found = await store.listDatasets(caller.workspace, { after, madeBy }, limit + 1);
      return toPage(found, limit, ({ name }) => name);
    },

    get: (input: { name: string }, caller: Caller): Promise<Dataset> => get(input.name, caller.workspace),

    async listVersions(input: PageInput & { name: string }, caller: Caller): Promise<Page<DatasetVersion>> {
      await get(input.name, caller.workspace);
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor ? decodeCursor(input.cursor, isNumber) : undefined;
      const found = await store.listVersions(caller.workspace, input.name, before, limit + 1);
      return toPage(found, limit, ({ version }) => version);
    },

    getVersion: (input: { name: string; version: string }, caller: Caller): Promise<DatasetVersion> =>
      getVersion(input.name, input.version, caller.workspace),

    /** By number, `latest` or a tag; null where there is no such version. */
    find: ({ name, version }: { name: string; version: string }, workspace: string) =>
      find(name, version, workspace),

    /** Rows of a subject in all versions. */
    subjectHolder,
    /** Versions by dataset in which an erasure found rows. */
    listErased: (erasure: string) => erasureStore(db).listErased(erasure),
    /** What a version was before rows of it were erased, the oldest first. */
    listErasures: async (input: { name: string; version: string }, { workspace }: Caller) => {
      const { dataset, version } = await getVersion(input.name, input.version, workspace);
      return { items: await erasureStore(db).listTombstones(workspace, dataset, version) };
    },
    listTombstones: ({ dataset, version }: DatasetVersion, workspace: string) =>
      erasureStore(db).listTombstones(workspace, dataset, version),
    /** Those of the versions that are there, by their uris. */
    async describeAll(uris: readonly string[], workspace: string): Promise<Map<string, DatasetVersion>> {
      const wanted = new Set(uris.filter((uri) => uri.startsWith('dataset:')));
      const named = [...wanted].map((uri) => parseReference(parseUri(uri).reference));
      const found = await store.findVersions(
        workspace,
        named.map(({ name, version }) => ({ dataset: name, number: Number(version) })),
      );
      return new Map(found.map((version) => [version.uri, version]));
    },

    /** Of the versions those that have all the columns; what is gone has none. */
    async haveColumns(
      uris: readonly string[],
      names: readonly string[],
      workspace: string,
    ): Promise<string[]> {
      const found: string[] = [];
      for (const uri of uris) {
        const { name, version } = parseReference(parseUri(uri).reference);
        const there = await find(name, version, workspace);
        if (!there || names.every((column) => there.columns.some((each) => each.name === column)))
          found.push(uri);
      }
      return found;
    },

    /** Whether every version behind the one number and until the other is there, and made in this way. */
    async isMadeBy(
      kind: string,
      { name, after, until }: { readonly name: string; readonly after: number; readonly until: number },
      workspace: string,
    ): Promise<boolean> {
      return (await store.countMadeBy(workspace, name, kind, after, until)) === until - after;
    },

    /** Reads `prices@3`, `prices@latest`, `prices@tag`, `prices@{2023-08-31}` or `dataset:prices@3`. */
    resolve: lookup.resolve,

    /** The rows as local Parquet files, in row order. */
    source,

    /** What the version's digest stands for: its columns and the digests of its rows. */
    manifest: async (version: DatasetVersion): Promise<Manifest> =>
      (await files.get(version.digest)).manifest,

    /** The digest a version of this Parquet file would have; nothing is stored. */
    async digestOf(path: string): Promise<string> {
      const [{ columns }, { chunks }] = await Promise.all([
        analytics.describeFile(path),
        analytics.digestFile(path),
      ]);
      return manifestDigest({ columns, chunks });
    },

    digestOfManifest: manifestDigest,

    read: downloads.read,
    readFile: downloads.readFile,

    /** Marks a version by what was found of it later. */
    setValidation: (
      tx: Db,
      workspace: string,
      version: DatasetVersion,
      status: DatasetVersion['validation'],
    ) => datasetStore(tx).setValidation(workspace, version.dataset, version.version, status),

    /** Those of the blobs that datasets are made of. */
    usedBlobs: (ids: readonly string[], doomed?: ReadonlySet<string>): Promise<string[]> =>
      datasetStore(db).usedBlobs(ids, doomed),
  };
}

export type Datasets = ReturnType<typeof createDatasets>;

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SubjectPlace } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import { ErasureNotYet, type ErasureWork, type SubjectHolder } from '../../access/erasures/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Clock } from '../../base/clock.ts';
import type { Gate } from '../../base/gate.ts';
import { newId } from '../../base/ids.ts';
import { groupsOf } from '../../base/in-parallel.ts';
import { hasColumns, type SubjectKey, subjectSql } from '../../base/subject.ts';
import { chunkStore } from './chunk-store.ts';
import type { Content, ContentFiles, StagedContent } from './content-files.ts';
import { erasureStore, type VersionPlace } from './erasure-store.ts';
import { createRelocations } from './relocation.ts';
import { sourcesOf } from './rules.ts';
import { createSubjectRows, type SubjectRows } from './subject-rows.ts';

export interface ErasureDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly blobs: Blobs;
  readonly files: ContentFiles;
  readonly gate: Gate;
  readonly tempFolder: string;
  /** How long after its last naming a chunk may be about to become part of a version of another server. */
  readonly eraseGraceMs: number;
  /** Files that were made of the rows and can be made again. */
  readonly clearCaches: (key: SubjectKey) => Promise<void>;
}

const versionsAtOnce = 200;
const youngMs = 30_000;

/**
 * A subject's rows out of every version. The version keeps its number and gets another digest; its other chunks stay as
 * they are, and those that lie in a file with such rows are moved out of it, so that the file can go.
 */
export function createSubjectErasure(deps: ErasureDependencies): SubjectHolder {
  const { db, changes, lineage, clock, analytics, files, gate, tempFolder } = deps;
  const relocations = createRelocations(deps);

  async function* versions(workspace: string, key: SubjectKey): AsyncGenerator<VersionPlace> {
    let after = { dataset: '', number: 0 };
    for (;;) {
      const found = await erasureStore(db).listPlaces(workspace, after, versionsAtOnce);
      const last = found.at(-1);
      if (!last) return;
      for (const place of found) if (hasColumns(place.columns, key)) yield place;
      after = last;
    }
  }

  /** The content without the rows. No delta: its sources would be the very files that are to go. */
  async function without(place: VersionPlace, content: Content, key: SubjectKey, folder: string) {
    const to = join(folder, 'rest.parquet');
    const { columns } = content.manifest;
    await analytics.copy({
      sql: `select * from t where not ${subjectSql(columns, key)}`,
      tables: { t: { paths: await files.paths(content.stored) } },
      to,
    });
    return files.put({ path: to, columns: place.columns, folder, mayMove: true, before: null });
  }

  /** In one transaction: the version, its tombstone, and which files are to go. */
  async function replace(
    place: VersionPlace,
    content: Content,
    staged: StagedContent,
    tainted: readonly string[],
    work: ErasureWork,
  ): Promise<void> {
    const { workspace } = work.caller;
    await changes.run(work.caller, async (tx, record) => {
      const rows = staged.stored.reduce((sum, chunk) => sum + chunk.rows, 0);
      if (!(await chunkStore(tx).touch(staged.reused, clock.now())))
        throw new ErasureNotYet(`chunks of ${place.uri} were collected meanwhile`, 1_000);
      await chunkStore(tx).saveChunks(staged.fresh, clock.now());
      const isReplaced = await erasureStore(tx).replaceContent(workspace, place, {
        digest: staged.digest,
        rows,
        bytes: sourcesOf(staged.stored).reduce((sum, source) => sum + source.bytes, 0),
        chunks: staged.stored.length,
      });
      if (!isReplaced) return;
      const { uri, digest } = place;
      const erasedRows = place.rows - rows;
      const tombstone = { ...place, workspace, newDigest: staged.digest, erasedRows, erasure: work.erasure };
      await erasureStore(tx).insertTombstone(tombstone, clock.now());
      const location = `blob:${staged.digest}`;
      await lineage.recordNode(tx, { workspace, uri, kind: 'dataset', digest: staged.digest, location });
      await work.doom(tx, [...tainted, content.digest]);
      await work.tell(tx, { what: uri, rows: erasedRows, oldDigest: digest, newDigest: staged.digest });
      const detail = { rows: erasedRows, oldDigest: digest, digest: staged.digest, erasure: work.erasure };
      record({ action: 'dataset.erased', subject: uri, detail });
    });
  }

  async function eraseFrom(place: VersionPlace, rows: SubjectRows, work: ErasureWork): Promise<boolean> {
    const content = await files.get(place.digest);
    const counts = await rows.count(content.stored, content.manifest.columns);
    const dirty = content.stored.filter((_, i) => (counts[i] ?? 0) > 0);
    if (dirty.length === 0) return false;
    const tainted = await rows.filesWith(dirty, content.manifest.columns);
    const folder = join(tempFolder, newId('erasure'));
    await mkdir(folder, { recursive: true });
    try {
      await gate.share(async () => {
        const staged = await without(place, content, work.key, folder);
        await replace(place, content, staged, tainted, work);
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return true;
  }

  /** Chunks in files that are to go, which no version of anybody holds any more: nobody may take them up again. */
  async function dropChunks(doomed: readonly string[]): Promise<void> {
    const ids = await erasureStore(db).listChunksIn(doomed);
    if (ids.length === 0) return;
    const held = await relocations.heldAmong(new Set(ids));
    const unheld = ids.filter((id) => !held.has(id));
    // One who has just named a chunk is another server's commit, which must end first; here the gate is ours.
    const before = clock.now() - deps.eraseGraceMs + 1;
    let gone = 0;
    for (const some of groupsOf(unheld, 1_000))
      gone += (await transact(db, (tx) => chunkStore(tx).deleteOlder(some, before))).length;
    files.forget();
    if (gone < unheld.length)
      throw new ErasureNotYet('a commit of another server may be about to use rows that are to go', youngMs);
  }

  /** Gives back whether any version had rows. */
  async function eraseAll(rows: SubjectRows, work: ErasureWork): Promise<boolean> {
    let hadSome = false;
    for await (const place of versions(work.caller.workspace, work.key)) {
      work.signal.throwIfAborted();
      if (await eraseFrom(place, rows, work)) hadSome = true;
    }
    return hadSome;
  }

  return {
    name: 'datasets',

    async find(key, workspace) {
      const rows = createSubjectRows(deps, key);
      const places: SubjectPlace[] = [];
      for await (const { uri, digest } of versions(workspace, key)) {
        const count = await rows.countAll(await files.get(digest));
        if (count > 0) places.push({ what: uri, rows: count });
      }
      return places;
    },

    async erase(work) {
      const rows = createSubjectRows(deps, work.key);
      let kept: readonly string[] = [];
      // A commit that began before may have brought them back; one that begins later finds no chunk to take up.
      for (;;) {
        const hadSome = await eraseAll(rows, work);
        await gate.takeAlone(async () => dropChunks(await work.doomed()));
        await relocations.moveOut(await work.doomed(), rows);
        kept = await gate.takeAlone(async () => {
          const left = await relocations.moveable(await work.doomed(), rows);
          return left ? [] : work.removeDoomed();
        });
        const isClean = (await relocations.moveable(await work.doomed(), rows)) === false;
        if (!hadSome && isClean) break;
      }
      files.forget();
      await deps.clearCaches(work.key);
      return { kept: kept.length };
    },
  };
}

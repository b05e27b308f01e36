import type { DatasetVersion, ImportWarning } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { formatReference, toUri } from '../../base/references.ts';
import { chunkStore } from './chunk-store.ts';
import type { CheckCommit, CommitVerdict } from './commit-check.ts';
import type { ContentFiles, StagedContent } from './content-files.ts';
import { type Provenance, sourcesOf } from './rules.ts';
import { datasetStore, type NewVersion } from './store.ts';

export type Committed = DatasetVersion & { unchanged: boolean; warnings?: ImportWarning[] };

export interface VersionRecordDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Lineage;
  readonly clock: Clock;
  readonly files: ContentFiles;
  readonly checkCommit?: CheckCommit | undefined;
}

/** What is to become a version. */
export interface Candidate {
  readonly name: string;
  readonly content: StagedContent;
  readonly message: string;
  readonly tag?: string | undefined;
  readonly provenance: Provenance;
  /** The version the content was built on, or null for none: it must still be so. */
  readonly base?: DatasetVersion | null;
  /** To the base. */
  readonly relation?: 'append' | 'upsert';
  /** What must be true exactly when the version is there. */
  readonly within?: (tx: Db, version: Committed) => Promise<void>;
}

/** The last step of a commit: one transaction in which stored content becomes a version. */
export function createVersionRecords(deps: VersionRecordDependencies) {
  const { changes, lineage, clock, files } = deps;

  async function judge({ name, content }: Candidate, caller: Caller): Promise<CommitVerdict | null> {
    const { columns } = content.manifest;
    if (!deps.checkCommit) return null;
    return deps.checkCommit(
      {
        workspace: caller.workspace,
        name,
        digest: content.digest,
        columns,
        rows: content.manifest.chunks.reduce((sum, chunk) => sum + chunk.rows, 0),
        table: async () =>
          content.stored.length > 0 ? { paths: await files.paths(content.stored) } : { paths: [], columns },
        before: () => datasetStore(deps.db).findLatest(caller.workspace, name),
      },
      caller,
    );
  }

  async function recordLineage(
    tx: Db,
    workspace: string,
    { uri, digest }: DatasetVersion,
    { base, relation, provenance }: Candidate,
  ): Promise<void> {
    const { kind, inputs } = provenance;
    await lineage.recordNode(tx, { workspace, uri, kind: 'dataset', digest, location: `blob:${digest}` });
    const edges = inputs.map((from) => ({ from, to: uri, relation: kind }));
    if (base) edges.push({ from: base.uri, to: uri, relation: relation ?? 'append' });
    await lineage.recordEdges(tx, workspace, edges);
    // A fork has all its rows by itself, so what it came from may go.
    const held = kind === 'fork' ? [] : inputs;
    const reason = `${kind} built from it`;
    await lineage.holdThere(
      tx,
      workspace,
      uri,
      held.map((used) => ({ uri: used, reason })),
    );
  }

  return {
    /** Gives the latest version if it has this content already, and null if `base` was overtaken by another commit. */
    async record(candidate: Candidate, caller: Caller): Promise<Committed | null> {
      const { workspace } = caller;
      const { name, content, tag, base } = candidate;
      const verdict = await judge(candidate, caller);
      const now = clock.now();
      let areOurs = true;
      const write = async (tx: Db, note: (change: Change) => void): Promise<Committed | null> => {
        const store = datasetStore(tx);
        await store.ensureDataset(workspace, name, now);
        const latest = await store.findLatest(workspace, name);
        // Before the comparison: two equal appends at once are two rows, not one.
        if (base !== undefined && latest?.version !== base?.version) return null;
        // Rows of it were erased meanwhile: what was built on it still has them.
        if (base && latest?.digest !== base.digest) return null;
        if (!(await chunkStore(tx).touch(content.reused, now))) throw errors.datasetContentGone({ name });
        areOurs = await chunkStore(tx).saveChunks(content.fresh, now);
        if (latest?.digest === content.digest) {
          if (tag === undefined || latest.tags.includes(tag)) return { ...latest, unchanged: true };
          await store.setTag(workspace, name, tag, latest.version);
          note({ action: 'dataset.tagged', subject: latest.uri, detail: { tag } });
          return { ...latest, tags: [...latest.tags, tag].sort(), unchanged: true };
        }
        const number = await store.takeNumber(workspace, name, now);
        const created = toNewVersion(candidate, caller, number, latest?.version ?? null, now, verdict);
        await store.insertVersion(created);
        if (tag !== undefined) await store.setTag(workspace, name, tag, number);
        const version = withNames(created, tag);
        await recordLineage(tx, workspace, version, candidate);
        await verdict?.record(tx, version);
        const { reference, digest, rows } = version;
        const detail = { reference, digest, rows, ...(tag && { tag }) };
        note({ action: 'dataset.committed', subject: version.uri, detail });
        return { ...version, unchanged: false };
      };
      const committed = await changes.run(caller, async (tx, note) => {
        const version = await write(tx, note);
        if (version) await candidate.within?.(tx, version);
        return version;
      });
      // Where another commit stored a chunk first, that one's place counts.
      if (committed && areOurs) files.remember(content);
      return committed;
    },
  };
}

function toNewVersion(
  { name, content, message, provenance }: Candidate,
  caller: Caller,
  version: number,
  parent: number | null,
  createdAt: number,
  verdict: CommitVerdict | null,
): NewVersion {
  return {
    workspace: caller.workspace,
    dataset: name,
    version,
    digest: content.digest,
    rows: content.stored.reduce((sum, chunk) => sum + chunk.rows, 0),
    bytes: sourcesOf(content.stored).reduce((sum, source) => sum + source.bytes, 0),
    storedBytes: content.storedBytes,
    chunks: content.stored.length,
    columns: [...content.manifest.columns],
    parent,
    message,
    validation: verdict?.status ?? 'none',
    provenance: { kind: provenance.kind, inputs: [...provenance.inputs], detail: { ...provenance.detail } },
    createdAt,
    createdBy: caller.actor,
  };
}

function withNames({ workspace: _, ...version }: NewVersion, tag: string | undefined): DatasetVersion {
  return {
    ...version,
    reference: formatReference(version.dataset, version.version),
    uri: toUri('dataset', version.dataset, version.version),
    tags: tag === undefined ? [] : [tag],
  };
}

import type { Garbage, garbageEndpoints, Input } from '@tidemill/contract';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { groupsOf } from '../../base/in-parallel.ts';
import { toUri } from '../../base/references.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Profiling } from '../../data/profiling/service.ts';
import type { Registry } from '../../models/registry/service.ts';
import type { Predictions } from '../../serving/predictions/service.ts';
import type {
  DeletedOwner,
  DeletedThing,
  Experiments,
  FindUsers,
  Removal,
} from '../../training/experiments/service.ts';
import type { Jobs } from '../../training/jobs/service.ts';
import { type Position, phases, toCursor, toPosition } from './rules.ts';

export interface GarbageDependencies {
  readonly blobs: Pick<Blobs, 'list' | 'stat' | 'deleteOlder'>;
  readonly clock: Clock;
  readonly lineage: Pick<Lineage, 'findUsed'>;
  readonly experiments: Experiments;
  readonly registry: Pick<Registry, 'listBlobs' | 'findOwners'>;
  readonly datasets: Pick<Datasets, 'usedBlobs' | 'findUnusedChunks' | 'removeUnusedChunks'>;
  readonly profiling: Pick<Profiling, 'removeUnused'>;
  readonly predictions: Pick<Predictions, 'usedBlobs'>;
  readonly jobs: Pick<Jobs, 'usedBlobs'>;
  /** After so long a call ends and says where to go on: proxies and clients wait no longer. */
  readonly patience?: number;
}

type CollectInput = Input<(typeof garbageEndpoints)['collect']>;
type Thing = Garbage['removed'][number];

interface Scope {
  readonly before: number;
  readonly grace: number;
  /** The time at which this call ends. */
  readonly until: number;
}

const second = 1_000;
const usualAge = 30 * 24 * 3_600;
const usualGrace = 24 * 3_600;
const usualPatience = 20 * second;
const ownersAtOnce = 50;
const blobsAtOnce = 500;
const mostNamed = 1_000;

/** What was deleted is removed for good, and the files that then nothing names. A blob that something names stays. */
export function createGarbageCollection(deps: GarbageDependencies) {
  const { blobs, clock, lineage, experiments, registry, datasets, predictions } = deps;

  /** Model versions load from their files, and what came of them or holds them would point nowhere. */
  const findUsers: FindUsers = async (tx, workspace, owners) => {
    const uris = new Map(owners.map(({ kind, id }) => [toUri(kind, id), id]));
    const used = await lineage.findUsed(tx, workspace, [...uris.keys()], ['run', 'logged-model']);
    const byId = [...used].map(([uri, user]) => [uris.get(uri) ?? uri, user] as const);
    const ids = [...uris.values()];
    return new Map([...byId, ...(await registry.findOwners(tx, workspace, ids))]);
  };

  /** Gives back behind which it goes on, null at the end. */
  async function collectOwners(
    { phase: kind, after }: { phase: DeletedOwner['kind']; after: string },
    tally: Tally,
    { before, until }: Scope,
    caller: Caller,
  ): Promise<string | null> {
    const { workspace } = caller;
    for (let last = after; ; ) {
      const range = { workspace, before, after: last, limit: ownersAtOnce };
      const owners = await experiments.listDeletedOwners(kind, range);
      const end = owners.at(-1)?.id;
      if (end === undefined) return null;
      last = end;
      if (!tally.applied) {
        tally.addOwners(await experiments.judgeOwners(owners, findUsers, workspace));
        continue;
      }
      tally.addOwners(await experiments.removeOwners(kind, owners, { before, findUsers }, caller));
      if (!(await experiments.clearRemoved(until)) || Date.now() > until) return last;
    }
  }

  /** Those in which nothing is left. */
  async function collectExperiments(tally: Tally, { before }: Scope, caller: Caller): Promise<void> {
    for (const experiment of await experiments.listDeletedExperiments(caller.workspace, before)) {
      const isRemoved = tally.applied
        ? await experiments.removeExperiment(experiment, before, caller)
        : experiment.owners === tally.goneFrom(experiment.id);
      if (isRemoved) tally.addExperiment(experiment);
    }
  }

  /** Those of the blobs that nothing names; what a dry run would remove counts as gone. */
  async function findUnused(
    ids: readonly string[],
    ofVersions: ReadonlySet<string>,
    tally: Tally,
    before: number,
  ): Promise<string[]> {
    const doomed = tally.applied ? null : { before, kept: tally.keptIds };
    const used = new Set([
      ...(await experiments.usedBlobs(ids, doomed)),
      ...(await datasets.usedBlobs(ids, tally.doomedChunks)),
      ...(await predictions.usedBlobs(ids)),
      ...(await deps.jobs.usedBlobs(ids)),
    ]);
    return ids.filter((id) => !used.has(id) && !ofVersions.has(id));
  }

  /** Chunks of dataset versions that were deleted: a dry run goes on as if they were gone. */
  async function collectChunks(tally: Tally, { grace }: Scope): Promise<null> {
    const before = clock.now() - grace;
    tally.addChunks(
      tally.applied ? await datasets.removeUnusedChunks(before) : await datasets.findUnusedChunks(before),
    );
    if (tally.applied) await deps.profiling.removeUnused((digests) => datasets.usedBlobs(digests));
    return null;
  }

  async function removeBlob(id: string, grace: number, tally: Tally): Promise<void> {
    if (tally.applied) {
      // Whoever names a blob anew has stored or kept it first, so it is young: between this and that nothing is lost.
      tally.addBlob(await blobs.deleteOlder(id, grace));
      return;
    }
    const found = await blobs.stat(id);
    tally.addBlob(found && found.storedAt <= Date.now() - grace ? found.size : null);
  }

  /** Gives back where to go on, null at the end. */
  async function collectBlobs(
    tally: Tally,
    after: string,
    { before, grace, until }: Scope,
  ): Promise<string | null> {
    const ofVersions = await registry.listBlobs();
    for await (const ids of inBatches(blobs.list(after), blobsAtOnce)) {
      for (const id of await findUnused(ids, ofVersions, tally, before)) await removeBlob(id, grace, tally);
      if (tally.applied && Date.now() > until) return ids.at(-1) ?? null;
    }
    return null;
  }

  async function collectPhase(
    { phase, after }: Position,
    tally: Tally,
    scope: Scope,
    caller: Caller,
  ): Promise<string | null> {
    if (phase === 'blobs') return collectBlobs(tally, after, scope);
    if (phase === 'chunks') return collectChunks(tally, scope);
    return collectOwners({ phase, after }, tally, scope, caller);
  }

  return {
    /** Of the files those that nothing names; not those that were stored within the grace. */
    async removeUnnamed(
      ids: readonly string[],
      graceMs: number,
    ): Promise<{ named: string[]; young: string[] }> {
      const ofVersions = await registry.listBlobs();
      const tally = createTally(true, experiments.folderOf);
      const unused = new Set<string>();
      for (const some of groupsOf(ids, blobsAtOnce))
        for (const id of await findUnused(some, ofVersions, tally, 0)) unused.add(id);
      const young: string[] = [];
      for (const id of unused)
        if ((await blobs.deleteOlder(id, graceMs)) === null && (await blobs.stat(id)) !== null)
          young.push(id);
      return { named: ids.filter((id) => !unused.has(id)), young };
    },

    async collect(input: CollectInput, caller: Caller): Promise<Garbage> {
      const start = toPosition(input.cursor);
      const scope = {
        before: clock.now() - (input.olderThanSeconds ?? usualAge) * second,
        grace: (input.graceSeconds ?? usualGrace) * second,
        until: Date.now() + (deps.patience ?? usualPatience),
      };
      const tally = createTally(input.apply ?? false, experiments.folderOf);
      // What an earlier call, or one that was killed, took and had no time to clear.
      if (tally.applied && !(await experiments.clearRemoved(scope.until))) return tally.result(start);
      for (const phase of phases.slice(phases.indexOf(start.phase))) {
        const after = phase === start.phase ? start.after : '';
        const last = await collectPhase({ phase, after }, tally, scope, caller);
        if (last !== null) return tally.result({ phase, after: last });
        if (phase === 'run') await collectExperiments(tally, scope, caller);
      }
      return tally.result(null);
    },
  };
}

export type GarbageCollection = ReturnType<typeof createGarbageCollection>;
type Tally = ReturnType<typeof createTally>;

type Located = DeletedThing & { readonly location: string };
type FolderOf = Experiments['folderOf'];

function createTally(applied: boolean, folderOf: FolderOf) {
  const toThing = (
    kind: DeletedOwner['kind'] | 'experiment',
    { id, name, deletedAt, location }: Located,
  ): Thing => ({
    ...{ kind, id, name, deletedAt },
    folder: folderOf({ id, kind, location }),
  });
  const removed: Thing[] = [];
  const kept: Garbage['kept'] = [];
  const keptIds = new Set<string>();
  const goneFrom = new Map<string, number>();
  const sum = { runs: 0, loggedModels: 0, experiments: 0, chunks: 0, blobs: 0, bytes: 0 };
  const doomedChunks = new Set<string>();
  const name = (things: readonly Thing[]) => removed.push(...things.slice(0, mostNamed - removed.length));
  return {
    applied,
    keptIds,
    doomedChunks,
    addChunks(ids: ReadonlySet<string>): void {
      sum.chunks += ids.size;
      for (const id of ids) doomedChunks.add(id);
    },
    goneFrom: (experiment: string): number => goneFrom.get(experiment) ?? 0,
    addOwners({ removed: gone, kept: used }: Removal): void {
      for (const { kind, experimentId } of gone) {
        sum[kind === 'run' ? 'runs' : 'loggedModels'] += 1;
        goneFrom.set(experimentId, (goneFrom.get(experimentId) ?? 0) + 1);
      }
      name(gone.map((owner) => toThing(owner.kind, owner)));
      for (const owner of used) {
        keptIds.add(owner.id);
        if (kept.length < mostNamed) kept.push({ ...toThing(owner.kind, owner), usedBy: owner.user });
      }
    },
    addExperiment(experiment: Located): void {
      sum.experiments += 1;
      name([toThing('experiment', experiment)]);
    },
    addBlob(size: number | null): void {
      if (size === null) return;
      sum.blobs += 1;
      sum.bytes += size;
    },
    result: (next: Position | null): Garbage => ({
      applied,
      removed,
      kept,
      ...sum,
      next: next && toCursor(next),
    }),
  };
}

async function* inBatches(ids: AsyncIterable<string>, size: number): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const id of ids) {
    batch.push(id);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

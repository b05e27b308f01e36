import type { Experiment, Run, RunStatus } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { newRunId } from '../../base/ids.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { toUri } from '../../base/references.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { experimentStore } from './experiment-store.ts';
import { assertRunName, assertRunTags, assertUser } from './limits.ts';
import {
  assertActive,
  assertExperimentActive,
  isEnd,
  type LocatedRun,
  lastByKey,
  maskValues,
  nameTag,
  type RunRecord,
  toExperimentNumber,
  toRun,
} from './rules.ts';
import { newRunName } from './run-name.ts';
import { type NewRun, runStore } from './run-store.ts';
import type { SummaryPreparation } from './summary-preparation.ts';

export interface RunStart {
  readonly experimentId: string;
  readonly name?: string | undefined;
  /** Whom the client names; the caller when it names nobody. */
  readonly user?: string | undefined;
  readonly tags?: readonly KeyValue[];
  readonly startedAt?: number | undefined;
}

export interface RunChange {
  readonly id: string;
  readonly status?: RunStatus | undefined;
  readonly name?: string | undefined;
  readonly endedAt?: number | undefined;
}

/** Runs as a whole: started, ended, found, deleted. Records are for doors that show more than the contract does. */
export function createRunVerbs(
  { db, clock, changes, lineage }: ExperimentsDependencies,
  getExperiment: (id: string, workspace: string) => Promise<Experiment>,
  preparation: SummaryPreparation,
) {
  async function getRecord(id: string, workspace: string): Promise<RunRecord> {
    const found = await runStore(db).find(workspace, id);
    if (!found) throw errors.runNotFound({ run: id });
    return found;
  }

  async function startRun(start: RunStart, caller: Caller): Promise<RunRecord> {
    const { workspace, actor } = caller;
    const { experimentId } = start;
    const known = await experimentStore(db).findState(workspace, toExperimentNumber(experimentId));
    const experiment = known ?? (await getExperiment(experimentId, workspace));
    assertExperimentActive(experiment);
    const { name, tags } = nameRun(start);
    assertUser(start.user ?? '');
    const run: NewRun = {
      id: newRunId(),
      workspace,
      experimentId: start.experimentId,
      name,
      user: start.user || actor,
      actor,
      startedAt: start.startedAt ?? clock.now(),
    };
    await changes.run(caller, async (tx, record) => {
      const uri = toUri('run', run.id);
      await runStore(tx).insert(run);
      await runStore(tx).saveTags(run.id, tags);
      await lineage.recordNode(tx, { workspace, uri, kind: 'run', digest: null, location: null });
      record({
        action: 'run.created',
        subject: uri,
        detail: { name, experimentId: run.experimentId },
      });
    });
    return toNewRecord(run, tags, experiment.artifactLocation);
  }

  async function changeRun(change: RunChange, caller: Caller): Promise<LocatedRun> {
    const { id, name } = change;
    if (name !== undefined) assertRunName(name);
    const changed = await changes.run(caller, async (tx, record) => {
      const store = runStore(tx);
      const run = await store.findLocated(caller.workspace, id);
      if (!run) throw errors.runNotFound({ run: id });
      assertActive(run);
      const status = change.status ?? run.status;
      const hasEnded = isEnd(status) && !isEnd(run.status);
      const endedAt = change.endedAt ?? run.endedAt ?? (hasEnded ? clock.now() : null);
      const next = { status, name: name ?? run.name, endedAt };
      await store.update(id, next);
      if (name !== undefined) await store.saveTags(id, [{ key: nameTag, value: name }]);
      record({
        action: hasEnded ? 'run.finished' : 'run.updated',
        subject: toUri('run', id),
        detail: { status, name: next.name, experimentId: run.experimentId },
      });
      return { ...run, ...next };
    });
    if (isEnd(changed.status)) preparation.noteEnded(id);
    return changed;
  }

  async function setDeleted(id: string, isDeleted: boolean, caller: Caller): Promise<void> {
    await changes.run(caller, async (tx, record) => {
      const run = await runStore(tx).findState(caller.workspace, id);
      if (!run) throw errors.runNotFound({ run: id });
      const needed = isDeleted ? 'active' : 'deleted';
      if (run.lifecycle !== needed) throw errors.runNotActive({ run: id, lifecycle: run.lifecycle, needed });
      await runStore(tx).setDeleted(id, isDeleted ? clock.now() : null);
      record({ action: isDeleted ? 'run.deleted' : 'run.restored', subject: toUri('run', id) });
    });
  }

  return {
    getRecord,
    startRun,
    changeRun,
    deleteRun: (id: string, caller: Caller) => setDeleted(id, true, caller),
    restoreRun: (id: string, caller: Caller) => setDeleted(id, false, caller),

    async createRun(
      input: {
        experimentId: string;
        name?: string | undefined;
        tags?: Readonly<Record<string, string>> | undefined;
        startedAt?: number | undefined;
      },
      caller: Caller,
    ): Promise<Run> {
      const tags = Object.entries(input.tags ?? {}).map(([key, value]) => ({ key, value }));
      return toRun(await startRun({ ...input, tags }, caller));
    },

    getRun: async ({ id }: { id: string }, caller: Caller): Promise<Run> =>
      toRun(await getRecord(id, caller.workspace)),

    /** Those of the runs that are there, deleted ones too. */
    getRuns: async (ids: readonly string[], workspace: string): Promise<Run[]> =>
      (await runStore(db).findAll(workspace, ids)).map(toRun),

    async updateRun(input: RunChange, caller: Caller): Promise<Run> {
      await changeRun(input, caller);
      return toRun(await getRecord(input.id, caller.workspace));
    },
  };
}

/** What a read would give, without the reads. */
const toNewRecord = (run: NewRun, tags: readonly KeyValue[], artifactLocation: string): RunRecord => ({
  artifactLocation,
  id: run.id,
  experimentId: run.experimentId,
  name: run.name,
  status: 'RUNNING',
  lifecycle: 'active',
  user: run.user,
  startedAt: run.startedAt,
  endedAt: null,
  parameters: [],
  metrics: [],
  tags: tags.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  inputs: [],
  modelInputs: [],
  modelOutputs: [],
});

/** A run's name stands in its tags too; where both are given they must agree. */
function nameRun({ name, tags = [] }: RunStart): { name: string; tags: KeyValue[] } {
  const tagged = tags.findLast(({ key }) => key === nameTag)?.value;
  if (name && tagged !== undefined && tagged !== name) {
    throw errors.trackingValueInvalid({
      where: 'run_name',
      reason: `it is '${name}', but the tag ${nameTag} says '${tagged}'`,
    });
  }
  const chosen = name || tagged || newRunName();
  assertRunName(chosen);
  const all = maskValues(lastByKey([...tags, { key: nameTag, value: chosen }]));
  assertRunTags(all);
  return { name: chosen, tags: all };
}

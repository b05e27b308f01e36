import type { Experiment, LoggedModel, LoggedModelMetric, LoggedModelStatus, Page } from '@tidemill/contract';
import { type Db, lockKey, type Tx } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import { newRunId } from '../../../base/ids.ts';
import type { KeyValue } from '../../../base/key-value.ts';
import { decodeCursor, defaultPageSize, toPage } from '../../../base/page.ts';
import { toUri } from '../../../base/references.ts';
import type { ExperimentsDependencies } from '../dependencies.ts';
import { assertExperimentActive, lastByKey, maskValues } from '../rules.ts';
import { newRunName } from '../run-name.ts';
import { isPointCursor, modelMetricStore, toPointCursor } from './metric-store.ts';
import { loggedModelStore } from './model-store.ts';
import {
  assertModelName,
  assertModelParameters,
  assertModelTags,
  assertModelType,
  type LoggedModelRecord,
  type LoggedModelState,
  type MeasuredMetric,
  parseRegistrations,
  type Registration,
  registrationsTag,
  toLoggedModel,
  toLoggedModelMetric,
} from './rules.ts';

export interface LoggedModelStart {
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly modelType?: string | undefined;
  readonly sourceRunId?: string | undefined;
  readonly parameters?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
}

type Store = ReturnType<typeof loggedModelStore>;

/**
 * Models that MLflow 3's clients log: begun before their files are there, made ready or failed after.
 * A deleted one is hidden, yet takes what its training still sends: nobody's training ends because of it.
 */
export function createLoggedModelVerbs(
  { db, clock, changes, lineage }: ExperimentsDependencies,
  getExperiment: (id: string, workspace: string) => Promise<Experiment>,
  assertRun: (id: string, workspace: string) => Promise<unknown>,
) {
  async function getModelRecord(id: string, workspace: string): Promise<LoggedModelRecord> {
    const found = await loggedModelStore(db).find(workspace, id);
    if (!found) throw errors.loggedModelNotFound({ model: id });
    return found;
  }

  /** A change of a model that is there, with its audit row. */
  async function change(
    id: string,
    action: string,
    caller: Caller,
    work: (store: Store, model: LoggedModelState) => Promise<Record<string, unknown>>,
  ): Promise<void> {
    await changes.run(caller, async (tx, record) => {
      const store = loggedModelStore(tx);
      const model = await store.findState(caller.workspace, id);
      if (!model) throw errors.loggedModelNotFound({ model: id });
      const detail = await work(store, model);
      record({ action, subject: toUri('logged-model', id), detail: { name: model.name, ...detail } });
    });
  }

  async function insert(tx: Db, id: string, start: LoggedModelStart & { name: string }, caller: Caller) {
    const { experimentId, name, modelType = null, sourceRunId = null, parameters = [], tags = [] } = start;
    const { workspace, actor } = caller;
    const store = loggedModelStore(tx);
    const createdAt = clock.now();
    await store.insert({ id, workspace, experimentId, name, modelType, sourceRunId, actor, createdAt });
    await store.insertParameters(id, maskValues(lastByKey(parameters)));
    await store.saveTags(id, maskValues(lastByKey(tags)));
    const uri = toUri('logged-model', id);
    await lineage.recordNode(tx, { workspace, uri, kind: 'logged-model', digest: null, location: null });
    if (sourceRunId === null) return;
    await lineage.recordEdges(tx, workspace, [
      { from: toUri('run', sourceRunId), to: uri, relation: 'output' },
    ]);
  }

  async function setDeleted(id: string, isDeleted: boolean, caller: Caller): Promise<void> {
    const { lifecycle } = await getModelRecord(id, caller.workspace);
    if (lifecycle === (isDeleted ? 'deleted' : 'active')) return;
    await change(id, isDeleted ? 'loggedModel.deleted' : 'loggedModel.restored', caller, async (store) => {
      const now = clock.now();
      await store.setDeleted(id, isDeleted ? now : null, now);
      return {};
    });
  }

  return {
    getModelRecord,

    async startLoggedModel(start: LoggedModelStart, caller: Caller): Promise<LoggedModelRecord> {
      const name = start.name || newRunName();
      assertModelName(name);
      assertModelType(start.modelType ?? '');
      assertModelParameters(start.parameters ?? []);
      assertModelTags(start.tags ?? []);
      assertExperimentActive(await getExperiment(start.experimentId, caller.workspace));
      if (start.sourceRunId !== undefined) await assertRun(start.sourceRunId, caller.workspace);
      const id = `m-${newRunId()}`;
      await changes.run(caller, async (tx, record) => {
        await insert(tx, id, { ...start, name }, caller);
        record({
          action: 'loggedModel.created',
          subject: toUri('logged-model', id),
          detail: { name, experimentId: start.experimentId, runId: start.sourceRunId ?? null },
        });
      });
      return getModelRecord(id, caller.workspace);
    },

    async finalizeLoggedModel(
      id: string,
      status: LoggedModelStatus,
      caller: Caller,
    ): Promise<LoggedModelRecord> {
      await change(id, 'loggedModel.finalized', caller, async (store) => {
        await store.setStatus(id, status, clock.now());
        return { status };
      });
      return getModelRecord(id, caller.workspace);
    },

    /** Adds parameters. @throws loggedModelParameterImmutable when one has another value already */
    async logModelParameters(id: string, parameters: readonly KeyValue[], caller: Caller): Promise<void> {
      assertModelParameters(parameters);
      await change(id, 'loggedModel.described', caller, async (store) => {
        const given = maskValues(lastByKey(parameters));
        const kept = await store.insertParameters(id, given);
        const values = new Map(given.map(({ key, value }) => [key, value]));
        const changed = kept.find(({ key, value }) => values.get(key) !== value);
        if (changed)
          throw errors.loggedModelParameterImmutable({
            model: id,
            key: changed.key,
            found: changed.value.slice(0, 100),
            given: (values.get(changed.key) ?? '').slice(0, 100),
          });
        return { parameters: given.map(({ key }) => key) };
      });
    },

    async setModelTags(id: string, tags: readonly KeyValue[], caller: Caller): Promise<LoggedModelRecord> {
      assertModelTags(tags);
      await change(id, 'loggedModel.tagged', caller, async (store) => {
        await store.saveTags(id, maskValues(lastByKey(tags)));
        return { tags: tags.map(({ key }) => key) };
      });
      return getModelRecord(id, caller.workspace);
    },

    async deleteModelTag(id: string, key: string, caller: Caller): Promise<void> {
      await change(id, 'loggedModel.untagged', caller, async (store) => {
        if (await store.deleteTag(id, key)) return { tags: [key] };
        throw errors.tagNotFound({ of: `The logged model '${id}'`, key });
      });
    },

    /** Within the transaction in which a run logs them. @throws loggedModelNotFound */
    async saveModelMetrics(tx: Db, metrics: readonly MeasuredMetric[], workspace: string): Promise<void> {
      const ids = [...new Set(metrics.map(({ modelId }) => modelId))];
      const known = await loggedModelStore(tx).listKnown(workspace, ids);
      const unknown = ids.find((id) => !known.has(id));
      if (unknown) throw errors.loggedModelNotFound({ model: unknown });
      await modelMetricStore(tx).save(metrics);
    },

    /**
     * Notes that a model version was made of it, in the tag that MLflow's clients read; in the transaction of whoever
     * creates the version and speaks for it in the audit. @throws loggedModelNotFound
     */
    async recordRegistration(
      tx: Db,
      modelId: string,
      { name, version, workspace }: Registration & { readonly workspace: string },
    ): Promise<void> {
      const store = loggedModelStore(tx);
      await lockKey(tx as Tx, `logged-model/${modelId}`);
      if (!(await store.findState(workspace, modelId))) throw errors.loggedModelNotFound({ model: modelId });
      const value = (await store.findTag(modelId, registrationsTag)) ?? '[]';
      const known = parseRegistrations([{ key: registrationsTag, value }]);
      if (known.some((one) => one.name === name && one.version === version)) return;
      const all = JSON.stringify([...known, { name, version }]);
      await store.saveTags(modelId, [{ key: registrationsTag, value: all }]);
    },

    getLoggedModel: async ({ id }: { id: string }, caller: Caller): Promise<LoggedModel> =>
      toLoggedModel(await getModelRecord(id, caller.workspace)),

    /** Every point that runs measured of it under one key. */
    async modelMetricHistory(
      input: { id: string; key: string; cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<LoggedModelMetric>> {
      const { id, key, cursor, limit = defaultPageSize } = input;
      const after = cursor === undefined ? undefined : decodeCursor(cursor, isPointCursor);
      await getModelRecord(id, caller.workspace);
      const points = await modelMetricStore(db).listPoints(id, key, limit + 1, after);
      const { items, nextCursor } = toPage(points, limit, toPointCursor);
      return { items: items.map(toLoggedModelMetric), nextCursor };
    },

    /** Deleting what is deleted changes nothing. */
    async deleteLoggedModel({ id }: { id: string }, caller: Caller): Promise<Record<string, never>> {
      await setDeleted(id, true, caller);
      return {};
    },

    async restoreLoggedModel({ id }: { id: string }, caller: Caller): Promise<LoggedModel> {
      await setDeleted(id, false, caller);
      return toLoggedModel(await getModelRecord(id, caller.workspace));
    },
  };
}

import { isDeepStrictEqual } from 'node:util';
import type {
  CiRecord,
  ciEndpoints,
  DeclaredTestCases,
  Input,
  ModelTest,
  ModelTestCases,
  ModelVersion,
  modelTestsEndpoints,
  Page,
} from '@tidemill/contract';
import { testScopes } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { OpenRuntime } from '../../adapters/inference/inference.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { ifThere } from '../../base/if-there.ts';
import { decodeCursor, defaultPageSize, isNumber, isText, toPage } from '../../base/page.ts';
import { formatReference, toUri } from '../../base/references.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Features } from '../../data/features/service.ts';
import type { Evaluations } from '../../models/evaluation/service.ts';
import type { Proofs } from '../../models/governance/rules.ts';
import type { Registry } from '../../models/registry/service.ts';
import type { Tasks } from '../../platform/tasks/service.ts';
import { endlessAttempts, withToldEnd } from '../../platform/tasks/told-end.ts';
import type { Endpoints } from '../../serving/endpoints/service.ts';
import type { Experiments } from '../../training/experiments/service.ts';
import type { Learners } from '../../training/learners/service.ts';
import { createModelRows } from './model-rows.ts';
import { ciStatusOf, findFault, isEnded, type StoredTest, toTestProofs, waitingScopes } from './rules.ts';
import { createAcceptanceScope } from './scopes/acceptance.ts';
import { createIntegrationScope } from './scopes/integration.ts';
import { type AskEndpoint, createSystemScope } from './scopes/system.ts';
import { createUnitScope } from './scopes/unit.ts';
import { pipelineStore } from './store.ts';
import { createTestWork } from './test-work.ts';

export type { AskEndpoint } from './scopes/system.ts';

export interface PipelinesDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'cancel'>;
  readonly analytics: Analytics;
  readonly lineage: Pick<Lineage, 'users'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source' | 'verify'>;
  readonly features: Pick<Features, 'tryOnDemand' | 'tryFeatures' | 'resolveView'>;
  readonly experiments: Pick<Experiments, 'getRun'>;
  readonly learners: Pick<Learners, 'parseRecipe' | 'read' | 'train'>;
  readonly registry: Pick<Registry, 'resolve' | 'get' | 'readFile'>;
  readonly evaluations: Pick<Evaluations, 'run'>;
  readonly endpoints: Pick<Endpoints, 'get' | 'probeModel'>;
  readonly openRuntime: OpenRuntime;
  readonly ask: AskEndpoint;
  readonly tempFolder: string;
}

type Tests = typeof modelTestsEndpoints;
type Ci = typeof ciEndpoints;

const taskKind = 'model-test';
const allowedFailures = 3;
/** Newest tests of a version that are looked through for the newest result of each scope. */
const lookedThrough = 50;
const ciLookedThrough = 200;

/** Tests of model versions in four scopes, and what CI says of the commits they were made from. */
export function createPipelines(deps: PipelinesDependencies) {
  const { db, changes, clock, tasks, registry } = deps;
  const rows = createModelRows(deps);
  const { work, fail } = createTestWork({
    ...deps,
    scopes: {
      unit: createUnitScope({ ...deps, rows }),
      integration: createIntegrationScope(deps),
      system: createSystemScope({ ...deps, rows }),
      acceptance: createAcceptanceScope({ rows }),
    },
  });
  tasks.register<unknown>(
    taskKind,
    { concurrency: 2, maximumAttempts: endlessAttempts },
    withToldEnd(work, { allowedFailures: () => allowedFailures, fail }),
  );

  const find = ({ name, version }: { name: string; version: string }, workspace: string) =>
    registry.resolve(formatReference(name, version), workspace);
  const keyOf = (workspace: string, { model, version }: ModelVersion) => ({ workspace, model, version });

  async function getStored(id: string, workspace: string): Promise<StoredTest> {
    const found = await pipelineStore(db).find(workspace, id);
    if (!found) throw errors.modelTestNotFound({ id });
    return found;
  }

  /** The commit of its run, and whether the code was changed beside it. */
  async function commitOf({ runId }: ModelVersion, caller: Caller) {
    const run = runId === null ? null : await ifThere(deps.experiments.getRun({ id: runId }, caller));
    const tags = run?.tags ?? {};
    const commit = tags['mlflow.source.git.commit']?.toLowerCase() ?? null;
    const isDirty =
      /^true$/i.test(tags['mlflow.source.git.dirty'] ?? '') || Boolean(tags['mlflow.source.git.diff']);
    return { commit, isDirty };
  }

  return {
    /** Cases that could never be run are refused now, not at the first test. @throws testCaseInvalid */
    async putCases(input: Input<Tests['putCases']>, caller: Caller): Promise<DeclaredTestCases> {
      const { name: model, ...given } = input;
      assertCases(model, given);
      const { features = [], acceptance = [] } = given;
      return changes.run(caller, async (tx, record) => {
        const store = pipelineStore(tx);
        const before = await store.findCases(caller.workspace, model);
        // Declaring the same cases again must not make earlier results stale.
        if (before && isDeepStrictEqual(before, { ...before, features, acceptance })) return before;
        const cases = { model, features, acceptance, updatedAt: clock.now() };
        await store.saveCases(caller.workspace, cases, caller.actor);
        const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
        record({
          action: 'model.testCasesPut',
          subject: toUri('test-cases', model),
          detail: { features: names(features), acceptance: names(acceptance) },
        });
        return cases;
      });
    },

    /** @throws testCaseInvalid */
    assertCases,

    async getCases({ name }: Input<Tests['getCases']>, caller: Caller): Promise<DeclaredTestCases> {
      const found = await pipelineStore(db).findCases(caller.workspace, name);
      if (!found) throw errors.testCasesNotFound({ model: name });
      return found;
    },

    /** One test of a version at a time: who asks again meanwhile gets the one that runs. */
    async start(input: Input<Tests['start']>, caller: Caller): Promise<ModelTest> {
      const { workspace } = caller;
      const version = await find(input, workspace);
      const key = keyOf(workspace, version);
      const test: StoredTest = {
        ...key,
        ...{
          id: newId('mt'),
          state: 'queued',
          scopes: waitingScopes(input.scopes ?? testScopes),
          error: null,
        },
        ...{ createdAt: clock.now(), createdBy: caller.actor, finishedAt: null },
      };
      return changes.run(caller, async (tx, record) => {
        const store = pipelineStore(tx);
        await store.lockVersion(key);
        const open = await store.findOpen(key);
        if (open) return toTest(open);
        await store.insert(test);
        const { id } = test;
        const task = {
          id,
          kind: taskKind,
          workspace,
          subject: version.uri,
          payload: {},
          actor: caller.actor,
        };
        await tasks.enqueue(tx, { ...task, maximumAttempts: endlessAttempts });
        const scopes = test.scopes.map(({ scope }) => scope);
        record({ action: 'model.testStarted', subject: version.uri, detail: { test: id, scopes } });
        return toTest(test);
      });
    },

    async list(input: Input<Tests['list']>, caller: Caller): Promise<Page<ModelTest>> {
      const version = await find(input, caller.workspace);
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const found = await pipelineStore(db).list(keyOf(caller.workspace, version), before, limit + 1);
      const page = toPage(found, limit, ({ id }) => id);
      return { ...page, items: page.items.map(toTest) };
    },

    get: async ({ id }: { id: string }, caller: Caller): Promise<ModelTest> =>
      toTest(await getStored(id, caller.workspace)),

    /** @throws modelTestEnded */
    async cancel({ id }: { id: string }, caller: Caller): Promise<ModelTest> {
      const test = await getStored(id, caller.workspace);
      await changes.run(caller, async (tx, record) => {
        const change = { state: 'cancelled', error: `cancelled by ${caller.actor}` } as const;
        if (!(await pipelineStore(tx).update(caller.workspace, id, { ...change, finishedAt: clock.now() })))
          throw errors.modelTestEnded({
            id,
            state: (await pipelineStore(tx).find(caller.workspace, id))?.state ?? 'gone',
          });
        await tasks.cancel(tx, id);
        const subject = toUri('model', test.model, test.version);
        record({ action: 'model.testCancelled', subject, detail: { test: id } });
      });
      return toTest(await getStored(id, caller.workspace));
    },

    async recordCi(input: Input<Ci['record']>, caller: Caller): Promise<CiRecord> {
      const { commit, status, name = 'ci', url = null } = input;
      return changes.run(caller, async (tx, record) => {
        const said = { commit, name, status, url, createdAt: clock.now(), createdBy: caller.actor };
        await pipelineStore(tx).insertCi(caller.workspace, said);
        record({ action: 'ci.recorded', subject: toUri('commit', commit), detail: { name, status, url } });
        return said;
      });
    },

    async listCi(input: Input<Ci['list']>, caller: Caller): Promise<Page<CiRecord>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isNumber);
      const filter = { workspace: caller.workspace, commit: input.commit, before, limit: limit + 1 };
      const page = toPage(await pipelineStore(db).listCi(filter), limit, ({ seq }) => seq);
      return { ...page, items: page.items.map(({ seq: _, ...record }) => record) };
    },

    /** The newest tests of a version (50), and what CI said of its commit; the newest first. */
    async recordsOf(version: ModelVersion, caller: Caller) {
      const { workspace } = caller;
      const store = pipelineStore(db);
      const tests = await store.list(keyOf(workspace, version), undefined, lookedThrough);
      const { commit } = await commitOf(version, caller);
      const ci = commit === null ? [] : await store.listCi({ workspace, commit, limit: ciLookedThrough });
      return { tests: tests.map(toTest), ci: ci.map(({ seq: _, ...record }) => record) };
    },

    /** What gates and approvals may ask of a version. */
    async proofsOf(version: ModelVersion, caller: Caller): Promise<Proofs> {
      const { workspace } = caller;
      const store = pipelineStore(db);
      const tests = (await store.list(keyOf(workspace, version), undefined, lookedThrough)).filter(isEnded);
      const cases = await store.findCases(workspace, version.model);
      const { commit, isDirty } = await commitOf(version, caller);
      const said = commit === null ? [] : await store.listCi({ workspace, commit, limit: ciLookedThrough });
      return {
        tests: toTestProofs(tests, cases?.updatedAt ?? 0),
        ci: { commit, isDirty, status: ciStatusOf(said) },
      };
    },

    renameIn: (tx: Db, workspace: string, name: string, to: string): Promise<void> =>
      pipelineStore(tx).rename(workspace, name, to),
  };
}

export type Pipelines = ReturnType<typeof createPipelines>;

function assertCases(model: string, cases: ModelTestCases): void {
  const fault = findFault(cases);
  if (fault) throw errors.testCaseInvalid({ model, case: fault.name, reason: fault.reason });
}

const toTest = ({ workspace: _, version, ...test }: StoredTest): ModelTest => ({
  ...test,
  model: formatReference(test.model, version),
});

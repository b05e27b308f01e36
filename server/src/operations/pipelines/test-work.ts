/** The task of one test: scope after scope, each kept before the next, so that a killed test goes on where it was. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScopeResult, TestScope } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import { type Caller, systemCaller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import type { TidemillError } from '../../base/errors.ts';
import { formatReference, toUri } from '../../base/references.ts';
import type { Registry } from '../../models/registry/service.ts';
import type { TaskContext, TaskEnd, TaskOutcome } from '../../platform/tasks/service.ts';
import { isEnded, outcomeOf, type StoredTest, stateOf } from './rules.ts';
import type { Scope } from './scopes/scope.ts';
import { pipelineStore } from './store.ts';

export interface TestWorkDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly registry: Pick<Registry, 'resolve'>;
  readonly tempFolder: string;
  readonly scopes: Readonly<Record<TestScope, Scope>>;
}

type Task = TaskContext<unknown>;

export function createTestWork(deps: TestWorkDependencies) {
  const { db, changes, clock, registry, scopes } = deps;

  async function runAll(test: StoredTest, task: Task, folder: string): Promise<ScopeResult[]> {
    const { workspace } = task;
    const caller: Caller = { ...systemCaller('tests', workspace), actor: task.actor };
    const version = await registry.resolve(formatReference(test.model, test.version), workspace);
    const declared = await pipelineStore(db).findCases(workspace, test.model);
    const cases = declared ?? { features: [], acceptance: [] };
    const results = [...test.scopes];
    const tell = () => pipelineStore(db).update(workspace, test.id, { state: 'running', scopes: results });
    for (const [i, { scope, outcome }] of test.scopes.entries()) {
      if (outcome !== 'waiting' && outcome !== 'running') continue;
      results[i] = { scope, outcome: 'running', checks: [], milliseconds: null };
      await tell();
      const begun = performance.now();
      const checks = await scopes[scope]({ version, cases, caller, signal: task.signal, folder });
      const milliseconds = Math.round(performance.now() - begun);
      results[i] = { scope, outcome: outcomeOf(checks), checks, milliseconds };
      await tell();
      await task.saveProgress({ ...task.progress, scope });
    }
    return results;
  }

  async function inFolder<T>(id: string, work: (folder: string) => Promise<T>): Promise<T> {
    const folder = join(deps.tempFolder, `test-${id}`);
    await mkdir(folder, { recursive: true });
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function end(
    task: Task,
    test: StoredTest,
    change: Pick<StoredTest, 'state' | 'scopes' | 'error'>,
    taskEnd: TaskEnd,
  ): Promise<void> {
    const caller: Caller = { ...systemCaller('tests', task.workspace), actor: task.actor };
    await changes.run(caller, async (tx, record) => {
      const isMine = await pipelineStore(tx).update(task.workspace, test.id, {
        ...change,
        finishedAt: clock.now(),
      });
      await task.settle(tx, taskEnd);
      if (isMine) record(toldEnd({ ...test, ...change }));
    });
  }

  return {
    async work(task: Task): Promise<TaskOutcome> {
      const test = await pipelineStore(db).find(task.workspace, task.id);
      if (!test || isEnded(test)) return { done: {} };
      const scopes = await inFolder(task.id, (folder) => runAll(test, task, folder));
      const state = stateOf(scopes);
      await end(task, test, { state, scopes, error: null }, { done: { state } });
      return { done: { state } };
    },

    async fail(task: Task, error: TidemillError): Promise<void> {
      const test = await pipelineStore(db).find(task.workspace, task.id);
      if (!test || isEnded(test)) return;
      const { message } = error;
      await end(task, test, { state: 'error', scopes: test.scopes, error: message }, { failed: message });
    },
  };
}

const toldEnd = ({ id, model, version, state, scopes, error }: StoredTest): Change => ({
  action: 'model.tested',
  subject: toUri('model', model, version),
  detail: {
    ...{ test: id, name: model, version: String(version), state, error },
    scopes: Object.fromEntries(scopes.map(({ scope, outcome }) => [scope, outcome])),
  },
});

import type { MetricPoint, Page } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { decodeCursor, defaultPageSize, toPage } from '../../base/page.ts';
import type { ExperimentsDependencies } from './dependencies.ts';
import { assertBatch, assertRunTags } from './limits.ts';
import { createLogWriter, type LogEntry } from './log-writer.ts';
import { type HistoryCursor, isHistoryCursor, metricStore, toHistoryCursor } from './metric-store.ts';
import { finiteOrNull, type MetricValue, maskValues, type RunBatch } from './rules.ts';
import { runStore } from './run-store.ts';
import { createRunWriter } from './run-writer.ts';
import type { SummaryPreparation } from './summary-preparation.ts';

export interface LogBatchInput {
  readonly id: string;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly metrics?:
    | readonly {
        key: string;
        value: number | null;
        timestamp?: number | undefined;
        step?: number | undefined;
      }[]
    | undefined;
}

export interface LogRestInput extends Pick<LogBatchInput, 'id' | 'metrics'> {
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** What is written down while a run runs. It carries the run's actor, so it has no audit rows of its own. */
export function createLogVerbs({ db, clock }: ExperimentsDependencies, preparation: SummaryPreparation) {
  const writeTo = createRunWriter(db);
  const write = createLogWriter(db);

  /**
   * All or nothing, and durable once fulfilled. `alongside` writes more in the same transaction.
   * @throws parameterImmutable when a parameter has another value already
   */
  async function log(
    id: string,
    batch: RunBatch,
    workspace: string,
    alongside?: LogEntry['alongside'],
  ): Promise<void> {
    assertBatch(batch);
    const { metrics, parameters, tags } = batch;
    const shown = { metrics, parameters: maskValues(parameters), tags: maskValues(tags) };
    await write({ runId: id, workspace, batch: shown, ...(alongside && { alongside }) });
    preparation.noteLogged(id, batch.metrics.length);
  }

  async function listPoints(
    input: { id: string; key: string; cursor?: string | undefined; limit?: number | undefined },
    workspace: string,
  ): Promise<Page<MetricValue>> {
    const { id, key, cursor, limit } = input;
    const after: HistoryCursor | undefined =
      cursor === undefined ? undefined : decodeCursor(cursor, isHistoryCursor);
    const run = await runStore(db).findState(workspace, id);
    if (!run) throw errors.runNotFound({ run: id });
    const most = limit === undefined ? undefined : limit + 1;
    const points = await metricStore(db).listPoints(id, key, most, after);
    return toPage(points, limit ?? points.length, toHistoryCursor);
  }

  async function logBatch(input: LogBatchInput, caller: Caller): Promise<Record<string, never>> {
    const now = clock.now();
    const metrics = (input.metrics ?? []).map(({ key, value, timestamp = now, step = 0 }) => ({
      key,
      value: value ?? Number.NaN,
      timestamp,
      step,
    }));
    const batch = { parameters: toList(input.parameters), metrics, tags: toList(input.tags) };
    await log(input.id, batch, caller.workspace);
    return {};
  }

  return {
    log,
    /** With infinities and NaN as they are; everything at once where there is no limit. */
    listPoints,

    /** Those behind one that was read before, in the order of time; null begins at the first. */
    async listPointsAfter(
      { id, key, after, limit }: { id: string; key: string; after: MetricValue | null; limit: number },
      workspace: string,
    ): Promise<MetricValue[]> {
      if (!(await runStore(db).findState(workspace, id))) return [];
      return metricStore(db).listPoints(id, key, limit, after ? toHistoryCursor(after) : undefined);
    },

    /** One run after the other, at most `limit` points in all. Runs that are not there have none. */
    async listPointsOfRuns(
      input: { runIds: readonly string[]; key: string; limit: number },
      workspace: string,
    ): Promise<(MetricValue & { readonly runId: string })[]> {
      const points: (MetricValue & { readonly runId: string })[] = [];
      const known = await runStore(db).listStates(input.runIds, false);
      const found = new Set(known.flatMap((run) => (run.workspace === workspace ? [run.state.id] : [])));
      for (const runId of new Set(input.runIds)) {
        const rest = input.limit - points.length;
        if (rest <= 0) break;
        if (!found.has(runId)) continue;
        for (const point of await metricStore(db).listPoints(runId, input.key, rest))
          points.push({ ...point, runId });
      }
      return points;
    },

    logBatch,

    /** Of parameters only those that the run has not got yet: what ran has logged them in its own spelling (1.0 for 1). */
    async logRest({ id, parameters, metrics = [] }: LogRestInput, caller: Caller): Promise<void> {
      const names = Object.keys(parameters);
      const known = names.length === 0 ? [] : await runStore(db).listParameters(id, names);
      const missing = names.filter((name) => !known.some(({ key }) => key === name));
      if (missing.length + metrics.length === 0) return;
      const texts = missing.map((name) => [name, String(parameters[name])]);
      await logBatch({ id, parameters: Object.fromEntries(texts), metrics }, caller);
    },

    async deleteTag(id: string, key: string, workspace: string): Promise<void> {
      assertRunTags([{ key, value: '' }]);
      await writeTo(id, workspace, async (tx) => {
        if (await runStore(tx).deleteTag(id, key)) return;
        throw errors.tagNotFound({ of: `The run '${id}'`, key });
      });
    },

    async metricHistory(
      input: { id: string; key: string; cursor?: string | undefined; limit?: number | undefined },
      caller: Caller,
    ): Promise<Page<MetricPoint>> {
      const limit = input.limit ?? defaultPageSize;
      const { items, nextCursor } = await listPoints({ ...input, limit }, caller.workspace);
      return { items: items.map((point) => ({ ...point, value: finiteOrNull(point.value) })), nextCursor };
    },
  };
}

const toList = (texts: Readonly<Record<string, string>> = {}): KeyValue[] =>
  Object.entries(texts).map(([key, value]) => ({ key, value }));

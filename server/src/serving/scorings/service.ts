import { appendFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  DatasetVersion,
  Input,
  ModelVersion,
  Page,
  Scoring,
  scoringsEndpoints,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Analytics, ColumnDefinition, TableSource } from '../../adapters/analytics/analytics.ts';
import type { OpenRuntime } from '../../adapters/inference/inference.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { toUri } from '../../base/references.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Registry } from '../../models/registry/service.ts';
import type { Task, TaskContext, TaskOutcome, Tasks } from '../../platform/tasks/service.ts';
import { type ColumnScorer, createColumnScorer, type Endpoints, inputNames } from '../endpoints/service.ts';
import { assertColumns, inputText, type ScoringPayload, toScoring } from './rules.ts';

export interface ScoringsDependencies {
  readonly analytics: Pick<Analytics, 'columns' | 'copy' | 'query'>;
  readonly changes: Changes;
  readonly tasks: Pick<Tasks, 'register' | 'enqueue' | 'cancel' | 'find' | 'list'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source' | 'commitParquet'>;
  readonly registry: Pick<Registry, 'resolve' | 'onnxFile' | 'pythonModel'>;
  readonly endpoints: Pick<Endpoints, 'get'>;
  readonly openRuntime: OpenRuntime;
  /** What a killed server has done so far: `<data>/scorings` */
  readonly folder: string;
  /** Rows that are asked together, and those that are kept together; 8,192 and 131,072. */
  readonly chunkRows?: number;
  readonly partRows?: number;
}

type Contract = typeof scoringsEndpoints;

const taskKind = 'batch-scoring';
const rowName = '__tidemill_row';

const lineColumns: readonly ColumnDefinition[] = [
  { name: rowName, type: 'integer' },
  { name: 'number', type: 'double' },
  { name: 'label', type: 'text' },
  { name: 'outputs', type: 'text' },
  { name: 'problem', type: 'text' },
];

/** Every row of a dataset version through a model, as a task: part by part, so that a killed server goes on where it was. */
export function createScorings(deps: ScoringsDependencies) {
  const { analytics, changes, tasks, datasets, registry, chunkRows = 8192, partRows = 131_072 } = deps;
  tasks.register<ScoringPayload>(taskKind, { concurrency: 1 }, run);

  const folderOf = (id: string): string => join(deps.folder, id);

  async function run(task: TaskContext<ScoringPayload>): Promise<TaskOutcome> {
    await removeOthers(task.id);
    const { payload, workspace } = task;
    const caller: Caller = { actor: task.actor, role: 'editor', workspace };
    const version = await datasets.resolve(payload.dataset, workspace);
    const model = await registry.resolve(payload.model, workspace);
    const folder = folderOf(task.id);
    await mkdir(folder, { recursive: true });
    const input = await bringInput(version, folder, task.signal);
    await scoreParts(task, { version, model, input, folder });
    const result = join(folder, 'result.parquet');
    const unscored = await putTogether(await partsIn(folder), payload, version, result);
    const { rowsPerSecond = null } = task.progress;
    const committed = await datasets.commitParquet(
      {
        name: payload.output,
        path: result,
        message: payload.message,
        provenance: {
          kind: 'scoring',
          inputs: [version.uri, model.uri],
          detail: { ...payload, scoring: task.id },
        },
        // Both or neither: a server that is killed here commits no second version.
        within: (tx, { reference }) => task.settle(tx, { done: { reference, unscored, rowsPerSecond } }),
      },
      caller,
    );
    await rm(folder, { recursive: true, force: true });
    return { done: { reference: committed.reference, unscored, rowsPerSecond } };
  }

  /** The table in one file, whose rows have numbers. */
  async function bringInput(
    version: DatasetVersion,
    folder: string,
    signal: AbortSignal,
  ): Promise<TableSource> {
    const path = join(folder, 'input.parquet');
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      const unfinished = `${path}.unfinished`;
      const tables = { t: await datasets.source(version) };
      await analytics.copy({ sql: 'select * from t', tables, to: unfinished, signal });
      await rename(unfinished, path);
    }
    return { paths: [path], locator: { name: rowName, starts: [0], columns: version.columns } };
  }

  interface Work {
    readonly version: DatasetVersion;
    readonly model: ModelVersion;
    readonly input: TableSource;
    readonly folder: string;
  }

  async function scoreParts(task: TaskContext<ScoringPayload>, work: Work): Promise<void> {
    const { model, folder, version } = work;
    const done = (await partsIn(folder)).length;
    if (done * partRows >= version.rows) return;
    const runtime = await deps.openRuntime(await sourceOf(model));
    try {
      const scorer = createColumnScorer(runtime, model);
      const began = performance.now();
      for (let start = done * partRows; start < version.rows; start += partRows) {
        const end = Math.min(version.rows, start + partRows);
        await scorePart(scorer, work, { start, end, signal: task.signal });
        const seconds = (performance.now() - began) / 1000;
        const rowsPerSecond = Math.round((end - done * partRows) / seconds);
        Object.assign(task.progress, { done: end, rowsPerSecond });
        await task.saveProgress({ ...task.progress });
      }
    } finally {
      await runtime.close();
    }
  }

  async function sourceOf(model: ModelVersion) {
    if (!model.flavors.includes('onnx') && model.flavors.includes('python_function'))
      return { kind: 'python' as const, ...(await registry.pythonModel(model)) };
    const { path } = await registry.onnxFile(model);
    return { kind: 'onnx-process' as const, model: model.reference, path };
  }

  async function scorePart(
    scorer: ColumnScorer,
    { version, input, folder }: Work,
    { start, end, signal }: { start: number; end: number; signal: AbortSignal },
  ): Promise<void> {
    const lines = join(folder, 'lines.ndjson');
    await rm(lines, { force: true });
    const texts = scorer.names.map((name) =>
      inputText(version.columns.find((each) => each.name === name) as never),
    );
    for (let from = start; from < end; from += chunkRows) {
      signal.throwIfAborted();
      const to = Math.min(end, from + chunkRows);
      const { values, rowCount } = await analytics.columns({
        sql: `select ${texts.join(', ')} from t where ${rowName} >= ${from} and ${rowName} < ${to} order by ${rowName}`,
        tables: { t: input },
        signal,
      });
      if (rowCount !== to - from)
        throw new Error(`${version.reference} has ${rowCount} rows of ${to - from}`);
      const scored = await scorer.score(values, rowCount);
      await appendFile(
        lines,
        scored.map((row, i) => `${JSON.stringify({ [rowName]: from + i, ...toCells(row) })}\n`).join(''),
      );
    }
    const path = join(folder, `part-${String(start).padStart(12, '0')}.parquet`);
    await analytics.copy({
      sql: `select t.*, p.number as __number, p.label as __label, p.outputs as __outputs, p.problem as __problem
        from (select * from t where ${rowName} >= ${start} and ${rowName} < ${end}) t join p using (${rowName}) order by ${rowName}`,
      tables: { t: input, p: { paths: [], lines: [lines], columns: lineColumns } },
      to: `${path}.unfinished`,
      signal,
    });
    await rename(`${path}.unfinished`, path);
  }

  /** The parts in their order as one table; columns that say nothing are left out. */
  async function putTogether(
    parts: readonly string[],
    { column }: ScoringPayload,
    { columns, reference }: DatasetVersion,
    to: string,
  ): Promise<number> {
    if (parts.length === 0) throw errors.scoringInvalid({ reason: `${reference} has no rows` });
    const tables = { parts: { paths: parts } };
    const { rows } = await analytics.query({
      sql: `select count(__label)::integer as labels, count(__outputs)::integer as outputs, count(__problem)::integer as problems from parts`,
      tables,
    });
    const [found] = rows;
    const value = Number(found?.labels) > 0 ? 'coalesce(__label, cast(__number as varchar))' : '__number';
    const selected = [
      ...columns.map(({ name }) => quoteName(name)),
      `${value} as ${quoteName(column)}`,
      ...(Number(found?.outputs) > 0 ? ['__outputs as outputs'] : []),
      ...(Number(found?.problems) > 0 ? ['__problem as problem'] : []),
    ];
    await analytics.copy({
      sql: `select ${selected.join(', ')} from parts order by ${rowName}`,
      tables,
      to,
    });
    return Number(found?.problems);
  }

  /** What tasks left that were cancelled, or failed for good. */
  async function removeOthers(id: string): Promise<void> {
    for (const name of await readdir(deps.folder).catch(() => [])) {
      if (name === id) continue;
      const task = await tasks.find(name);
      if (!task || ['succeeded', 'failed', 'cancelled'].includes(task.state))
        await rm(folderOf(name), { recursive: true, force: true });
    }
  }

  async function find(id: string, workspace: string): Promise<Task> {
    const task = await tasks.find(id);
    if (task?.kind !== taskKind || task.workspace !== workspace) throw errors.scoringNotFound({ id });
    return task;
  }

  /** Of an endpoint the model that answers most. */
  async function modelOf(
    { endpoint, model }: Input<Contract['create']>,
    caller: Caller,
  ): Promise<ModelVersion> {
    if ((endpoint === undefined) === (model === undefined))
      throw errors.scoringInvalid({ reason: 'it names an endpoint or a model version, one of the two' });
    if (endpoint === undefined) return registry.resolve(model ?? '', caller.workspace);
    const { live } = await deps.endpoints.get({ name: endpoint }, caller);
    const [main] = live.variants.filter(({ shadow }) => !shadow).sort((a, b) => b.weight - a.weight);
    return registry.resolve(main?.model ?? '', caller.workspace);
  }

  return {
    async create(input: Input<Contract['create']>, caller: Caller): Promise<Scoring> {
      const model = await modelOf(input, caller);
      const dataset = await datasets.resolve(input.dataset, caller.workspace);
      const payload: ScoringPayload = {
        endpoint: input.endpoint ?? null,
        model: model.reference,
        dataset: dataset.reference,
        rows: dataset.rows,
        output: input.output,
        column: input.column ?? 'prediction',
        message: input.message ?? `${model.reference} on ${dataset.reference}`,
      };
      assertColumns(dataset, inputNames(model), payload);
      const { workspace, actor } = caller;
      const id = newId('scoring');
      await changes.run(caller, async (tx, note) => {
        const subject = toUri('model', model.reference);
        await tasks.enqueue(tx, { id, kind: taskKind, workspace, subject, payload, actor });
        note({ action: 'scoring.begun', subject, detail: { scoring: id, ...payload } });
      });
      return toScoring(await find(id, workspace));
    },

    get: async ({ id }: { id: string }, { workspace }: Caller): Promise<Scoring> =>
      toScoring(await find(id, workspace)),

    async list(input: Input<Contract['list']>, { workspace }: Caller): Promise<Page<Scoring>> {
      const { items, nextCursor } = await tasks.list({ ...input, workspace, kind: taskKind });
      return { items: items.map(toScoring), nextCursor };
    },

    /** @throws scoringEnded */
    async cancel({ id }: { id: string }, caller: Caller): Promise<Scoring> {
      const task = await find(id, caller.workspace);
      await changes.run(caller, async (tx, note) => {
        if (!(await tasks.cancel(tx, id))) throw errors.scoringEnded({ id, state: task.state });
        note({ action: 'scoring.cancelled', subject: task.subject, detail: { scoring: id } });
      });
      return toScoring(await find(id, caller.workspace));
    },
  };
}

export type Scorings = ReturnType<typeof createScorings>;

const toCells = ({ value, outputs, problem }: Awaited<ReturnType<ColumnScorer['score']>>[number]) => ({
  number: typeof value === 'number' ? value : null,
  label:
    value === null || typeof value === 'number'
      ? null
      : typeof value === 'string'
        ? value
        : JSON.stringify(value),
  outputs: outputs && JSON.stringify(outputs),
  problem,
});

async function partsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /^part-\d+\.parquet$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

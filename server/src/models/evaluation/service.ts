import type {
  DatasetVersion,
  Evaluation,
  EvaluationSummary,
  evaluationEndpoints,
  Input,
  ModelVersion,
  Page,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { parseReference, toUri } from '../../base/references.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Registry } from '../registry/service.ts';
import { type JudgeOptions, judgeModels, type RunModels } from './model-judge.ts';
import { assertWithoutChampion, judgePredictions, judgeRows, toEvaluation } from './prediction-judge.ts';
import { assertInputs, createPredictors, type Judged, type PredictorDependencies } from './predictors.ts';
import { inferTask } from './reading/classes.ts';
import { readPredictions } from './reading/prediction-table.ts';
import { findWindow, readWindow, type WindowTable } from './reading/window-table.ts';
import {
  compare,
  type EvaluationInput,
  type EvaluationRequest,
  isOfSets,
  rankTimes,
  toInput,
  type WindowBounds,
} from './rules.ts';
import { judgeSets } from './set-judge.ts';
import { evaluationStore } from './store.ts';

export interface EvaluationsDependencies extends PredictorDependencies {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'onnxFile' | 'pythonModel'>;
  readonly analytics: Analytics;
  readonly compute: Pick<Compute, 'compute'>;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges'>;
  readonly clock: Clock;
}

type Contract = typeof evaluationEndpoints;

type InTime = EvaluationInput & { readonly timeColumn: string };

interface Sides {
  readonly candidate: Judged;
  readonly champion: Judged | null;
  readonly baseline: Float64Array | null;
}

/** Judges a model on rows it has never seen, in order of time, beside the naive rule and the champion. */
export function createEvaluations(deps: EvaluationsDependencies) {
  const { db, registry, datasets, analytics, changes, lineage, clock } = deps;
  const predictors = createPredictors(deps);

  async function readSides(
    input: InTime,
    models: { candidate: ModelVersion; champion: ModelVersion | null },
    table: WindowTable,
    bounds: WindowBounds,
    workspace: string,
    signal?: AbortSignal,
  ): Promise<Sides> {
    const window = { bounds, label: table.from, timeColumn: input.timeColumn };
    const candidate = await predictors.predictUnseen(models.candidate, table, window, workspace, signal);
    const champion = models.champion
      ? await predictors.predictUnseen(models.champion, table, window, workspace, signal)
      : null;
    const baseline = input.baseline === undefined ? null : getColumn(table, input.baseline);
    return { candidate, champion, baseline };
  }

  /** Edges from what was read, and from the model where one is named. */
  async function record(
    evaluation: Evaluation,
    model: ModelVersion | null,
    tables: readonly { readonly uri: string }[],
    caller: Caller,
  ): Promise<Evaluation> {
    const { workspace } = caller;
    const uri = toUri('evaluation', evaluation.id);
    await changes.run(caller, async (tx, note) => {
      const key = { workspace, model: model?.model ?? '', version: model?.version ?? 0 };
      await evaluationStore(tx).insert(key, evaluation);
      await lineage.recordNode(tx, { workspace, uri, kind: 'evaluation', digest: null, location: null });
      const sources = [...(model ? [model] : []), ...tables];
      await lineage.recordEdges(
        tx,
        workspace,
        sources.map(({ uri: from }) => ({ from, to: uri, relation: 'evaluated' })),
      );
      const { dataset, metrics, refitted, source } = evaluation;
      note({
        action: 'model.evaluated',
        subject: uri,
        detail: { model: evaluation.model, source, dataset, metrics, refitted },
      });
    });
    return evaluation;
  }

  const finish = (
    judged: Omit<Evaluation, 'id' | 'createdAt' | 'createdBy'>,
    caller: Caller,
  ): Evaluation => ({
    id: newId('ev'),
    ...judged,
    createdAt: clock.now(),
    createdBy: caller.actor,
  });

  async function evaluateTable(input: EvaluationInput, caller: Caller, signal: AbortSignal) {
    const { workspace } = caller;
    const model = input.model === undefined ? null : await registry.resolve(input.model, workspace);
    if (isOfSets(input)) {
      assertWithoutChampion(input);
      return judgeSets({ ...deps, predictors }, input, null, workspace, { signal }, (judged, table) =>
        record(finish({ ...judged, model: model?.reference ?? null }, caller), model, table.versions, caller),
      );
    }
    return judgePredictions(deps, input, caller, signal, (judged, table) =>
      record(finish({ ...judged, model: model?.reference ?? null }, caller), model, table.versions, caller),
    );
  }

  /** A regression in order of time is judged on rows it has not seen; other models as they are. */
  async function evaluateModel(input: EvaluationInput, caller: Caller, options: JudgeOptions) {
    const { signal } = options;
    const { workspace } = caller;
    const { model, champion: other } = assertModel(input);
    const candidate = await registry.resolve(model, workspace);
    const champion = other === undefined ? null : await registry.resolve(other, workspace);
    if (isOfSets(input))
      return judgeSets(
        { ...deps, predictors },
        input,
        { candidate, champion },
        workspace,
        options,
        (judged, table) =>
          record(
            finish({ ...judged, model: candidate.reference }, caller),
            candidate,
            table.versions,
            caller,
          ),
      );
    const { dataset, timeColumn } = input;
    if (dataset !== undefined && timeColumn !== undefined && input.sql === undefined) {
      const version = await datasets.resolve(dataset, workspace);
      const label = version.columns.find(({ name }) => name === input.target);
      if (!label || inferTask(input.task, {}, label) === 'regression')
        return evaluateInTime({ ...input, timeColumn }, { candidate, champion }, version, caller, signal);
    }
    return judgeModels(
      { ...deps, predictors },
      input,
      { candidate, champion },
      workspace,
      options,
      (judged, table) =>
        record(finish({ ...judged, model: candidate.reference }, caller), candidate, table.versions, caller),
    );
  }

  async function evaluateInTime(
    input: InTime,
    { candidate, champion }: RunModels,
    dataset: DatasetVersion,
    caller: Caller,
    signal: AbortSignal,
  ) {
    const { workspace } = caller;
    for (const model of [candidate, ...(champion ? [champion] : [])]) assertInputs(model, dataset);
    const source = await datasets.source(dataset);
    const bounds = await findWindow(analytics, dataset, source, input);
    const columns = listColumns(input, candidate, champion);
    const table = await readWindow(analytics, dataset, source, { ...input, bounds, columns }, signal);
    const sides = await readSides(input, { candidate, champion }, table, bounds, workspace, signal);
    const { reference, columns: heads, rows } = dataset;
    const judgedTable = { reference, columns: heads, rows, source, sql: null, versions: [dataset] };
    const read = await readPredictions(analytics, judgedTable, { ...input, task: 'regression' }, signal, []);
    const named = (name: string, values: Float64Array) => ({
      prediction: { name: `the output of ${name}`, values },
      score: null,
      probabilities: null,
    });
    const rivals = [
      ...(sides.champion && champion
        ? [
            {
              kind: 'champion' as const,
              name: champion.reference,
              ...named(champion.reference, sides.champion.prediction),
            },
          ]
        : []),
      ...read.judged.rivals,
    ];
    const own = named(candidate.reference, sides.candidate.prediction);
    // Rows of one time are no independent evidence: `compare` averages them.
    const judged = { ...read.judged, ...own, rivals, areRowsIndependent: false };
    const judgement = await judgeRows(deps.compute, judged, signal);
    const found = toEvaluation(input, judgedTable, { ...read, judged }, judgement);
    const evaluation = {
      source: 'model' as const,
      ...found,
      ...describe(input, table, sides),
      model: candidate.reference,
      champion: found.champion && { ...found.champion, refitted: sides.champion?.refitted ?? false },
      notes: [...sides.candidate.notes, ...(sides.champion?.notes ?? []), ...found.notes],
    };
    return record(
      finish({ ...evaluation, notes: [...new Set(evaluation.notes)] }, caller),
      candidate,
      [dataset],
      caller,
    );
  }

  return {
    /** A registered model on rows it has not seen, or the predictions that a table holds. */
    async evaluate(
      request: EvaluationRequest,
      caller: Caller,
      signal: AbortSignal = neverAborted,
      onStep?: (step: string) => void,
    ): Promise<Evaluation> {
      const input = toInput(request);
      if (input.predictions) return evaluateTable(input, caller, signal);
      return evaluateModel(input, caller, { signal, ...(onStep && { onStep }) });
    },

    /** When the rows begin on which a request of this dataset and window would judge. */
    async findStart(
      input: Pick<EvaluationInput, 'window'> & { readonly dataset: string; readonly timeColumn: string },
      { workspace }: Caller,
    ): Promise<Date> {
      const version = await datasets.resolve(input.dataset, workspace);
      const { from } = await findWindow(analytics, version, await datasets.source(version), input);
      return new Date(Math.floor(from / 1000));
    },

    async get({ id }: { id: string }, caller: Caller): Promise<Evaluation> {
      const found = await evaluationStore(db).find(caller.workspace, id);
      if (!found) throw errors.evaluationNotFound({ id });
      return found;
    },

    /** A model or a dataset without a version means all of its versions. */
    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<EvaluationSummary>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const { task, source, dataset } = input;
      const filter = { ...(await toFilter(input.model, caller.workspace)), task, source, dataset, before };
      const rows = await evaluationStore(db).list({
        ...filter,
        workspace: caller.workspace,
        limit: limit + 1,
      });
      return toPage(rows, limit, (evaluation) => evaluation.id);
    },

    /** What the registered model itself gives for columns of its inputs: a number per row, or one for each class. */
    run: (model: ModelVersion, rows: number, columns: ReadonlyMap<string, Float64Array>) =>
      predictors.predictColumns(model, { rows, columns }),

    /** The registered model's own predictions for a table's rows, in the table's order. */
    async scoreRows(
      model: ModelVersion,
      version: DatasetVersion,
      source: TableSource,
    ): Promise<Float64Array> {
      assertInputs(model, version);
      const names = model.inputs.map((input) => input.name);
      const parts = names.map((name, i) => `cast(${quoteName(name)} as double) as c${i}`);
      const reply = await analytics.columns({
        sql: `select ${parts.join(', ')} from scored`,
        tables: { scored: source },
      });
      const columns = new Map(names.map((name, i) => [name, reply.values[i] as Float64Array]));
      return predictors.predict(model, { rows: reply.rowCount, columns });
    },
  };

  async function toFilter(model: string | undefined, workspace: string) {
    if (model === undefined) return {};
    if (!model.includes('@')) return { model: parseReference(model).name };
    const { model: name, version } = await registry.resolve(model, workspace);
    return { model: name, version };
  }
}

export type Evaluations = ReturnType<typeof createEvaluations>;

const neverAborted = new AbortController().signal;

/** @throws evaluationRequestInvalid */
function assertModel(input: EvaluationInput): EvaluationInput & { readonly model: string } {
  const { model, against } = input;
  const remedy = "Name a 'model', or the columns of 'predictions'";
  if (model === undefined)
    throw errors.evaluationRequestInvalid({ reason: 'it names nothing to judge', remedy });
  if (against)
    throw errors.evaluationRequestInvalid({
      reason: "'against' is for tables that hold the predictions",
      remedy: "Name the other model as 'champion'",
    });
  return { ...input, model };
}

function listColumns(input: InTime, ...models: (ModelVersion | null)[]): string[] {
  const inputs = models.flatMap((model) => model?.inputs.map(({ name }) => name) ?? []);
  return [input.target, ...(input.baseline === undefined ? [] : [input.baseline]), ...inputs];
}

const getColumn = (table: WindowTable, name: string): Float64Array =>
  table.columns.get(name) ?? new Float64Array();

function describe(input: InTime, table: WindowTable, { candidate, champion, baseline }: Sides) {
  const truth = getColumn(table, input.target);
  const ranks = rankTimes(table.times);
  const against = (other: Float64Array) =>
    compare({ truth, candidate: candidate.prediction, other, ranks, seed: input.seed ?? 1 });
  return {
    window: { from: table.from, to: table.to, rows: table.rows },
    refitted: candidate.refitted,
    againstBaseline: baseline && against(baseline),
    againstChampion: champion && against(champion.prediction),
  };
}

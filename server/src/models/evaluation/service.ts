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
import { judgePredictions } from './prediction-judge.ts';
import { assertInputs, createPredictors, type Judged, type PredictorDependencies } from './predictors.ts';
import { findWindow, readWindow, type WindowTable } from './reading/window-table.ts';
import { choosePoints, compare, type EvaluationInput, judge, rankTimes, type WindowBounds } from './rules.ts';
import { evaluationStore } from './store.ts';

export interface EvaluationsDependencies extends PredictorDependencies {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'onnxFile'>;
  readonly analytics: Analytics;
  readonly compute: Pick<Compute, 'compute'>;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges'>;
  readonly clock: Clock;
}

type Contract = typeof evaluationEndpoints;

/** A registered model that is run on the rows of a dataset version, in order of time. */
type ModelInput = EvaluationInput & { model: string; dataset: string; timeColumn: string };

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
    input: ModelInput,
    models: { candidate: ModelVersion; champion: ModelVersion | null },
    table: WindowTable,
    bounds: WindowBounds,
    workspace: string,
    signal?: AbortSignal,
  ): Promise<Sides> {
    const window = { bounds, label: table.labels[0] ?? '' };
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
    const model = input.model === undefined ? null : await registry.resolve(input.model, caller.workspace);
    return judgePredictions(deps, input, caller, signal, (judged, table) =>
      record(finish({ ...judged, model: model?.reference ?? null }, caller), model, table.versions, caller),
    );
  }

  async function evaluateModel(input: ModelInput, caller: Caller, signal?: AbortSignal) {
    const { workspace } = caller;
    const candidate = await registry.resolve(input.model, workspace);
    const champion = input.champion === undefined ? null : await registry.resolve(input.champion, workspace);
    const dataset = await datasets.resolve(input.dataset, workspace);
    for (const model of [candidate, ...(champion ? [champion] : [])]) assertInputs(model, dataset);
    const source = await datasets.source(dataset);
    const bounds = await findWindow(analytics, dataset, source, input);
    const columns = listColumns(input, candidate, champion);
    const table = await readWindow(analytics, dataset, source, { ...input, bounds, columns });
    const sides = await readSides(input, { candidate, champion }, table, bounds, workspace, signal);
    const judged = {
      ...{ source: 'model' as const, task: 'regression' as const, sql: null, intervals: {} },
      ...{ slices: [], worst: null, curves: [], confusion: null, residuals: null },
      model: candidate.reference,
      dataset: dataset.reference,
      target: input.target,
      ...describe(input, table, sides, champion),
    };
    return record(finish(judged, caller), candidate, [dataset], caller);
  }

  return {
    /** A registered model on rows it has not seen, or the predictions that a table holds. */
    async evaluate(
      input: EvaluationInput,
      caller: Caller,
      signal: AbortSignal = neverAborted,
    ): Promise<Evaluation> {
      if (input.predictions) return evaluateTable(input, caller, signal);
      return evaluateModel(assertModelInput(input), caller, signal);
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

/** @throws evaluationRequestInvalid naming what is missing */
function assertModelInput(input: EvaluationInput): ModelInput {
  const { model, dataset, timeColumn, sql } = input;
  const lacks = model === undefined ? 'model' : dataset === undefined ? 'dataset' : 'timeColumn';
  if (model === undefined || dataset === undefined || timeColumn === undefined)
    throw errors.evaluationRequestInvalid({
      reason:
        sql === undefined ? `it names no '${lacks}'` : 'a model is run on a dataset version, not on SQL',
      remedy: "Name 'model', 'dataset' and 'timeColumn', or the columns of 'predictions'",
    });
  return { ...input, model, dataset, timeColumn };
}

function listColumns(input: ModelInput, ...models: (ModelVersion | null)[]): string[] {
  const inputs = models.flatMap((model) => model?.inputs.map(({ name }) => name) ?? []);
  return [input.target, ...(input.baseline === undefined ? [] : [input.baseline]), ...inputs];
}

const getColumn = (table: WindowTable, name: string): Float64Array =>
  table.columns.get(name) ?? new Float64Array();

function describe(
  input: ModelInput,
  table: WindowTable,
  { candidate, champion, baseline }: Sides,
  championVersion: ModelVersion | null,
) {
  const truth = getColumn(table, input.target);
  const ranks = rankTimes(table.times);
  const against = (other: Float64Array) =>
    compare({ truth, candidate: candidate.prediction, other, ranks, seed: input.seed ?? 1 });
  return {
    window: { from: table.labels[0] ?? '', to: table.labels.at(-1) ?? '', rows: table.rows },
    metrics: judge(truth, candidate.prediction),
    refitted: candidate.refitted,
    notes: [...new Set([...candidate.notes, ...(champion?.notes ?? [])])],
    baseline: baseline && { name: input.baseline ?? '', metrics: judge(truth, baseline) },
    champion: champion && {
      name: championVersion?.reference ?? '',
      metrics: judge(truth, champion.prediction),
      refitted: champion.refitted,
    },
    againstBaseline: baseline && against(baseline),
    againstChampion: champion && against(champion.prediction),
    series: choosePoints(table.rows).map((row) => ({
      time: table.labels[row] ?? '',
      truth: truth[row] ?? Number.NaN,
      prediction: candidate.prediction[row] ?? Number.NaN,
      baseline: baseline?.[row] ?? null,
      champion: champion?.prediction[row] ?? null,
    })),
  };
}

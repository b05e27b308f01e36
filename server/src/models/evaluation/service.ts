import type {
  DatasetVersion,
  Evaluation,
  evaluationEndpoints,
  Input,
  ModelVersion,
  Page,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { parseReference, toUri } from '../../base/references.ts';
import { quoteName } from '../../base/sql-text.ts';
import type { Registry } from '../registry/service.ts';
import { assertInputs, createPredictors, type Judged, type PredictorDependencies } from './predictors.ts';
import { choosePoints, compare, judge, rankTimes, type WindowBounds } from './rules.ts';
import { evaluationStore } from './store.ts';
import { findWindow, readWindow, type WindowTable } from './window-table.ts';

export interface EvaluationsDependencies extends PredictorDependencies {
  readonly db: Db;
  readonly registry: Pick<Registry, 'resolve' | 'onnxFile'>;
  readonly analytics: Pick<Analytics, 'query' | 'columns'>;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges'>;
  readonly clock: Clock;
}

type Contract = typeof evaluationEndpoints;
export type EvaluationInput = Input<Contract['evaluate']>;

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
    input: EvaluationInput,
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

  async function record(
    evaluation: Evaluation,
    candidate: ModelVersion,
    dataset: DatasetVersion,
    caller: Caller,
  ): Promise<void> {
    const { workspace } = caller;
    const uri = toUri('evaluation', evaluation.id);
    await changes.run(caller, async (tx, note) => {
      const key = { workspace, model: candidate.model, version: candidate.version };
      await evaluationStore(tx).insert(key, evaluation);
      await lineage.recordNode(tx, { workspace, uri, kind: 'evaluation', digest: null, location: null });
      await lineage.recordEdges(tx, workspace, [
        { from: candidate.uri, to: uri, relation: 'evaluated' },
        { from: dataset.uri, to: uri, relation: 'evaluated' },
      ]);
      const { model, metrics, refitted } = evaluation;
      note({
        action: 'model.evaluated',
        subject: uri,
        detail: { model, dataset: dataset.reference, metrics, refitted },
      });
    });
  }

  return {
    async evaluate(input: EvaluationInput, caller: Caller, signal?: AbortSignal): Promise<Evaluation> {
      const { workspace } = caller;
      const candidate = await registry.resolve(input.model, workspace);
      const champion =
        input.champion === undefined ? null : await registry.resolve(input.champion, workspace);
      const dataset = await datasets.resolve(input.dataset, workspace);
      for (const model of [candidate, ...(champion ? [champion] : [])]) assertInputs(model, dataset);
      const source = await datasets.source(dataset);
      const bounds = await findWindow(analytics, dataset, source, input);
      const columns = listColumns(input, candidate, champion);
      const table = await readWindow(analytics, dataset, source, { ...input, bounds, columns });
      const sides = await readSides(input, { candidate, champion }, table, bounds, workspace, signal);
      const evaluation: Evaluation = {
        id: newId('ev'),
        model: candidate.reference,
        dataset: dataset.reference,
        target: input.target,
        ...describe(input, table, sides, champion),
        createdAt: clock.now(),
        createdBy: caller.actor,
      };
      await record(evaluation, candidate, dataset, caller);
      return evaluation;
    },

    async get({ id }: { id: string }, caller: Caller): Promise<Evaluation> {
      const found = await evaluationStore(db).find(caller.workspace, id);
      if (!found) throw errors.evaluationNotFound({ id });
      return found;
    },

    /** A model without a version means all of its versions. */
    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<Evaluation>> {
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const filter = { ...(await toFilter(input.model, caller.workspace)), before, limit: limit + 1 };
      const rows = await evaluationStore(db).list({ ...filter, workspace: caller.workspace });
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

function listColumns(input: EvaluationInput, ...models: (ModelVersion | null)[]): string[] {
  const inputs = models.flatMap((model) => model?.inputs.map(({ name }) => name) ?? []);
  return [input.target, ...(input.baseline === undefined ? [] : [input.baseline]), ...inputs];
}

const getColumn = (table: WindowTable, name: string): Float64Array =>
  table.columns.get(name) ?? new Float64Array();

function describe(
  input: EvaluationInput,
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

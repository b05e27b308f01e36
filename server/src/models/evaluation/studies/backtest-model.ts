/** Walks a model's recipe forward through time: fitted on what came before, judged on what came after, over and over. */
import type { BacktestReport, ModelVersion } from '@tidemill/contract';
import type { Compute } from '../../../adapters/executor/executor.ts';
import { errors } from '../../../base/errors.ts';
import {
  type BacktestFold,
  backtestFolds,
  naiveScale,
  seasonalNaive,
} from '../../../base/statistics/backtest-folds.ts';
import type { Datasets } from '../../../data/datasets/service.ts';
import type { Learners, Recipe, TrainingTable } from '../../../training/learners/service.ts';
import { assertInputs, type createPredictors } from '../predictors.ts';
import { toTimeLabel } from '../reading/window-table.ts';
import { choosePoints } from '../rules.ts';
import type { BacktestScores, BacktestScoring, Forecasts } from './backtest-scores.ts';
import type { Findings, OnStep, StudyInput } from './rules.ts';

export interface BacktestDependencies {
  readonly compute: Pick<Compute, 'compute'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly learners: Pick<Learners, 'parseRecipe' | 'read' | 'train'>;
  readonly predictors: Pick<ReturnType<typeof createPredictors>, 'predictFiles' | 'open'>;
}

interface Watched {
  readonly workspace: string;
  readonly signal: AbortSignal;
  readonly onStep: OnStep;
}

export const scoringModule = new URL('./backtest-scores.ts', import.meta.url);
const defaults = { folds: 5, horizon: 10, gap: 0 };

/** Rows of a table in order of time, and where each distinct time starts. */
export interface TimedRows {
  readonly times: Float64Array;
  /** One more than there are times. */
  readonly starts: Uint32Array;
  /** Mean target of each time: what the naive rules know. */
  readonly series: Float64Array;
}

export function timeRows(time: Float64Array, target: Float64Array): TimedRows {
  const starts: number[] = [];
  for (let row = 0; row < time.length; row += 1)
    if (row === 0 || time[row] !== time[row - 1]) starts.push(row);
  const ends = [...starts.slice(1), time.length];
  return {
    times: Float64Array.from(starts, (row) => time[row] as number),
    starts: Uint32Array.from([...starts, time.length]),
    series: Float64Array.from(starts, (start, i) => {
      const own = target.subarray(start, ends[i]);
      return own.reduce((sum, value) => sum + value / own.length, 0);
    }),
  };
}

/** What a fold learns from: rows of its own times only, none of them at or after what it forecasts. */
export function trainingRows(table: TrainingTable, { starts }: TimedRows, fold: BacktestFold): TrainingTable {
  const [from, to] = [starts[fold.trainStart] as number, starts[fold.trainEnd] as number];
  return sliceTable(table, from, to);
}

function sliceTable({ features, target, time }: TrainingTable, from: number, to: number): TrainingTable {
  const { names, columns } = features;
  return {
    features: { names, rows: to - from, columns: columns.map((column) => column.slice(from, to)) },
    target: target.slice(from, to),
    time: time.slice(from, to),
  };
}

export async function backtestModel(
  deps: BacktestDependencies,
  request: StudyInput,
  model: ModelVersion,
  watched: Watched,
): Promise<Findings> {
  const { workspace, signal, onStep } = watched;
  const recipe = model.recipe === null ? null : deps.learners.parseRecipe(model.recipe, model.reference);
  const reference = request.dataset ?? recipe?.trainingSet.reference;
  const timeColumn = request.timeColumn ?? recipe?.timeColumn;
  assertAsked(request, recipe, { reference, timeColumn }, model);
  const version = await deps.datasets.resolve(reference ?? '', workspace);
  assertInputs(model, version);
  onStep(`reading ${version.reference}`);
  const columns = {
    reference: version.reference,
    features: recipe?.features ?? model.inputs.map(({ name }) => name),
    target: request.target,
    timeColumn: timeColumn ?? '',
  };
  const table = await deps.learners.read(await deps.datasets.source(version), columns, signal);
  const rows = timeRows(table.time, table.target);
  const { folds, horizon, step, gap, trainTimes, season } = { ...defaults, ...request.backtest };
  const plan = backtestFolds(
    rows.times.length,
    { folds, horizon, step, gap, trainTimes },
    Math.max(2, season ?? 2),
  );
  if (!plan) {
    const needed = horizon + (folds - 1) * (step ?? horizon) + gap + Math.max(2, season ?? 2);
    const reason = `${folds} folds of horizon ${horizon} with gap ${gap} need ${needed} times`;
    throw errors.backtestTooShort({ dataset: version.reference, times: rows.times.length, reason });
  }
  const label = toTimeLabel(version.columns.find(({ name }) => name === timeColumn)?.type ?? 'double');
  const predicted = await predictFolds(deps, { model, recipe, table, rows, plan }, watched);
  const forecasts = gather(table, rows, plan, predicted, season ?? null);
  const input: BacktestScoring = {
    ...{ forecasts, folds: plan.length, rounds: request.rounds ?? 1000 },
    ...{ alpha: request.alpha ?? 0.05, seed: request.seed ?? 1 },
  };
  onStep('scoring the forecasts', 0.98);
  const scores = await deps.compute.compute<BacktestScores>(
    { module: scoringModule, name: 'scoreBacktest', input },
    { signal },
  );
  const backtest: BacktestReport = {
    window: trainTimes === undefined ? 'expanding' : 'sliding',
    refitted: recipe !== null,
    season: season ?? null,
    gap,
    ...scores,
    folds: scores.folds.map((found, i) => ({
      ...describeFold(rows, plan[i] as BacktestFold, label, recipe),
      ...found,
    })),
    series: seriesOf(forecasts, (i) => label(rows.times[forecasts.rank[i] as number] as number)),
  };
  const notes = notesOf(model, recipe, rows, table, { gap, folds: plan.length });
  const count = forecasts.truth.length;
  return { task: 'regression', rows: count, ofRows: table.target.length, notes, backtest };
}

function assertAsked(
  request: StudyInput,
  recipe: Recipe | null,
  { reference, timeColumn }: { reference: string | undefined; timeColumn: string | undefined },
  { reference: model }: ModelVersion,
): void {
  const refuse = (reason: string, remedy: string) => {
    throw errors.evaluationRequestInvalid({ reason, remedy });
  };
  if (request.task !== undefined && request.task !== 'regression')
    refuse('a backtest is of numbers in order of time', 'Say task regression, or leave it out');
  if (reference === undefined) refuse(`what ${model} learned from is not known`, "Name a 'dataset'");
  if (timeColumn === undefined) refuse('a backtest goes through time', "Name the 'timeColumn'");
  if (recipe && recipe.target !== request.target)
    refuse(`${model} was fitted to '${recipe.target}'`, `Name '${recipe.target}' as the 'target'`);
}

interface Walk {
  readonly model: ModelVersion;
  readonly recipe: Recipe | null;
  readonly table: TrainingTable;
  readonly rows: TimedRows;
  readonly plan: readonly BacktestFold[];
}

/** One array a fold, a value for each of its rows. */
async function predictFolds(
  { learners, predictors }: BacktestDependencies,
  { model, recipe, table, rows, plan }: Walk,
  { signal, onStep }: Watched,
): Promise<Float64Array[]> {
  const scoringOf = (fold: BacktestFold) => {
    const [from, to] = [rows.starts[fold.start] as number, rows.starts[fold.end] as number];
    const { names, columns } = table.features;
    return {
      rows: to - from,
      columns: new Map(names.map((name, i) => [name, (columns[i] as Float64Array).slice(from, to)])),
    };
  };
  if (!recipe) return predictAsItIs(predictors, model, plan.map(scoringOf), { signal, onStep });
  const predicted: Float64Array[] = [];
  for (const [i, fold] of plan.entries()) {
    onStep(`fitting fold ${i + 1} of ${plan.length}`, i / plan.length);
    signal.throwIfAborted();
    const { files } = await learners.train(
      trainingRows(table, rows, fold),
      { ...recipe, holdout: 0 },
      {
        signal,
        onProgress: ({ fraction }) =>
          onStep(`fitting fold ${i + 1} of ${plan.length}`, (i + fraction) / plan.length),
      },
    );
    predicted.push(await predictors.predictFiles(model, files, scoringOf(fold)));
  }
  return predicted;
}

async function predictAsItIs(
  predictors: BacktestDependencies['predictors'],
  model: ModelVersion,
  scorings: readonly { rows: number; columns: Map<string, Float64Array> }[],
  { signal, onStep }: Pick<Watched, 'signal' | 'onStep'>,
): Promise<Float64Array[]> {
  const opened = await predictors.open(model, { signal, onStep });
  try {
    const predicted: Float64Array[] = [];
    for (const [i, scoring] of scorings.entries()) {
      onStep(`forecasting fold ${i + 1} of ${scorings.length}`, i / scorings.length);
      const [values, ...more] = await opened.predict(scoring);
      if (!values || more.length > 0 || !values.every(Number.isFinite))
        throw errors.evaluationOutputInvalid({
          model: model.reference,
          reason: 'a forecast is one finite number per row, and it gives something else',
        });
      predicted.push(values);
    }
    return predicted;
  } finally {
    await opened.close();
  }
}

function gather(
  table: TrainingTable,
  { starts, series }: TimedRows,
  plan: readonly BacktestFold[],
  predicted: readonly Float64Array[],
  season: number | null,
): Forecasts {
  const count = predicted.reduce((sum, values) => sum + values.length, 0);
  const column = () => new Float64Array(count);
  const [truth, prediction, naive, seasonal, scale] = [column(), column(), column(), column(), column()];
  const [horizon, foldOf, rank] = [column(), column(), column()];
  let at = 0;
  for (const [i, fold] of plan.entries()) {
    const rule = { origin: fold.trainEnd, start: fold.start, count: fold.end - fold.start };
    const last = seasonalNaive(series, { ...rule, season: 1 });
    const before = season === null ? null : seasonalNaive(series, { ...rule, season });
    const measure = naiveScale(series.subarray(fold.trainStart, fold.trainEnd), season ?? 1);
    let own = 0;
    for (let time = fold.start; time < fold.end; time += 1)
      for (let row = starts[time] as number; row < (starts[time + 1] as number); row += 1) {
        truth[at] = table.target[row] as number;
        prediction[at] = predicted[i]?.[own] ?? Number.NaN;
        naive[at] = last[time - fold.start] as number;
        seasonal[at] = before?.[time - fold.start] ?? Number.NaN;
        scale[at] = measure;
        horizon[at] = time - fold.trainEnd + 1;
        foldOf[at] = i;
        rank[at] = time;
        own += 1;
        at += 1;
      }
  }
  return {
    ...{ truth, prediction, naive, scale, horizon, fold: foldOf, rank, quantiles: [] },
    seasonal: season === null ? null : seasonal,
  };
}

function describeFold(
  { times, starts }: TimedRows,
  fold: BacktestFold,
  label: (time: number) => string,
  recipe: Recipe | null,
) {
  const at = (place: number) => label(times[place] as number);
  return {
    ...(recipe
      ? {
          trainFrom: at(fold.trainStart),
          trainTo: at(fold.trainEnd - 1),
          trainRows: (starts[fold.trainEnd] as number) - (starts[fold.trainStart] as number),
        }
      : { trainFrom: null, trainTo: null, trainRows: null }),
    from: at(fold.start),
    to: at(fold.end - 1),
  };
}

export function seriesOf(
  { truth, prediction, naive, fold }: Pick<Forecasts, 'truth' | 'prediction' | 'naive' | 'fold'>,
  timeOf: (place: number) => string,
): BacktestReport['series'] {
  return choosePoints(truth.length).map((i) => ({
    time: timeOf(i),
    truth: truth[i] as number,
    prediction: prediction[i] as number,
    naive: Number.isFinite(naive[i]) ? (naive[i] as number) : null,
    fold: fold[i] as number,
  }));
}

function notesOf(
  { reference }: ModelVersion,
  recipe: Recipe | null,
  { times }: TimedRows,
  { target }: TrainingTable,
  { gap, folds }: { gap: number; folds: number },
): string[] {
  return [
    recipe
      ? `The recipe of ${reference} was fitted ${folds} times, each time on rows before what it forecast.`
      : `How ${reference} was trained is not known (it has no recipe): it forecast as it is, and may have learned from these rows.`,
    ...(gap === 0 && recipe
      ? [
          'The target of the last learned time counts as known at the origin; if it becomes known later, give a gap.',
        ]
      : []),
    ...(target.length > times.length
      ? ['Several rows share a time: the naive rules take the mean of the target at each time.']
      : []),
    ...(folds < 5 ? ['Fewer than 5 folds: no intervals, as folds are what is drawn for them.'] : []),
  ];
}

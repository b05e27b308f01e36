import type { Input, StudyKind, StudyReport, studyEndpoints } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import type { JudgementInput, NamedColumn } from '../judgement/rows.ts';
import { isOfSets, toInput } from '../rules.ts';

export type StudyRequest = Input<(typeof studyEndpoints)['create']>;
export type StudyInput = StudyRequest & { readonly target: string };

export type Findings = Omit<
  StudyReport,
  'evaluation' | 'backtest' | 'importance' | 'attribution' | 'stability'
> &
  Partial<StudyReport>;

export const toReport = (found: Findings): StudyReport => ({
  ...{ evaluation: null, backtest: null, importance: null, attribution: null, stability: null },
  ...found,
});

/** What an study says on its way. */
export type OnStep = (step: string, fraction?: number) => void;

const optionsOf = {
  evaluation: null,
  backtest: 'backtest',
  importance: 'importance',
  attribution: 'attribution',
  stability: 'stability',
} as const satisfies Record<StudyKind, string | null>;

const refuse = (reason: string, remedy: string): never => {
  throw errors.evaluationRequestInvalid({ reason, remedy });
};

/** @throws evaluationRequestInvalid when options are of another kind, or what it needs is missing */
export function assertRequest(request: StudyRequest): StudyInput {
  const { kind, model, predictions, dataset, sql } = request;
  const input = { ...request, ...toInput(request) };
  if (isOfSets(request) && kind !== 'evaluation')
    refuse(`${kind} is not made of several labels or rankings`, 'Say kind evaluation');
  for (const [other, name] of Object.entries(optionsOf))
    if (name && other !== kind && request[name])
      refuse(`'${name}' holds options of another kind`, `Leave them out, or say kind ${other}`);
  if (model === undefined && !predictions)
    refuse('it names nothing to look at', "Name a 'model', or the columns of 'predictions'");
  if (kind === 'backtest') assertBacktest(input);
  if (kind !== 'evaluation' && kind !== 'backtest' && predictions)
    refuse(`${kind} asks the model again and again`, "Name a 'model' without 'predictions'");
  if (kind !== 'backtest' && dataset === undefined && sql === undefined)
    refuse('it names no table', "Name one 'dataset' (scored@3) or one 'sql' (select … from scored)");
  return input;
}

function assertBacktest({ predictions, timeColumn, backtest, model, sql, window }: StudyInput): void {
  if (window) refuse('a backtest makes its own windows', "Leave 'window' out and say folds and horizon");
  if (!predictions) {
    if (backtest?.horizonColumn !== undefined || backtest?.seriesColumn !== undefined)
      refuse('horizonColumn and seriesColumn are of tables of predictions', "Name 'predictions' too");
    if (sql !== undefined) refuse(`${model} is fitted again on a dataset version`, "Name a 'dataset'");
    return;
  }
  if (timeColumn === undefined || backtest?.horizonColumn === undefined)
    refuse('forecasts have a time and a horizon', "Name 'timeColumn' and 'backtest.horizonColumn'");
  if (predictions.prediction === undefined)
    refuse('a backtest has a column of predicted numbers', "Name it as 'predictions.prediction'");
}

/** Undefined where neither is better, as of a bias. */
export function signOf(metric: string): 1 | -1 | undefined {
  if (
    /^(?:bias|score_bias|prevalence|brier_uncertainty|interval_coverage|coverage_.*|crossing)$/.test(metric)
  )
    return undefined;
  const isLoss =
    /^(?:mae|mse|rmse|mape|smape|wape|mase|msle|rmsle|median_absolute_error|max_error|pinball_.*|quantile_loss_.*|crps|width_.*|interval_(?:width|score)|log_loss|brier|brier_reliability|calibration_error)$/;
  return isLoss.test(metric) ? -1 : 1;
}

export function defaultMetric({ task, score, probabilities }: JudgementInput): string {
  if (task === 'regression') return 'mae';
  if (score) return 'roc_auc';
  return probabilities ? 'log_loss' : 'accuracy';
}

/** @throws evaluationRequestInvalid naming what there is */
export function assertMetric(metric: string, scores: Readonly<Record<string, number>>): 1 | -1 {
  const sign = signOf(metric);
  const value = scores[metric];
  if (sign !== undefined && value !== undefined && Number.isFinite(value)) return sign;
  const known = Object.keys(scores).filter((name) => signOf(name) && Number.isFinite(scores[name]));
  return refuse(
    value === undefined
      ? `there is no metric '${metric}' of these rows`
      : sign === undefined
        ? `of '${metric}' neither more nor less is better`
        : `'${metric}' is not defined for these rows`,
    `Choose one of ${known.join(', ')}`,
  );
}

/** The rows at some places of all columns. */
export function pickRows(judged: JudgementInput, places: Uint32Array): JudgementInput {
  const of = (column: NamedColumn): NamedColumn => ({
    ...column,
    values: shared(pick(column.values, places)),
  });
  const maybe = (column: NamedColumn | null) => column && of(column);
  return {
    ...judged,
    label: of(judged.label),
    prediction: maybe(judged.prediction),
    score: maybe(judged.score),
    probabilities: judged.probabilities?.map(maybe) ?? null,
    weight: maybe(judged.weight),
    ...{ bounds: null, rivals: [], value: null, cutting: [], slices: [], search: [] },
  };
}

/** In memory that threads share. */
export function shared(values: Float64Array): Float64Array {
  const copy = new Float64Array(new SharedArrayBuffer(8 * values.length));
  copy.set(values);
  return copy;
}

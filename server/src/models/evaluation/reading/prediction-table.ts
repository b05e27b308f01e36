/** A table of predictions as what a judgement is made of. */
import type { Column, EvaluationTask } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import { errors } from '../../../base/errors.ts';
import type { JudgementInput, NamedColumn } from '../judgement/rows.ts';
import type { EvaluationInput } from '../rules.ts';
import { assertTask, binaryClasses, inferTask, mostClasses, sortClasses } from './classes.ts';
import { columnOf, commonValues, createReading, numberText, type Reading } from './columns.ts';
import { planCuts } from './cutting.ts';
import type { JudgedTable } from './judged-table.ts';
import { findWindow, timeExpression, toTimeLabel } from './window-table.ts';

type Engine = Pick<Analytics, 'query' | 'columns' | 'numbers'>;

export interface ReadPredictions {
  readonly judged: JudgementInput;
  /** In order, where a time column was named; with the words for people. */
  readonly times: { readonly values: Float64Array; readonly labelOf: (time: number) => string } | null;
  readonly notes: readonly string[];
}

const defaults = { alpha: 0.05, rounds: 1000, quantiles: 4, threshold: 0.5, seed: 1 };

/**
 * @throws datasetColumnNotFound, evaluationColumnInvalid, evaluationRequestInvalid, evaluationClassesInvalid,
 * evaluationWindowInvalid, evaluationRowsMissing
 */
export async function readPredictions(
  analytics: Engine,
  table: JudgedTable,
  request: EvaluationInput,
  signal: AbortSignal,
): Promise<ReadPredictions> {
  const { predictions = {}, target, timeColumn } = request;
  const label = columnOf(table, target);
  const task = inferTask(request.task, predictions, label);
  assertTask(task, predictions);
  if (table.rows === 0)
    throw errors.evaluationRowsMissing({ dataset: table.reference, reason: 'it is empty' });
  if (request.window && timeColumn === undefined)
    throw errors.evaluationRequestInvalid({
      reason: 'a window needs an order of the rows',
      remedy: "Name the 'timeColumn'",
    });
  const classes = await classesOf(analytics, table, task, request, signal);
  const reading = createReading(analytics, table, timeColumn, signal);
  const roles = addRoles(reading, table, task, request, classes);
  const used = new Set([target, ...usedColumns(request)]);
  const plan = await planCuts(analytics, table, { ...request, used }, reading, signal);
  const time = timeColumn === undefined ? null : reading.add(timeExpression(table, timeColumn));
  const bounds =
    timeColumn === undefined || !request.window
      ? null
      : await findWindow(analytics, table, table.source, { timeColumn, window: request.window });
  const values = await reading.read(bounds);
  const at = (place: number) => values[place] as Float64Array;
  const named = (role: Role | null): NamedColumn | null => role && { name: role.name, values: at(role.at) };
  const { lower, upper } = roles;
  const judged: JudgementInput = {
    task,
    table: table.reference,
    label: { name: target, values: at(roles.label.at) },
    prediction: named(roles.prediction),
    score: named(roles.score),
    probabilities: roles.probabilities?.map(named) ?? null,
    bounds: lower && upper && { lower: named(lower) as NamedColumn, upper: named(upper) as NamedColumn },
    weight: named(roles.weight),
    classes,
    positive: 1,
    threshold: request.threshold ?? defaults.threshold,
    isInOrder: timeColumn !== undefined,
    cutting: plan.cuts.map(({ name, kind, labels, at: place }) => ({
      name,
      kind,
      labels,
      values: at(place),
    })),
    slices: plan.slices,
    search: plan.search,
    quantiles: request.quantiles ?? defaults.quantiles,
    alpha: request.alpha ?? defaults.alpha,
    rounds: request.rounds ?? defaults.rounds,
    seed: request.seed ?? defaults.seed,
  };
  const times =
    time === null || timeColumn === undefined
      ? null
      : { values: at(time), labelOf: toTimeLabel(columnOf(table, timeColumn).type) };
  return { judged, times, notes: plan.notes };
}

function usedColumns({ predictions = {}, weight, timeColumn }: EvaluationInput): string[] {
  const { prediction, score, probabilities, lower, upper } = predictions;
  return [prediction, score, lower, upper, weight, timeColumn, ...Object.values(probabilities ?? {})].filter(
    (name) => name !== undefined,
  );
}

async function classesOf(
  analytics: Engine,
  table: JudgedTable,
  task: EvaluationTask,
  { target, predictions = {}, positive }: EvaluationInput,
  signal: AbortSignal,
): Promise<string[]> {
  if (task === 'regression') return [];
  const where = { dataset: table.reference, column: target };
  const { prediction, score } = predictions;
  const called = prediction !== undefined && score === undefined ? [columnOf(table, prediction)] : [];
  const found = Object.keys(predictions.probabilities ?? {});
  for (const column of [columnOf(table, target), ...called])
    found.push(...(await commonValues(analytics, table, column, mostClasses + 1, signal)));
  const classes = sortClasses(found);
  if (classes.length === 0)
    throw errors.evaluationRowsMissing({
      dataset: table.reference,
      reason: `'${target}' is missing in all of its ${table.rows} rows`,
    });
  if (classes.length > mostClasses)
    throw errors.evaluationClassesInvalid({
      ...where,
      reason: `holds more than ${mostClasses} labels`,
      remedy: 'Say task regression if it is a number, or derive a label of fewer values',
    });
  return task === 'binary' ? binaryClasses(where, classes, positive) : classes;
}

interface Role {
  readonly name: string;
  readonly at: number;
}

function addRoles(
  reading: Reading,
  table: JudgedTable,
  task: EvaluationTask,
  { target, predictions = {}, weight }: EvaluationInput,
  classes: readonly string[],
) {
  const number = (name: string | undefined): Role | null =>
    name === undefined ? null : { name, at: reading.add(numberText(table, name)) };
  const value = (column: Column): number =>
    task === 'regression' ? reading.add(numberText(table, column.name)) : reading.addPlace(column, classes);
  const { prediction, score, probabilities, lower, upper } = predictions;
  const isCalled = prediction !== undefined && score === undefined;
  return {
    label: { name: target, at: value(columnOf(table, target)) },
    prediction: isCalled ? { name: prediction, at: value(columnOf(table, prediction)) } : null,
    score: number(score),
    probabilities: probabilities ? classes.map((name) => number(probabilities[name])) : null,
    lower: number(lower),
    upper: number(upper),
    weight: number(weight),
  };
}

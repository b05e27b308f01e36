/** A table of predictions as what a judgement is made of. */
import type { PredictionColumns } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import { errors } from '../../../base/errors.ts';
import { compileExpression } from '../../../base/expressions/cel.ts';
import type { JudgementInput, NamedColumn, RowTask } from '../judgement/rows.ts';
import type { EvaluationInput, WindowBounds } from '../rules.ts';
import { assertTask, binaryClasses, inferTask, mostClasses, sortClasses } from './classes.ts';
import { columnOf, commonValues, createReading, numberText, type Reading } from './columns.ts';
import { type PlannedCut, planCut, planCuts } from './cutting.ts';
import type { JudgedTable } from './judged-table.ts';
import { findWindow, timeExpression, toTimeLabel } from './window-table.ts';

type Engine = Pick<Analytics, 'query' | 'columns' | 'numbers'>;

export interface ReadPredictions {
  readonly judged: JudgementInput;
  /** In order, where a time column was named; with the words for people. */
  readonly times: { readonly values: Float64Array; readonly labelOf: (time: number) => string } | null;
  /** What models that are to be run take, by name. */
  readonly inputs: ReadonlyMap<string, Float64Array>;
  /** Of inputs of text: what their values are places in. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly bounds: WindowBounds | null;
  readonly notes: readonly string[];
}

export const defaults = { alpha: 0.05, rounds: 1000, quantiles: 4, threshold: 0.5, seed: 1 };

/**
 * @param inputs columns of models that are to be run on the rows, text where one of them takes text; null where the table
 * has the predictions.
 * @throws datasetColumnNotFound, evaluationColumnInvalid, evaluationRequestInvalid, evaluationClassesInvalid,
 * evaluationWindowInvalid, evaluationRowsMissing
 */
export async function readPredictions(
  analytics: Engine,
  table: JudgedTable,
  request: EvaluationInput,
  signal: AbortSignal,
  inputs: readonly ModelInput[] | null = null,
): Promise<ReadPredictions> {
  const { target, timeColumn } = request;
  const predictions = withMedian(request.predictions ?? {});
  const task = inferTask(request.task, predictions, columnOf(table, target));
  if (!inputs) assertTask(task, predictions);
  if (request.against && !inputs) assertTask(task, request.against);
  assertReadable(table, request);
  const classes = await classesOf(analytics, table, task, request, signal);
  const reading = createReading(analytics, table, timeColumn, signal);
  const roles = addRoles(reading, table, task, { ...request, predictions }, classes);
  const against = request.against && addPredictions(reading, table, task, request.against, classes);
  const baseline =
    request.baseline === undefined
      ? null
      : addPredictions(reading, table, task, { prediction: request.baseline }, classes);
  const used = new Set([target, ...usedColumns(request)]);
  const plan = await planCuts(analytics, table, { ...request, used }, reading, signal);
  const value = await planValue(analytics, table, request.value, reading, signal);
  const given = await addInputs(analytics, table, inputs ?? [], reading, signal);
  const time = timeColumn === undefined ? null : reading.add(timeExpression(table, timeColumn));
  const bounds =
    timeColumn === undefined || (!request.window && !inputs)
      ? null
      : await findWindow(analytics, table, table.source, { timeColumn, window: request.window });
  const values = await reading.read(bounds);
  const at = (place: number) => values[place] as Float64Array;
  const named = (role: Role | null): NamedColumn | null => role && { name: role.name, values: at(role.at) };
  const predicted = (side: PredictionRoles) => ({
    prediction: named(side.prediction),
    score: named(side.score),
    probabilities: side.probabilities?.map(named) ?? null,
  });
  const cut = ({ name, kind, labels, at: place }: PlannedCut) => ({ name, kind, labels, values: at(place) });
  const { lower, upper } = roles;
  const judged: JudgementInput = {
    task,
    table: table.reference,
    label: { name: target, values: at(roles.label.at) },
    ...predicted(roles),
    bounds: lower && upper && { lower: named(lower) as NamedColumn, upper: named(upper) as NamedColumn },
    ...(roles.quantiles && {
      forecastQuantiles: roles.quantiles.map(({ level, role }) => ({
        level,
        column: named(role) as NamedColumn,
      })),
    }),
    weight: named(roles.weight),
    classes,
    positive: 1,
    threshold: request.threshold ?? defaults.threshold,
    isInOrder: timeColumn !== undefined,
    rivals: [
      ...(against
        ? [{ kind: 'champion' as const, name: nameOf(request.against), ...predicted(against) }]
        : []),
      ...(baseline
        ? [{ kind: 'baseline' as const, name: request.baseline ?? '', ...predicted(baseline) }]
        : []),
    ],
    areRowsIndependent: true,
    value: value && { expression: value.expression, columns: value.columns.map(cut) },
    cutting: plan.cuts.map(cut),
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
  const read = new Map(given.map((input) => [input.name, at(input.at)]));
  const texts = new Map(given.flatMap((input) => (input.labels ? [[input.name, input.labels]] : [])));
  return { judged, times, inputs: read, texts, bounds, notes: plan.notes };
}

/** A column that a model is given. */
export interface ModelInput {
  readonly name: string;
  /** Whether every model that takes it takes text. */
  readonly takesText: boolean;
}

const mostTexts = 100_000;

/** Numbers as they are, text as places in the list of its values. @throws evaluationColumnInvalid */
export async function addInputs(
  analytics: Engine,
  table: JudgedTable,
  inputs: readonly ModelInput[],
  reading: Reading,
  signal: AbortSignal,
): Promise<(Role & { readonly labels: readonly string[] | null })[]> {
  const added: (Role & { readonly labels: readonly string[] | null })[] = [];
  for (const { name, takesText } of inputs) {
    const column = columnOf(table, name);
    if (!takesText || column.type !== 'text') {
      added.push({ name, at: reading.add(inputNumber(table, name)), labels: null });
      continue;
    }
    const labels = await commonValues(analytics, table, column, mostTexts + 1, signal);
    if (labels.length > mostTexts) {
      const reason = `holds more than ${mostTexts} different texts`;
      throw errors.evaluationColumnInvalid({ dataset: table.reference, column: name, reason });
    }
    added.push({ name, at: reading.addPlace(column, labels), labels });
  }
  return added;
}

/** Times as microseconds since 1970, as runtimes take them. */
function inputNumber(table: JudgedTable, name: string): string {
  const { type } = columnOf(table, name);
  return type === 'date' || type === 'timestamp' ? timeExpression(table, name) : numberText(table, name);
}

function assertReadable({ rows, reference }: JudgedTable, { window, timeColumn }: EvaluationInput): void {
  if (rows === 0) throw errors.evaluationRowsMissing({ dataset: reference, reason: 'it is empty' });
  if (!window || timeColumn !== undefined) return;
  throw errors.evaluationRequestInvalid({
    reason: 'a window needs an order of the rows',
    remedy: "Name the 'timeColumn'",
  });
}

const columnsIn = ({ quantiles, probabilities, called: _, ...single }: PredictionColumns): string[] =>
  [...Object.values(single), ...Object.values(probabilities ?? {}), ...Object.values(quantiles ?? {})].filter(
    (name) => name !== undefined,
  );

/** Quantiles without a prediction are judged by their median too. */
export function withMedian(predictions: PredictionColumns): PredictionColumns {
  const { prediction, quantiles } = predictions;
  const median = Object.entries(quantiles ?? {}).find(([level]) => Number(level) === 0.5)?.[1];
  return prediction === undefined && median !== undefined
    ? { ...predictions, prediction: median }
    : predictions;
}

const nameOf = (columns: PredictionColumns | undefined): string => columnsIn(columns ?? {}).join(', ');

const usedColumns = ({
  predictions = {},
  against = {},
  weight,
  timeColumn,
  baseline,
}: EvaluationInput): string[] => [
  ...columnsIn(predictions),
  ...columnsIn(against),
  ...[weight, timeColumn, baseline].filter((name) => name !== undefined),
];

/** Columns that the declared value reads besides `prediction` and `outcome`. @throws expressionInvalid */
async function planValue(
  analytics: Engine,
  table: JudgedTable,
  expression: string | undefined,
  reading: Reading,
  signal: AbortSignal,
) {
  if (expression === undefined) return null;
  const names = compileExpression(expression).names.filter(
    (name) => !['prediction', 'outcome'].includes(name),
  );
  const columns: PlannedCut[] = [];
  for (const name of new Set(names))
    columns.push(await planCut(analytics, table, columnOf(table, name), reading, signal));
  return { expression, columns };
}

async function classesOf(
  analytics: Engine,
  table: JudgedTable,
  task: RowTask,
  { target, predictions = {}, against = {}, positive, classes: said = [] }: EvaluationInput,
  signal: AbortSignal,
): Promise<string[]> {
  if (task === 'regression') return [];
  const where = { dataset: table.reference, column: target };
  const called = [predictions, against].flatMap(({ prediction, score }) =>
    prediction !== undefined && score === undefined ? [columnOf(table, prediction)] : [],
  );
  const found = [
    ...said,
    ...Object.keys(predictions.probabilities ?? {}),
    ...Object.keys(against.probabilities ?? {}),
  ];
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

interface PredictionRoles {
  readonly prediction: Role | null;
  readonly score: Role | null;
  readonly probabilities: readonly (Role | null)[] | null;
}

const numberRole = (reading: Reading, table: JudgedTable, name: string | undefined): Role | null =>
  name === undefined ? null : { name, at: reading.add(numberText(table, name)) };

function addPredictions(
  reading: Reading,
  table: JudgedTable,
  task: RowTask,
  { prediction, score, probabilities }: PredictionColumns,
  classes: readonly string[],
): PredictionRoles {
  const isCalled = prediction !== undefined && score === undefined;
  return {
    prediction: isCalled
      ? { name: prediction, at: addValue(reading, table, task, prediction, classes) }
      : null,
    score: numberRole(reading, table, score),
    probabilities: probabilities
      ? classes.map((name) => numberRole(reading, table, probabilities[name]))
      : null,
  };
}

function addValue(
  reading: Reading,
  table: JudgedTable,
  task: RowTask,
  name: string,
  classes: readonly string[],
): number {
  if (task === 'regression') return reading.add(numberText(table, name));
  return reading.addPlace(columnOf(table, name), classes);
}

function addRoles(
  reading: Reading,
  table: JudgedTable,
  task: RowTask,
  { target, predictions = {}, weight }: EvaluationInput,
  classes: readonly string[],
) {
  return {
    label: { name: target, at: addValue(reading, table, task, target, classes) },
    ...addPredictions(reading, table, task, predictions, classes),
    lower: numberRole(reading, table, predictions.lower),
    upper: numberRole(reading, table, predictions.upper),
    quantiles:
      predictions.quantiles &&
      Object.entries(predictions.quantiles).map(([level, name]) => ({
        level: Number(level),
        role: numberRole(reading, table, name),
      })),
    weight: numberRole(reading, table, weight),
  };
}

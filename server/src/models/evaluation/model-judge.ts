/** Judges registered models that are run on rows as they are: classifiers, and regressions without an order of time. */
import type { ModelVersion } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import type { JudgementInput, NamedColumn } from './judgement/rows.ts';
import {
  type Judged,
  judgeRows,
  type PredictionJudgeDependencies,
  toEvaluation,
} from './prediction-judge.ts';
import { assertInputs, type createPredictors } from './predictors.ts';
import { sortClasses } from './reading/classes.ts';
import { type JudgedTable, withTable } from './reading/judged-table.ts';
import { type ModelInput, readPredictions } from './reading/prediction-table.ts';
import type { EvaluationInput } from './rules.ts';

export interface RunModels {
  readonly candidate: ModelVersion;
  readonly champion: ModelVersion | null;
}

export interface JudgeOptions {
  readonly signal: AbortSignal;
  readonly onStep?: (step: string) => void;
}

const textTypes = new Set(['string']);

/** What the models take; text only where the code of each says that it takes text, as an ONNX model takes rows of numbers. */
export function inputsOf(models: readonly ModelVersion[]): ModelInput[] {
  const names = [...new Set(models.flatMap(({ inputs }) => inputs.map(({ name }) => name)))];
  const takesText = (name: string) =>
    models.every(
      ({ inputs, flavors }) =>
        !flavors.includes('onnx') &&
        inputs.every((input) => input.name !== name || textTypes.has(input.type)),
    );
  return names.map((name) => ({ name, takesText: takesText(name) }));
}

export function judgeModels<T>(
  deps: PredictionJudgeDependencies & { readonly predictors: ReturnType<typeof createPredictors> },
  input: EvaluationInput,
  { candidate, champion }: RunModels,
  workspace: string,
  { signal, onStep = () => undefined }: JudgeOptions,
  record: (judged: Judged, table: JudgedTable) => Promise<T>,
): Promise<T> {
  return withTable(deps, input, workspace, signal, async (table) => {
    const models = [candidate, ...(champion ? [champion] : [])];
    for (const model of models) assertInputs(model, table);
    const read = await readPredictions(deps.analytics, table, input, signal, inputsOf(models));
    const rows = read.judged.label.values.length;
    const run = async (model: ModelVersion) => {
      const scoring = { rows, columns: read.inputs, texts: read.texts };
      const columns = await deps.predictors.predictColumns(model, scoring, { signal, onStep });
      return toPredicted(model, columns, read.judged, input.classes);
    };
    const own = await run(candidate);
    const rivals = champion
      ? [
          { kind: 'champion' as const, name: champion.reference, ...(await run(champion)) },
          ...read.judged.rivals,
        ]
      : read.judged.rivals;
    const judged = { ...read.judged, ...own, rivals };
    const judgement = await judgeRows(deps.compute, judged, signal);
    const found = toEvaluation(input, table, { ...read, judged }, judgement);
    const notes = [...models.map(seenNote), ...found.notes];
    return record({ source: 'model', ...found, notes }, table);
  });
}

export const seenNote = ({ reference }: ModelVersion): string =>
  `${reference} was run as it is: whether it learned from some of these rows was not looked into.`;

export type Predicted = Pick<JudgementInput, 'prediction' | 'score' | 'probabilities'>;

/** @throws evaluationOutputInvalid when the model gives other than a number, a score or a probability for each class */
export function toPredicted(
  { reference }: ModelVersion,
  columns: readonly Float64Array[],
  { task, classes, positive }: JudgementInput,
  said: readonly string[] | undefined,
): Predicted {
  const none = { prediction: null, score: null, probabilities: null };
  const named = (values: Float64Array | undefined): NamedColumn | null =>
    values ? { name: `the output of ${reference}`, values } : null;
  const width = columns.length;
  if (task === 'regression' && width === 1) return { ...none, prediction: named(columns[0]) };
  if (task === 'binary' && width === 1) return { ...none, score: named(columns[0]) };
  const order = said ?? (task === 'binary' ? sortClasses(classes) : classes);
  if (task === 'regression' || width !== order.length)
    throw errors.evaluationOutputInvalid({
      model: reference,
      reason:
        task === 'regression'
          ? `it gives ${width} numbers per row, and a regression needs one: say the task (binary, multiclass)`
          : `it gives ${width} numbers per row for ${order.length} classes (${order.join(', ')}): name what they stand for, in order, in 'classes'`,
    });
  const of = (name: string | undefined) => named(columns[order.indexOf(name ?? '')]);
  if (task === 'binary') return { ...none, score: of(classes[positive]) };
  return { ...none, probabilities: classes.map(of) };
}

/** Judges rows that have several labels each, or are ranked for queries: of a table, or of models that are run. */
import type { ModelVersion } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import type { NamedColumn } from './judgement/rows.ts';
import { inputsOf, type JudgeOptions, type RunModels, seenNote } from './model-judge.ts';
import { type Judged, judgeRows, type PredictionJudgeDependencies } from './prediction-judge.ts';
import { assertInputs, type createPredictors } from './predictors.ts';
import { type JudgedTable, withTable } from './reading/judged-table.ts';
import { readSets, type SetInput } from './reading/set-table.ts';
import type { EvaluationInput } from './rules.ts';

export type SetJudgeDependencies = PredictionJudgeDependencies & {
  readonly predictors: ReturnType<typeof createPredictors>;
};

/** @param run the models to run; null where the table has the predictions. */
export function judgeSets<T>(
  deps: SetJudgeDependencies,
  input: EvaluationInput,
  run: RunModels | null,
  workspace: string,
  { signal, onStep = () => undefined }: JudgeOptions,
  record: (judged: Judged, table: JudgedTable) => Promise<T>,
): Promise<T> {
  return withTable(deps, input, workspace, signal, async (table) => {
    const models = run ? [run.candidate, ...(run.champion ? [run.champion] : [])] : [];
    for (const model of models) assertInputs(model, table);
    const read = await readSets(deps.analytics, table, input, signal, run && inputsOf(models));
    let judged = read.judged;
    const [first] = read.inputs.values();
    for (const [i, model] of models.entries()) {
      const scoring = { rows: first?.length ?? 0, columns: read.inputs, texts: read.texts };
      const columns = await deps.predictors.predictColumns(model, scoring, { signal, onStep });
      judged = withAnswers(judged, model, columns, i === 0, input.classes);
    }
    const { rows, champion, ...found } = await judgeRows(deps.compute, judged, signal);
    const { times } = read;
    const label = (place: number) => times?.labelOf(times.values.at(place) ?? Number.NaN) ?? '';
    return record(
      {
        source: run ? 'model' : 'predictions',
        task: judged.task,
        ...{ dataset: table.reference, sql: table.sql, target: input.target },
        window: { from: times ? label(0) : '', to: times ? label(-1) : '', rows },
        ...found,
        champion: champion && { ...champion, refitted: false },
        ...{ refitted: false, series: [] },
        notes: [...models.map(seenNote), ...found.notes],
      },
      table,
    );
  });
}

/** @throws evaluationOutputInvalid unless it gives a number a row of a ranking, or a probability for each label */
function withAnswers(
  judged: SetInput,
  { reference }: ModelVersion,
  columns: readonly Float64Array[],
  isOwn: boolean,
  said: readonly string[] | undefined,
): SetInput {
  const named = (values: Float64Array): NamedColumn => ({ name: `the output of ${reference}`, values });
  const refuse = (reason: string) => errors.evaluationOutputInvalid({ model: reference, reason });
  if (judged.task === 'ranking') {
    const [only] = columns;
    if (!only || columns.length > 1)
      throw refuse(`it gives ${columns.length} numbers per row, and rows are ranked by one`);
    const score = named(only);
    if (isOwn) return { ...judged, score };
    return { ...judged, rivals: [{ kind: 'champion', name: reference, score }, ...judged.rivals] };
  }
  const order = said ?? judged.labels;
  const places = judged.labels.map((label) => order.indexOf(label));
  if (columns.length !== judged.labels.length || order.length !== columns.length || places.includes(-1))
    throw refuse(
      `it gives ${columns.length} numbers per row for ${judged.labels.length} labels (${judged.labels.join(', ')}): name every label, or their order in 'classes'`,
    );
  const scores = places.map((place) => named(columns[place] as Float64Array));
  if (isOwn) return { ...judged, scores };
  return { ...judged, rivals: [{ kind: 'champion', name: reference, scores, called: null }] };
}

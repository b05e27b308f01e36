/** Judges a table that has the predictions in it. */
import type { Evaluation } from '@tidemill/contract';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { Judgement } from './judgement/judgement.ts';
import type { JudgementInput } from './judgement/rows.ts';
import { type JudgedTable, type TableDependencies, withTable } from './reading/judged-table.ts';
import { type ReadPredictions, readPredictions } from './reading/prediction-table.ts';
import type { SetInput } from './reading/set-table.ts';
import { choosePoints, type EvaluationInput } from './rules.ts';

export interface PredictionJudgeDependencies extends TableDependencies {
  readonly compute: Pick<Compute, 'compute'>;
}

export type Judged = Omit<Evaluation, 'id' | 'model' | 'createdAt' | 'createdBy'>;

const module = new URL('./judgement/judge.ts', import.meta.url);

export const judgeRows = (
  compute: Pick<Compute, 'compute'>,
  input: JudgementInput | SetInput,
  signal: AbortSignal,
): Promise<Judgement> => compute.compute<Judgement>({ module, name: 'judgeRows', input }, { signal });

/** DuckDB reads the columns, a worker thread judges them; `record` runs while the table is still there. */
export function judgePredictions<T>(
  deps: PredictionJudgeDependencies,
  input: EvaluationInput,
  caller: Caller,
  signal: AbortSignal,
  record: (judged: Judged, table: JudgedTable) => Promise<T>,
): Promise<T> {
  assertWithoutChampion(input);
  return withTable(deps, input, caller.workspace, signal, async (table) => {
    const read = await readPredictions(deps.analytics, table, input, signal);
    const judgement = await judgeRows(deps.compute, read.judged, signal);
    return record({ source: 'predictions', ...toEvaluation(input, table, read, judgement) }, table);
  });
}

/** @throws evaluationRequestInvalid */
export function assertWithoutChampion({ champion }: EvaluationInput): void {
  if (champion === undefined) return;
  throw errors.evaluationRequestInvalid({
    reason: "'champion' is for a registered model that is run",
    remedy: "Name the columns of the champion's predictions in 'against'",
  });
}

/** What is known of rows that were judged as they are. */
export function toEvaluation(
  { target }: EvaluationInput,
  { reference, sql }: JudgedTable,
  { judged, times, notes }: ReadPredictions,
  { rows, champion, ...found }: Judgement,
): Omit<Judged, 'source'> {
  const label = (place: number) => times?.labelOf(times.values.at(place) ?? Number.NaN) ?? '';
  return {
    task: judged.task,
    dataset: reference,
    sql,
    target,
    window: { from: times ? label(0) : '', to: times ? label(-1) : '', rows },
    ...found,
    champion: champion && { ...champion, refitted: false },
    refitted: false,
    notes: [...notes, ...found.notes],
    series: seriesOf({ judged, times }),
  };
}

/** Of a regression in order of time; rows without a label are left out. */
function seriesOf({ judged, times }: Pick<ReadPredictions, 'judged' | 'times'>): Evaluation['series'] {
  if (judged.task !== 'regression' || !times) return [];
  const rival = (kind: 'champion' | 'baseline') =>
    judged.rivals.find((each) => each.kind === kind)?.prediction?.values;
  const [champion, baseline] = [rival('champion'), rival('baseline')];
  return choosePoints(times.values.length)
    .map((row) => ({
      time: times.labelOf(times.values[row] ?? Number.NaN),
      truth: judged.label.values[row] ?? Number.NaN,
      prediction: judged.prediction?.values[row] ?? Number.NaN,
      baseline: baseline?.[row] ?? null,
      champion: champion?.[row] ?? null,
    }))
    .filter(({ truth }) => Number.isFinite(truth));
}

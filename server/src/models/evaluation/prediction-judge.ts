/** Judges a table that has the predictions in it. */
import type { Evaluation } from '@tidemill/contract';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { Judgement } from './judgement/judge.ts';
import { type JudgedTable, type TableDependencies, withTable } from './reading/judged-table.ts';
import { type ReadPredictions, readPredictions } from './reading/prediction-table.ts';
import { choosePoints, type EvaluationInput } from './rules.ts';

export interface PredictionJudgeDependencies extends TableDependencies {
  readonly compute: Pick<Compute, 'compute'>;
}

export type Judged = Omit<Evaluation, 'id' | 'model' | 'createdAt' | 'createdBy'>;

const module = new URL('./judgement/judge.ts', import.meta.url);

/** DuckDB reads the columns, a worker thread judges them; `record` runs while the table is still there. */
export function judgePredictions<T>(
  deps: PredictionJudgeDependencies,
  input: EvaluationInput,
  caller: Caller,
  signal: AbortSignal,
  record: (judged: Judged, table: JudgedTable) => Promise<T>,
): Promise<T> {
  for (const name of ['champion', 'baseline'] as const)
    if (input[name] !== undefined)
      throw errors.evaluationRequestInvalid({
        reason: `'${name}' is for a registered model that is run`,
        remedy: `Leave '${name}' out, or 'predictions'`,
      });
  return withTable(deps, input, caller.workspace, signal, async (table) => {
    const read = await readPredictions(deps.analytics, table, input, signal);
    const task = { module, name: 'judgeRows', input: read.judged };
    const judgement = await deps.compute.compute<Judgement>(task, { signal });
    return record(describe(input, table, read, judgement), table);
  });
}

function describe(
  { target }: EvaluationInput,
  { reference, sql }: JudgedTable,
  { judged, times, notes }: ReadPredictions,
  { rows, ...found }: Judgement,
): Judged {
  const label = (place: number) => times?.labelOf(times.values.at(place) ?? Number.NaN) ?? '';
  return {
    source: 'predictions',
    task: judged.task,
    dataset: reference,
    sql,
    target,
    window: { from: times ? label(0) : '', to: times ? label(-1) : '', rows },
    ...found,
    refitted: false,
    notes: [...notes, ...found.notes],
    baseline: null,
    champion: null,
    againstBaseline: null,
    againstChampion: null,
    series: seriesOf({ judged, times }),
  };
}

/** Of a regression in order of time; rows without a label are left out. */
function seriesOf({ judged, times }: Pick<ReadPredictions, 'judged' | 'times'>): Evaluation['series'] {
  if (judged.task !== 'regression' || !times) return [];
  return choosePoints(times.values.length)
    .map((row) => ({
      time: times.labelOf(times.values[row] ?? Number.NaN),
      truth: judged.label.values[row] ?? Number.NaN,
      prediction: judged.prediction?.values[row] ?? Number.NaN,
      baseline: null,
      champion: null,
    }))
    .filter(({ truth }) => Number.isFinite(truth));
}

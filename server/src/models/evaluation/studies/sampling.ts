/** The rows that a model is asked about again and again: read once, sampled down, its own answers beside them. */
import type { ModelVersion } from '@tidemill/contract';
import { createRandom } from '../../../base/statistics/random.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import type { JudgementInput } from '../judgement/rows.ts';
import { inputsOf, type Predicted, toPredicted } from '../model-judge.ts';
import type { PredictionJudgeDependencies } from '../prediction-judge.ts';
import { assertInputs, type createPredictors, type OpenedModel } from '../predictors.ts';
import { type JudgedTable, withTable } from '../reading/judged-table.ts';
import { readPredictions } from '../reading/prediction-table.ts';
import { type OnStep, pickRows, type StudyInput, shared } from './rules.ts';

export interface StudyDependencies extends PredictionJudgeDependencies {
  readonly predictors: ReturnType<typeof createPredictors>;
}

export interface Studied {
  readonly model: ModelVersion;
  readonly table: JudgedTable;
  readonly opened: OpenedModel;
  /** With the model's predictions of the rows as they are. */
  readonly judged: JudgementInput;
  readonly columns: ReadonlyMap<string, Float64Array>;
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly rows: number;
  readonly ofRows: number;
  /** Of each row, its place in the order that is judged, from 0. */
  readonly places: Uint32Array;
  readonly notes: readonly string[];
  /** Asks the model about other columns. */
  ask(columns: ReadonlyMap<string, Float64Array>): Promise<Predicted>;
}

/** Ascending places, drawn without replacement. */
export function samplePlaces(rows: number, most: number, seed: number): Uint32Array {
  const places = Uint32Array.from({ length: rows }, (_, i) => i);
  if (rows <= most) return places;
  const random = createRandom(seed);
  for (let i = 0; i < most; i += 1) {
    const other = i + random.integer(rows - i);
    [places[i], places[other]] = [places[other] as number, places[i] as number];
  }
  return places.slice(0, most).sort();
}

export function study<T>(
  deps: StudyDependencies,
  request: StudyInput,
  model: ModelVersion,
  { workspace, signal, onStep }: { workspace: string; signal: AbortSignal; onStep: OnStep },
  most: number,
  work: (studied: Studied) => Promise<T>,
): Promise<T> {
  const { champion: _, against: __, baseline: ___, value: ____, ...asked } = request;
  return withTable(deps, asked, workspace, signal, async (table) => {
    assertInputs(model, table);
    onStep('reading the rows');
    const input = { ...asked, slices: [], search: [] };
    const read = await readPredictions(deps.analytics, table, input, signal, inputsOf([model]));
    const ofRows = read.judged.label.values.length;
    const places = samplePlaces(ofRows, most, request.seed ?? 1);
    const rows = places.length;
    const kept = pickRows(read.judged, places);
    const columns = new Map([...read.inputs].map(([name, values]) => [name, shared(pick(values, places))]));
    const opened = await deps.predictors.open(model, { signal, onStep });
    try {
      const ask = async (own: ReadonlyMap<string, Float64Array>) =>
        toPredicted(
          model,
          await opened.predict({ rows, columns: own, texts: read.texts }),
          kept,
          request.classes,
        );
      onStep(`predicting ${rows} rows with ${model.reference}`);
      const judged = { ...kept, ...(await ask(columns)) };
      const notes = [
        ...(rows < ofRows
          ? [`${rows} of ${ofRows} rows, drawn at random with seed ${request.seed ?? 1}.`]
          : []),
        ...read.notes,
      ];
      const { texts } = read;
      return await work({ model, table, opened, judged, columns, texts, rows, ofRows, places, notes, ask });
    } finally {
      await opened.close();
    }
  });
}

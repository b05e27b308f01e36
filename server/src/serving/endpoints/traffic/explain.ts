/** What each input contributed to an answer, put beside it; computed in a worker thread. */
import type { ModelVersion, PredictReply } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import type { RowExplanation, RowsToExplain } from '../../../models/evaluation/studies/service.ts';
import type { Said } from './predict.ts';

export type ExplainRows = (rows: RowsToExplain) => Promise<RowExplanation[]>;

const mostRecords = 100;

/** @throws attributionImpossible where the model is none of trees, or too many records are asked about */
export function assertExplainable(endpoint: string, records: number): void {
  if (records <= mostRecords) return;
  const reason = `${records} records were sent to explain, and at most ${mostRecords} are explained at once`;
  throw errors.attributionImpossible({ model: `endpoint '${endpoint}'`, reason });
}

/** Answers of a rule have nothing to explain. */
export async function addExplanations(
  explainRows: ExplainRows,
  answers: PredictReply['predictions'],
  said: readonly Said[],
  workspace: string,
): Promise<void> {
  for (const one of said) {
    const { version } = one.variant;
    const rows = one.indices.flatMap((_, i) => ((one.values[i] ?? null) === null ? [] : [i]));
    if (!version || rows.length === 0) continue;
    const columns = version.inputs.map(({ name }) => columnOf(one, rows, name));
    const given = givenBy(one, rows);
    const found = await explainRows({ model: version, rows: rows.length, columns, given, workspace });
    for (const [at, i] of rows.entries()) {
      const answer = answers[one.indices[i] as number];
      const explanation = found[at];
      if (answer && explanation) answer.explanation = toExplanation(explanation);
    }
  }
}

const toExplanation = ({ space, outputs }: RowExplanation) => ({
  space,
  outputs: outputs.map((output) => ({ ...output })),
});

/** As the model had it: a 32-bit float. */
const columnOf = ({ sources }: Said, rows: readonly number[], name: ModelVersion['inputs'][number]['name']) =>
  Float64Array.from(rows, (i) => Math.fround(Number(sources[i]?.[name] ?? Number.NaN)));

/** Its number, or its probabilities, an array an output. */
function givenBy({ values, details }: Said, rows: readonly number[]): Float64Array[] {
  const chancesOf = (i: number) => Object.values(details?.[i]?.outputs ?? {}).find(Array.isArray);
  const width = chancesOf(rows[0] ?? 0)?.length;
  if (width === undefined) return [Float64Array.from(rows, (i) => Number(values[i]))];
  return Array.from({ length: width }, (_, k) => Float64Array.from(rows, (i) => Number(chancesOf(i)?.[k])));
}

/** What MLflow's and KServe's doors share: records or tensors to the endpoint, and what it said in their shape. */
import type { PredictReply } from '@tidemill/contract';
import type { Tensor } from '../../../adapters/inference/tensors.ts';
import type { Caller } from '../../../base/caller.ts';
import { toNested } from '../reading/tensor-values.ts';
import type { Endpoints } from '../service.ts';
import { type ScoringData, toRecords, toTensors } from './scoring-input.ts';

export type ScoringEndpoints = Pick<Endpoints, 'predict' | 'infer' | 'describe'>;

export interface ScoringRequest {
  readonly name: string;
  readonly version?: string | undefined;
  readonly data: ScoringData;
  readonly idempotencyKey?: string | undefined;
}

/** Neither protocol has a place in its reply for who answered; their replies say it in headers. */
export interface Scored {
  readonly predictions: unknown;
  readonly id: string;
  readonly revision: number;
  readonly source: 'model' | 'fallback';
  /** `forecaster@3`, `fallback`, or both where records were split. */
  readonly models: readonly string[];
}

export async function score(
  endpoints: ScoringEndpoints,
  request: ScoringRequest,
  caller: Caller,
): Promise<Scored> {
  const { name, version, data, idempotencyKey } = request;
  const { columns, inputs } = await endpoints.describe({ name, version }, caller);
  if (columns.length === 0) {
    const tensors = toTensors(data, inputs);
    const reply = await endpoints.infer({ name, version, inputs: tensors, idempotencyKey }, caller);
    const { id, revision, source, modelVersion } = reply;
    const models = [source === 'fallback' ? source : modelVersion];
    return { predictions: toLists(reply.outputs), id, revision, source, models };
  }
  const records = toRecords(data, columns);
  const input = { name, records, ...(idempotencyKey !== undefined && { idempotencyKey }) };
  return ofRecords(await endpoints.predict(input, caller, { version, ownUnits: true }));
}

function ofRecords({ predictions, revision }: PredictReply): Scored {
  const isWide = predictions.some(({ outputs }) => outputs !== undefined);
  return {
    predictions: predictions.map(({ value, outputs }) => (isWide ? (outputs ?? value) : value)),
    id: predictions[0]?.id.replace(/-0$/, '') ?? '',
    revision,
    source: predictions.some(({ source }) => source === 'fallback') ? 'fallback' : 'model',
    models: [...new Set(predictions.map(({ model }) => model))],
  };
}

/** One output as lists, several by their names. */
function toLists(outputs: readonly Tensor[]): unknown {
  const [only] = outputs;
  if (only && outputs.length === 1) return toNested(only);
  return Object.fromEntries(outputs.map((output) => [output.name, toNested(output)]));
}

/** Header values hold no line end and nothing beyond Latin-1; names of models may. */
export const headersOf = ({ id, revision, source, models }: Scored): Record<string, string> => ({
  'tidemill-request-id': encodeURI(id),
  'tidemill-revision': String(revision),
  'tidemill-source': source,
  'tidemill-model': models.map((model) => encodeURI(model)).join(', '),
});

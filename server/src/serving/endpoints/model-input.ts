/** From records to the one array a runtime takes, with no object in between. */
import type { ModelVersion, Row } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';

/** A model's signature, ready for the hot path. */
export interface ModelInput {
  readonly names: readonly string[];
  /** Training range per input; infinite where unknown. */
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
}

export function toModelInput(version: ModelVersion): ModelInput {
  const names = version.inputs.map((input) => input.name);
  const range = (name: string) => version.trainingRange[name];
  return {
    names,
    minimum: Float64Array.from(names, (name) => range(name)?.minimum ?? Number.NEGATIVE_INFINITY),
    maximum: Float64Array.from(names, (name) => range(name)?.maximum ?? Number.POSITIVE_INFINITY),
  };
}

/** Index of the first input that is no finite float, or -1; the others are in `rows` from `offset` on. */
export function fillRow(input: ModelInput, source: Row, rows: Float32Array, offset: number): number {
  const { names } = input;
  for (let i = 0; i < names.length; i++) {
    const value = source[names[i] as string];
    if (typeof value === 'number') rows[offset + i] = value;
    else if (typeof value === 'boolean') rows[offset + i] = value ? 1 : 0;
    else return i;
    // A double beyond float32 becomes infinite here, so one test finds NaN, infinity and overflow.
    if (!Number.isFinite(rows[offset + i])) return i;
  }
  return -1;
}

/** Says which feature of which record is wrong, and how. */
export function featureError(endpoint: string, record: number, feature: string, value: unknown) {
  return errors.featureInvalid({ endpoint, record, feature, problem: problemOf(value) });
}

export function problemOf(value: unknown): string {
  if (value === undefined || value === null) return 'it is missing';
  if (typeof value === 'number') {
    return Number.isFinite(value) ? `${value} does not fit into a 32-bit float` : `it is ${value}`;
  }
  return `${JSON.stringify(value)?.slice(0, 60) ?? typeof value} is not a number`;
}

const none: readonly string[] = [];

/** `close 250.1 is above the training maximum 196.2` for each input outside what the model has seen. */
export function warningsOf(input: ModelInput, source: Row): readonly string[] {
  let warnings: string[] | undefined;
  for (let i = 0; i < input.names.length; i++) {
    const warning = warningOf(input, i, Number(source[input.names[i] as string]));
    if (warning === null) continue;
    warnings ??= [];
    warnings.push(warning);
  }
  return warnings ?? none;
}

function warningOf({ names, minimum, maximum }: ModelInput, i: number, value: number): string | null {
  const above = value > (maximum[i] as number);
  if (!above && !(value < (minimum[i] as number))) return null;
  const limit = above
    ? `above the training maximum ${round(maximum[i] as number)}`
    : `below the training minimum ${round(minimum[i] as number)}`;
  return `${names[i]} ${round(value)} is ${limit}`;
}

/** Six significant digits tell a person enough. */
const round = (value: number): number => Number(value.toPrecision(6));

/** The model's inputs out of a wider row, for the log. */
export function pickFeatures(names: readonly string[], source: Row): Row {
  const picked: Row = {};
  for (const name of names) picked[name] = source[name] ?? null;
  return picked;
}

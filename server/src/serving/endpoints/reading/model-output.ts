/** What a model gave for some rows, read as one value per row. */
import type { PredictionValue, Row } from '@tidemill/contract';
import type { Tensor } from '../../../adapters/inference/tensors.ts';

type Scalar = number | string | boolean;

/** Of one row, beside its value, where a number alone does not say it all. */
export interface RowDetail {
  /** Every output by name; absent where the value says the same. */
  readonly outputs?: Record<string, PredictionValue>;
  /** The number that monitoring, rollouts and performance go by; null where there is none. */
  readonly prediction: number | null;
  /** What the log keeps where one number does not say it all. */
  readonly output: Row | null;
}

export interface ReadOutputs {
  readonly values: (PredictionValue | null)[];
  /** Null where every value is a plain number. */
  readonly details: (RowDetail | null)[] | null;
  /** Why there is no value, row by row; null where every row has one. */
  readonly reasons: (string | null)[] | null;
}

const widthOf = ({ shape }: Tensor): number => shape.slice(1).reduce((product, size) => product * size, 1);

const isFloat = ({ datatype }: Tensor): boolean => datatype.startsWith('FP');

function cellOf({ datatype, data }: Tensor, at: number): Scalar {
  const cell = data[at];
  if (datatype === 'BOOL') return cell === 1;
  if (datatype === 'FP16') return halfToNumber(cell as number);
  if (typeof cell === 'bigint') return Number(cell);
  if (cell instanceof Uint8Array) return new TextDecoder().decode(cell);
  return cell ?? '';
}

/** IEEE 754 half precision, from its bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function rowValue(tensor: Tensor, width: number, row: number): PredictionValue {
  if (width === 1 && tensor.shape.length <= 2) return cellOf(tensor, row);
  return Array.from({ length: width }, (_, i) => cellOf(tensor, row * width + i));
}

/** Null where every number in it is finite. */
function problemOf(name: string, value: PredictionValue): string | null {
  const bad = (Array.isArray(value) ? value : [value]).find(
    (cell) => typeof cell === 'number' && !Number.isFinite(cell),
  );
  if (bad === undefined) return null;
  return name === '' ? `the model predicted ${bad}` : `the model predicted ${bad} in '${name}'`;
}

/** The label and the probabilities of a classifier, where these are what it gives. */
function classifierOf(outputs: readonly Tensor[]): { label: Tensor | null; probabilities: Tensor } | null {
  const probabilities = outputs.find(
    (output) =>
      isFloat(output) &&
      output.shape.length === 2 &&
      (outputs.length === 1 ? /prob/i.test(output.name) : true) &&
      widthOf(output) > 1,
  );
  if (!probabilities || outputs.length > 2) return null;
  const label = outputs.find((output) => output !== probabilities) ?? null;
  if (label && (isFloat(label) || widthOf(label) !== 1)) return null;
  return { label, probabilities };
}

/** @returns a reason for each row where the model did not answer each row */
export function readOutputs(outputs: readonly Tensor[], rowCount: number): ReadOutputs {
  const wrong = outputs.find(({ shape }) => (shape[0] ?? 1) !== rowCount);
  if (outputs.length === 0 || wrong) {
    const reason = wrong
      ? `the model gave ${wrong.shape[0] ?? 1} values in '${wrong.name}' for ${rowCount} rows`
      : 'the model gave no output';
    return {
      values: new Array(rowCount).fill(null),
      details: null,
      reasons: new Array(rowCount).fill(reason),
    };
  }
  const [only] = outputs;
  if (only && outputs.length === 1 && only.shape.length <= 2 && widthOf(only) === 1 && isPlain(only))
    return readNumbers(only, rowCount);
  return readRows(outputs, rowCount);
}

const isPlain = ({ data, datatype }: Tensor): boolean =>
  datatype !== 'BOOL' && datatype !== 'FP16' && !Array.isArray(data);

/** The way of most models: no object per row. */
function readNumbers({ data }: Tensor, rowCount: number): ReadOutputs {
  const values: (number | null)[] = new Array(rowCount);
  let reasons: (string | null)[] | null = null;
  for (let row = 0; row < rowCount; row++) {
    const value = Number(data[row]);
    const isGood = Number.isFinite(value);
    values[row] = isGood ? value : null;
    if (isGood) continue;
    reasons ??= new Array(rowCount).fill(null);
    reasons[row] = `the model predicted ${value}`;
  }
  return { values, details: null, reasons };
}

function readRows(outputs: readonly Tensor[], rowCount: number): ReadOutputs {
  const widths = outputs.map(widthOf);
  const classifier = classifierOf(outputs);
  const values: (PredictionValue | null)[] = new Array(rowCount).fill(null);
  const details: (RowDetail | null)[] = new Array(rowCount).fill(null);
  let reasons: (string | null)[] | null = null;
  for (let row = 0; row < rowCount; row++) {
    const named: [string, PredictionValue][] = outputs.map((output, i) => [
      output.name,
      rowValue(output, widths[i] as number, row),
    ]);
    const problem = named
      .map(([name, value]) => problemOf(outputs.length > 1 ? name : '', value))
      .find(Boolean);
    if (problem) {
      reasons ??= new Array(rowCount).fill(null);
      reasons[row] = problem;
      continue;
    }
    const [value, prediction] = classifier ? toClass(classifier, named) : toFirst(named);
    values[row] = value;
    const isWhole = named.length === 1 && named[0]?.[1] === value;
    details[row] = {
      ...(!isWhole && { outputs: Object.fromEntries(named) }),
      prediction,
      output: isWhole && typeof value === 'number' ? null : Object.fromEntries(named),
    };
  }
  return { values, details, reasons };
}

/** Of two classes the probability of the second; of more the label of the likeliest, or its place. */
function toClass(
  { label, probabilities }: NonNullable<ReturnType<typeof classifierOf>>,
  named: readonly (readonly [string, PredictionValue])[],
): [PredictionValue, number | null] {
  const of = ({ name }: Tensor) => named.find(([each]) => each === name)?.[1];
  const chances = of(probabilities) as number[];
  if (chances.length === 2) return [chances[1] as number, chances[1] as number];
  const value = label ? (of(label) as Scalar) : likeliest(chances);
  return [value, typeof value === 'number' ? value : null];
}

function likeliest(chances: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < chances.length; i++) if ((chances[i] as number) > (chances[best] as number)) best = i;
  return best;
}

function toFirst(named: readonly (readonly [string, PredictionValue])[]): [PredictionValue, number | null] {
  const value = named[0]?.[1] ?? '';
  if (typeof value === 'number') return [value, value];
  return [value, typeof value === 'boolean' ? Number(value) : null];
}

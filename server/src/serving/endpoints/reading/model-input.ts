/** From records to the arrays a runtime takes, with no object in between. */
import type { ModelVersion, Row } from '@tidemill/contract';
import type { Tensor, TensorData } from '../../../adapters/inference/tensors.ts';
import { errors } from '../../../base/errors.ts';

export type InputKind = 'number' | 'integer' | 'boolean' | 'text' | 'datetime';

export interface InputColumn {
  readonly name: string;
  readonly kind: InputKind;
  readonly isRequired: boolean;
}

/** A model's signature, ready for the hot path. */
export interface ModelInput {
  readonly names: readonly string[];
  readonly columns: readonly InputColumn[];
  /** Rows of numbers, which travel as one array. */
  readonly isMatrix: boolean;
  /** Training range per input; infinite where unknown. */
  readonly minimum: Float64Array;
  readonly maximum: Float64Array;
}

const kinds: Readonly<Record<string, InputKind>> = {
  double: 'number',
  float: 'number',
  integer: 'integer',
  long: 'integer',
  boolean: 'boolean',
  string: 'text',
  datetime: 'datetime',
};

/** Null for a model without a signature of named columns: it takes tensors, and no records. */
export function toModelInput(version: ModelVersion): ModelInput | null {
  const names = version.inputs.map((input) => input.name);
  const isTable = names.length > 0 && version.inputs.every(({ name, type }) => name !== '' && type in kinds);
  if (!isTable) return null;
  const columns = version.inputs.map(({ name, type, required }) => ({
    name,
    kind: kinds[type] as InputKind,
    isRequired: required !== false,
  }));
  const range = (name: string) => version.trainingRange[name];
  return {
    names,
    columns,
    isMatrix: columns.every(({ kind }) => kind !== 'text' && kind !== 'datetime'),
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
    else if ((value === undefined || value === null) && input.columns[i]?.isRequired === false) {
      rows[offset + i] = Number.NaN;
      continue;
    } else return i;
    // A double beyond float32 becomes infinite here, so one test finds NaN, infinity and overflow.
    if (!Number.isFinite(rows[offset + i])) return i;
  }
  return -1;
}

/** Values of one input, as many as there are records; a text that may be left out is null. */
export type ColumnBuffer = Float64Array | (string | null)[];

export const createColumns = ({ columns }: ModelInput, rowCount: number): ColumnBuffer[] =>
  columns.map(({ kind }) =>
    kind === 'text' ? new Array<string | null>(rowCount) : new Float64Array(rowCount),
  );

/** Index of the first input that is not what the signature says, or -1; the others are at `row` of their columns. */
export function fillColumns(input: ModelInput, source: Row, buffers: ColumnBuffer[], row: number): number {
  for (let i = 0; i < input.columns.length; i++) {
    const column = input.columns[i] as InputColumn;
    const cell = cellOf(column, source[column.name]);
    if (cell === undefined) return i;
    (buffers[i] as (string | number | null)[])[row] = cell;
  }
  return -1;
}

/** As its column holds it: times as microseconds, null and NaN for what may be left out; undefined for what does not fit. */
function cellOf({ kind, isRequired }: InputColumn, value: unknown): string | number | null | undefined {
  if (value === undefined || value === null) {
    if (isRequired) return undefined;
    return kind === 'text' ? null : Number.NaN;
  }
  if (kind === 'text') return typeof value === 'string' ? value : undefined;
  if (kind === 'datetime') return microsecondsOf(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  if (kind === 'number') return value;
  if (kind === 'boolean') return value === 0 || value === 1 ? value : undefined;
  return Number.isInteger(value) ? value : undefined;
}

/** Epoch milliseconds, or ISO 8601; a text without zone is UTC. */
function microsecondsOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value * 1000 : undefined;
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  const isZoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(value) || value.length === 10;
  const time = Date.parse(isZoned ? value : `${value}Z`);
  return Number.isNaN(time) ? undefined : time * 1000;
}

export const toColumnTensors = ({ names }: ModelInput, buffers: readonly ColumnBuffer[]): Tensor[] =>
  buffers.map((data, i) => ({
    name: names[i] ?? '',
    datatype: data instanceof Float64Array ? 'FP64' : 'BYTES',
    shape: [data.length],
    // A runtime of columns takes nulls, too.
    data: data as TensorData,
  }));

/** Says everything that is wrong with a record, and how. */
export function recordError(
  endpoint: string,
  record: number,
  input: ModelInput,
  source: Row,
  isMatrix: boolean,
) {
  const fields = input.columns.flatMap((column) => {
    const value = source[column.name];
    const problem = fieldProblem(input, column, value, isMatrix);
    return problem === null
      ? []
      : [{ name: column.name, problem, found: found(value), expected: column.kind }];
  });
  const [first, ...others] = fields;
  const more = others.map(({ name, problem }) => `; feature '${name}': ${problem}`).join('');
  return errors.featureInvalid({
    ...{ endpoint, record, fields },
    feature: first?.name ?? '',
    problem: `${first?.problem ?? ''}${more}`,
  });
}

function fieldProblem(
  input: ModelInput,
  column: InputColumn,
  value: unknown,
  isMatrix: boolean,
): string | null {
  if (isMatrix) {
    const one = { ...input, names: [column.name], columns: [column] };
    return fillRow(one, { [column.name]: value }, new Float32Array(1), 0) === -1 ? null : problemOf(value);
  }
  if (cellOf(column, value) !== undefined) return null;
  if (column.kind === 'number' || value === undefined || value === null) return problemOf(value);
  return `${found(value)} is no ${column.kind}`;
}

const found = (value: unknown): string =>
  value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 60) ?? typeof value);

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

/** The same of a table of numbers. */
export function tableWarnings(input: ModelInput, rows: ArrayLike<number>, most: number): string[] {
  const warnings: string[] = [];
  const width = input.names.length;
  for (let at = 0; at < rows.length && warnings.length < most; at++) {
    const warning = warningOf(input, at % width, rows[at] as number);
    if (warning !== null) warnings.push(`row ${Math.floor(at / width)}: ${warning}`);
  }
  return warnings;
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

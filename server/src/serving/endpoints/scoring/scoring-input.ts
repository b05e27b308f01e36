/**
 * What MLflow's and KServe's clients send to be predicted, as records or tensors. Both took over TensorFlow Serving's
 * `instances` (rows) and `inputs` (columns); MLflow has data frames besides. Pure.
 */
import type { ModelVersion, Row } from '@tidemill/contract';
import type { Tensor, TensorSpec } from '../../../adapters/inference/tensors.ts';
import { errors } from '../../../base/errors.ts';
import { toTensor } from '../reading/tensor-values.ts';
import { parseCsv, repeatedOf } from './scoring-csv.ts';

export type ScoringData =
  /** Values by name, one object per row. */
  | { readonly kind: 'records'; readonly records: readonly Row[] }
  /** Values by name, one list per column (or one value, of a single row). */
  | { readonly kind: 'columns'; readonly columns: Row }
  /** Values without names: a list, nested or not, or one value. */
  | { readonly kind: 'array'; readonly values: unknown };

export interface ScoringInput {
  readonly data: ScoringData;
  /** Of the call, not of a row; null when there are none. */
  readonly params: Row | null;
}

type SignatureColumn = ModelVersion['inputs'][number];

const refuse = (reason: string) => errors.scoringInputInvalid({ reason });

const isObject = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const nameOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : isObject(value)
        ? 'an object'
        : `a ${typeof value}`;

const formats = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;
type Format = (typeof formats)[number];

/** @throws scoringInputInvalid */
export function readScoringJson(body: unknown, accepted: readonly Format[] = formats): ScoringInput {
  const wanted = `The body must be a JSON object with exactly one of ${accepted.join(', ')}`;
  if (!isObject(body)) throw refuse(`${wanted}; it is ${nameOf(body)}`);
  const [format, second] = accepted.filter((name) => Object.hasOwn(body, name));
  if (format === undefined || second !== undefined) {
    const found = Object.keys(body).slice(0, 10).join(', ') || 'none';
    throw refuse(`${wanted}; its fields are ${found}`);
  }
  const { params = null } = body;
  if (params !== null && !isObject(params)) throw refuse(`params must be an object; it is ${nameOf(params)}`);
  return { data: readers[format](body[format]), params };
}

const readers: Readonly<Record<Format, (value: unknown) => ScoringData>> = {
  dataframe_records(value) {
    if (Array.isArray(value) && value.every(isObject)) return { kind: 'records', records: value };
    const found = Array.isArray(value)
      ? `a list with ${nameOf(value.find((row) => !isObject(row)))} in it`
      : nameOf(value);
    throw refuse(`dataframe_records must be a list of objects, one a row; it is ${found}`);
  },
  dataframe_split: readSplit,
  instances: readRows,
  inputs: readRows,
};

/** Rows of named values, columns by name, or values without names. */
function readRows(value: unknown): ScoringData {
  if (isObject(value)) return { kind: 'columns', columns: value };
  if (!Array.isArray(value)) return { kind: 'array', values: value };
  const named = value.filter(isObject).length;
  if (named === 0) return { kind: 'array', values: value };
  if (named === value.length) return { kind: 'records', records: value as Row[] };
  throw refuse('some rows have names and others have none');
}

function readSplit(value: unknown): ScoringData {
  if (!isObject(value))
    throw refuse(`dataframe_split must be an object with columns and data; it is ${nameOf(value)}`);
  const { columns, data, index: _index, ...others } = value;
  const [other] = Object.keys(others);
  if (other !== undefined) throw refuse(`dataframe_split has columns, data and index, but no '${other}'`);
  if (!Array.isArray(data))
    throw refuse(`dataframe_split.data must be a list of rows; it is ${nameOf(data)}`);
  if (columns === undefined || columns === null) return { kind: 'array', values: data };
  if (!Array.isArray(columns))
    throw refuse(`dataframe_split.columns must be a list; it is ${nameOf(columns)}`);
  const names = columns.map(String);
  const repeated = repeatedOf(names);
  if (repeated !== undefined) throw refuse(`dataframe_split.columns has '${repeated}' twice`);
  const given = data.reduce<number>((sum, row) => sum + (Array.isArray(row) ? row.length : 0), 0);
  // A value that is missing is null; rows that are short nearly all would make many cells out of few bytes.
  if (names.length * data.length > 4 * given + fewCells)
    throw refuse(`most rows of dataframe_split.data are shorter than its ${names.length} columns`);
  return { kind: 'records', records: data.map((row, at) => toRecord(names, row, at)) };
}

const fewCells = 10_000;

function toRecord(names: readonly string[], row: unknown, at: number): Row {
  if (!Array.isArray(row))
    throw refuse(`row ${at} of dataframe_split.data must be a list; it is ${nameOf(row)}`);
  if (row.length > names.length)
    throw refuse(`row ${at} of dataframe_split.data has ${row.length} values for ${names.length} columns`);
  return Object.fromEntries(names.map((name, i) => [name, row[i] ?? null]));
}

/** @throws scoringInputInvalid */
export function readScoringCsv(text: string): ScoringInput {
  return { data: { kind: 'records', records: parseCsv(text) }, params: null };
}

/** Whether a model's signature has named columns, so that it takes records. */
export const isTable = (signature: readonly SignatureColumn[]): boolean =>
  signature.length > 0 && signature.every(({ name, type }) => name !== '' && !type.startsWith('tensor('));

/**
 * Records for a signature of named columns. What stands beside them goes along: the entity, and what a feature is looked up by.
 * Numbers written as text are numbers where the signature says so, as they are to pandas.
 * @throws scoringInputInvalid
 */
export function toRecords(data: ScoringData, signature: readonly SignatureColumn[]): Row[] {
  const records = recordsOf(data, signature);
  if (records.length === 0) throw refuse('there is no row in it');
  const casts = signature.flatMap(({ name, type }) => {
    const cast = castOf(type);
    return cast ? [[name, cast] as const] : [];
  });
  return records.map((record) => {
    const changed = casts.filter(([name]) => typeof record[name] === 'string');
    if (changed.length === 0) return record;
    return {
      ...record,
      ...Object.fromEntries(changed.map(([name, cast]) => [name, cast(record[name] as string)])),
    };
  });
}

function castOf(type: string): ((text: string) => unknown) | null {
  if (['double', 'float', 'long', 'integer'].includes(type))
    return (text) => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text);
  if (type === 'boolean') return (text) => ({ true: true, false: false })[text.trim().toLowerCase()] ?? text;
  return null;
}

function recordsOf(data: ScoringData, signature: readonly SignatureColumn[]): readonly Row[] {
  if (data.kind === 'records') return data.records;
  if (data.kind === 'columns') return fromColumns(data.columns);
  const names = signature.map(({ name }) => name);
  const rows = Array.isArray(data.values) ? data.values : [data.values];
  return rows.map((row, at) => {
    const values = Array.isArray(row) ? row : [row];
    if (values.length !== names.length)
      throw refuse(
        `row ${at} has no names and ${values.length} values, where the model takes ${names.length} (${names.slice(0, 20).join(', ')})`,
      );
    return Object.fromEntries(names.map((name, i) => [name, values[i]]));
  });
}

function fromColumns(columns: Row): Row[] {
  const lists = Object.entries(columns).map(
    ([name, value]) => [name, Array.isArray(value) ? value : [value]] as const,
  );
  const count = lists[0]?.[1].length ?? 0;
  const uneven = lists.find(([, values]) => values.length !== count);
  if (uneven)
    throw refuse(`'${uneven[0]}' has ${uneven[1].length} values and '${lists[0]?.[0]}' has ${count}`);
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(lists.map(([name, values]) => [name, values[row]])),
  );
}

/**
 * Tensors for a model that takes such: one by itself, or each by its name.
 * @throws scoringInputInvalid
 */
export function toTensors(data: ScoringData, specs: readonly TensorSpec[]): Tensor[] {
  const [only] = specs;
  const names = new Set(specs.map(({ name }) => name));
  if (data.kind === 'array') {
    if (only && specs.length === 1) return [toTensor(only, data.values)];
    throw refuse(
      `the model takes ${specs.length} tensors (${[...names].join(', ')}); send each by its name in inputs`,
    );
  }
  const given = data.kind === 'columns' ? data.columns : stack(data.records, names);
  const isNamed = specs.some(({ name }) => Object.hasOwn(given, name));
  // Columns of a data frame are one tensor of rows to a model that knows no names.
  if (only && specs.length === 1 && !isNamed) return [toTensor(only, rowsOf(data))];
  const missing = specs.filter(({ name }) => !Object.hasOwn(given, name)).map(({ name }) => name);
  if (missing.length > 0) throw refuse(`the model's inputs ${missing.join(', ')} are missing`);
  return specs.map((spec) => toTensor(spec, given[spec.name]));
}

const rowsOf = (data: ScoringData): unknown[][] =>
  (data.kind === 'columns' ? fromColumns(data.columns) : data.kind === 'records' ? data.records : []).map(
    (record) => Object.values(record),
  );

/** A list for each of these names that the first record has. */
function stack(records: readonly Row[], names: ReadonlySet<string>): Row {
  const found = [...names].filter((name) => Object.hasOwn(records[0] ?? {}, name));
  return Object.fromEntries(found.map((name) => [name, records.map((record) => record[name] ?? null)]));
}

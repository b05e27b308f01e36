import type { Column, Split } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { isName } from '../../base/references.ts';
import { quoteName, quoteText } from '../../base/sql-text.ts';
import { locator } from './located-table.ts';
import { assertColumns } from './rules.ts';

export type SplitRule = Pick<Split, 'by' | 'columns' | 'stratify' | 'seed' | 'at'>;

export interface Part {
  readonly name: string;
  readonly share: number;
}

export const defaultSplit = 'default';

/** A split of its own name stands between the dataset's and the part's: `prices.folds.train`. */
export function partDataset(dataset: string, split: string, part: string): string {
  return split === defaultSplit ? `${dataset}.${part}` : `${dataset}.${split}.${part}`;
}

/** @throws datasetSplitInvalid, datasetColumnNotFound */
export function assertSplit(
  { reference, dataset, columns }: { reference: string; dataset: string; columns: readonly Column[] },
  split: string,
  rule: SplitRule,
  parts: readonly Part[],
): void {
  const invalid = (reason: string) => errors.datasetSplitInvalid({ reference, reason });
  assertColumns(reference, columns, [...rule.columns, ...(rule.stratify === null ? [] : [rule.stratify])]);
  const sum = parts.reduce((total, { share }) => total + share, 0);
  if (rule.at.length > 0) assertInstants(reference, columns, rule);
  else if (Math.abs(sum - 1) > 1e-9) throw invalid(`the shares sum to ${sum}, not to 1`);
  if (new Set(parts.map(({ name }) => name)).size < parts.length) throw invalid('two parts have one name');
  for (const { name } of parts) {
    const target = partDataset(dataset, split, name);
    if (!isName(target)) throw invalid(`'${target}' is too long for the name of a dataset`);
  }
  if (rule.by === 'hash' && rule.columns.length === 0)
    throw invalid('it has no key to hash: name columns, or set the key of the dataset');
  if (rule.by === 'time' && rule.columns.length !== 1) throw invalid('a split by time goes by one column');
  if (rule.by === 'row' && rule.columns.length > 0) throw invalid('a split by row goes by no column');
  if (rule.by === 'time' && rule.stratify !== null) throw invalid('a split by time cannot be stratified');
  for (const { name, type } of columns)
    if (rule.by === 'hash' && rule.columns.includes(name) && type === 'double')
      throw invalid(`'${name}' holds doubles, whose text is not the same everywhere; derive a text column`);
}

const digits = 13;

/** What a row is told apart by, as text; rows of one text go together. */
export function unitText({ by, columns }: SplitRule, types: readonly Column[]): string {
  if (by === 'row') return `cast(t.${locator} as varchar)`;
  const parts = columns.map((name) => {
    const text = textOf(`t.${quoteName(name)}`, types.find((column) => column.name === name)?.type);
    return `coalesce(strlen(${text}) || ':' || ${text}, '-')`;
  });
  return parts.join(" || ',' || ");
}

/** Spelt by ourselves, so that no engine's taste in formats moves a row to another part. */
function textOf(value: string, type: Column['type'] | undefined): string {
  if (type === 'boolean') return `(case ${value} when true then 'true' when false then 'false' end)`;
  if (type === 'date') return `strftime(${value}, '%Y-%m-%d')`;
  if (type === 'timestamp') return `cast(epoch_us(${value}) as varchar)`;
  return `cast(${value} as varchar)`;
}

/** A place in [0, 1): the first 52 bits of the MD5 of `seed|text`. */
export const unitPlace = (text: string, seed: number): string =>
  `(cast('0x' || substr(md5(${quoteText(`${seed}|`)} || ${text}), 1, ${digits}) as bigint) / ${(16 ** digits).toFixed(1)})`;

/** The part in which a place lies. */
export function partAt(place: string, parts: readonly Part[]): string {
  const cases = bordersOf(parts).map((border, i) => `when ${place} < ${border} then ${i}`);
  return `(case ${cases.join(' ')} else ${parts.length - 1} end)`;
}

/** Where each part ends, without the last. */
export function bordersOf(parts: readonly Part[]): number[] {
  let end = 0;
  return parts.slice(0, -1).map(({ share }) => {
    end += share;
    return end;
  });
}

/**
 * The part of each unit, so that every stratum has the shares: its units in the order of their places, cut at the
 * borders. A unit with rows of several strata belongs to the one that most of its rows have.
 */
export function stratifiedUnits(
  { seed }: SplitRule,
  text: string,
  stratum: string,
  parts: readonly Part[],
): string {
  const place = unitPlace('unit', seed);
  return `
    with counted as (select ${text} as unit, t.${quoteName(stratum)} as stratum, count(*) as n from rows_ t group by 1, 2),
      units as (select unit, stratum from counted qualify row_number() over (partition by unit order by n desc, stratum nulls last) = 1),
      placed as (
        select unit, (row_number() over (partition by stratum order by ${place}, unit) - 0.5) / count(*) over (partition by stratum) as place
        from units)
    select unit, ${partAt('place', parts)} as part from placed`;
}

/** Names where only instants are given: as many as people mostly want. */
const usualParts: readonly (readonly string[])[] = [
  ['train', 'test'],
  ['train', 'valid', 'test'],
];

/** @throws datasetSplitInvalid for shares that are missing, or that stand beside instants */
export function partsOf(
  reference: string,
  at: readonly string[],
  given: readonly { readonly name: string; readonly share?: number | undefined }[] | undefined,
): Part[] {
  const invalid = (reason: string) => errors.datasetSplitInvalid({ reference, reason });
  const names = given ?? usualParts[at.length - 1]?.map((name) => ({ name, share: undefined }));
  if (!names) throw invalid(at.length > 0 ? 'its parts have no names' : 'its parts have no shares');
  if (at.length > 0 && names.length !== at.length + 1)
    throw invalid(`${at.length} instants make ${at.length + 1} parts, and ${names.length} are named`);
  return names.map(({ name, share }) => {
    if (at.length > 0 && share !== undefined)
      throw invalid(`the part '${name}' has a share, and the instants cut already`);
    if (at.length === 0 && share === undefined) throw invalid(`the part '${name}' has no share`);
    return { name, share: share ?? 0 };
  });
}

/** As ISO 8601 in UTC, as which a time without a zone counts. @throws datasetSplitInvalid */
export function toInstants(reference: string, at: readonly string[]): string[] {
  const times = at.map((text) => {
    const isPlain = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)?$/.test(text);
    const [day, time] = text.split(/[T ]/);
    const found = Date.parse(isPlain ? `${day}T${time ?? '00:00'}Z` : text);
    const isReal =
      !Number.isNaN(found) && (isPlain || /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:?\d{2})$/i.test(text));
    if (isReal && (!isPlain || new Date(found).toISOString().startsWith(day ?? ''))) return found;
    throw errors.datasetSplitInvalid({
      reference,
      reason: `'${text}' is no instant; write 2023-01-01 or 2023-01-01T12:00:00Z`,
    });
  });
  if (times.some((time, i) => i > 0 && time <= (times[i - 1] ?? 0)))
    throw errors.datasetSplitInvalid({ reference, reason: 'its instants do not ascend' });
  return times.map((time) => new Date(time).toISOString());
}

function assertInstants(reference: string, columns: readonly Column[], { by, columns: [name] }: SplitRule) {
  const invalid = (reason: string) => errors.datasetSplitInvalid({ reference, reason });
  if (by !== 'time') throw invalid('instants cut by time alone');
  const column = columns.find((each) => each.name === name);
  if (column && column.type !== 'date' && column.type !== 'timestamp')
    throw invalid(`'${column.name}' is ${column.type}, and instants cut a date or a timestamp`);
}

/** The part in which a time lies: one begins at each instant. */
export function partAtInstants(column: string, at: readonly string[]): string {
  const cases = at.map(
    (instant, i) =>
      `when cast(t.${quoteName(column)} as timestamp) < timestamp ${quoteText(instant.slice(0, -1).replace('T', ' '))} then ${i}`,
  );
  return `(case ${cases.join(' ')} else ${at.length} end)`;
}

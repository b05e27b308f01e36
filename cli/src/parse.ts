import { extname } from 'node:path';
import type { ReadFormat, TableFormat } from '@tidemill/sdk';
import { InvalidArgumentError } from 'commander';
import { failures } from './failure.ts';

/** Parsers of command-line words: pure, so that a wrong word is refused before anything is sent. */

export function toInteger(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('It must be a whole number.');
}

export function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number.');
}

/** `a,b,c`; repeating the option adds to the list. */
export const toNames = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean),
];

/** An option that may stand several times. */
export const repeated = (text: string, before: readonly string[] = []): string[] => [...before, text];

export const dateFormatHelp =
  'how dates are written: %m/%d/%Y, or by column, the first that fits: day=%d.%m.%Y|%Y-%m-%d (repeatable)';

const sizes: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Bytes from `4GiB`, `500MB` or `1000000`. */
export function toBytes(text: string): number {
  const [, count, unit = 'B'] = /^(\d+(?:\.\d+)?)\s*(B|[KMG]i?B)?$/.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(count) * (sizes[unit] ?? Number.NaN));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('It must be a size such as 4GiB, 500MB or a number of bytes.');
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Seconds from `30d`, `12h`, `90m`, `45s` or `2w`. */
export function toSeconds(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  const seconds = Number(count) * (units[unit] ?? Number.NaN);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new InvalidArgumentError('It must be a length of time such as 30d, 12h, 90m or 45s.');
}

/** Milliseconds since 1970 from a day, an ISO time (UTC where it names no zone) or milliseconds. */
export function toTime(text: string): number {
  if (/^\d{12,}$/.test(text)) return Number(text);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const hasZone = /(?:[zZ]|[+-]\d{2}:?\d{2})$/.test(text);
  const time = Date.parse(isDay || hasZone ? text : `${text}Z`);
  if (Number.isNaN(time)) throw failures.timeInvalid(text);
  return time;
}

export interface Reference {
  readonly name: string;
  readonly version: string;
}

/** `prices@3`, `prices` (the latest), `"my model"@7`, `dataset:prices@3`. What stands there the server judges. */
export function toReference(text: string): Reference {
  const { name, version } = toTarget(text);
  return { name, version: version ?? 'latest' };
}

/** The name alone, in quotes or not: here an `@` is part of it. */
export const toName = (text: string): string =>
  /^"([^"]|"")+"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;

export interface Target {
  readonly name: string;
  /** Null when only the thing was named, without a version. */
  readonly version: string | null;
}

/** What a reference names: one version, or all of it. */
export function toTarget(text: string): Target {
  const bare = text.replace(/^[a-z-]+:/, '');
  const quoted = /^"((?:[^"]|"")+)"(?:@(.*))?$/.exec(bare);
  if (quoted?.[1]) return { name: quoted[1].replaceAll('""', '"'), version: quoted[2] || null };
  const at = bare.lastIndexOf('@');
  if (at <= 0 || at === bare.length - 1) return { name: bare.replace(/@$/, ''), version: null };
  return { name: bare.slice(0, at), version: bare.slice(at + 1) };
}

/** `key=value` pairs with text values. */
export const toTextPairs = (pairs: readonly string[]): Record<string, string> =>
  Object.fromEntries(pairs.map(splitPair));

/** `key=value` pairs of one record: numbers, true, false and null are read as such, `"1"` stays text. */
export const toRecord = (pairs: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(pairs.map(splitPair).map(([key, text]) => [key, toValue(text)]));

/** `key=value` pairs whose values are numbers, as a learner's parameters. */
export const toNumberPairs = (pairs: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const [key, text] = splitPair(pair);
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw failures.numberInvalid(pair);
      return [key, Number(text)];
    }),
  );

function splitPair(pair: string): readonly [string, string] {
  const equals = pair.indexOf('=');
  if (equals <= 0) throw failures.pairInvalid(pair);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

function toValue(text: string): unknown {
  if (/^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (!/^(?:true|false|null|".*")$/s.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text; // quotation marks that are no JSON text are part of the value
  }
}

const formats: Readonly<Record<string, TableFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.parquet': 'parquet',
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};
export const tableFormats: readonly TableFormat[] = ['csv', 'tsv', 'parquet', 'json', 'ndjson'];

/** The format that a file's name tells. @throws formatUnknown */
export function formatOf(path: string): TableFormat {
  const format = formats[extname(path).toLowerCase()];
  if (!format) throw failures.formatUnknown(path);
  return format;
}

/** What a name is without the ending of its packing, which the file itself tells. */
const unpacked = (path: string): string => path.replace(/(?<=\.[a-z]+)\.(?:gz|zst)$/i, '');

/** The same for a file to be sent: the server unpacks `prices.csv.gz`. */
export const sentFormatOf = (path: string): TableFormat => formatOf(unpacked(path));

export const readFormats: readonly ReadFormat[] = [
  'parquet',
  'arrow',
  'arrow-stream',
  'csv',
  'tsv',
  'json',
  'ndjson',
];
const arrowFormats: Readonly<Record<string, ReadFormat>> = {
  '.arrow': 'arrow',
  '.feather': 'arrow',
  '.arrows': 'arrow-stream',
};

/** The same for a file to be written. @throws formatUnknown */
export const readFormatOf = (path: string): ReadFormat =>
  arrowFormats[extname(path).toLowerCase()] ?? formatOf(path);

/** The dataset that a file's name suggests: `Apple Stocks.csv` becomes `apple-stocks`. @throws nameUnclear */
export function datasetNameOf(path: string): string {
  const base = unpacked(path).split(/[/\\]/).at(-1) ?? '';
  const name = base
    .slice(0, base.length - extname(base).length)
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 128);
  if (!name) throw failures.nameUnclear(path);
  return name;
}

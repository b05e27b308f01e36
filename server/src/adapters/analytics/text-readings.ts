import type { ColumnType } from './analytics.ts';
import { quoteText } from './sql-text.ts';

/** A way to read text as one of our types: rows for which `fits` is false speak against it. */
export interface Reading {
  readonly type: ColumnType;
  fits(value: string): string;
  cast(value: string): string;
  /**
   * A cheaper way for values as they are mostly written: where `isPlain(value, tried)`, with `tried` for `attempt(value)`,
   * the value fits and `tried` is what it means. Says nothing about the others.
   */
  readonly plain?: { attempt(value: string): string; isPlain(value: string, tried: string): string };
}

/** What people write where a number or date is missing. In text columns only the empty value counts as missing. */
const missingWords = ['', 'na', 'n/a', '#n/a', 'nan', 'null', 'nil', 'none', '-', '--'];

/** `list_contains`, as the planner takes five times as long over an `in` of as many words. */
export const presentValue = (column: string): string =>
  `case when list_contains([${missingWords.map(quoteText).join(', ')}], lower(trim(${column}))) then null else trim(${column}) end`;

const matches = (value: string, pattern: string): string =>
  `regexp_full_match(${value}, ${quoteText(pattern)})`;
const number = '(?:0|[1-9][0-9]*)';

const boolean: Reading = {
  type: 'boolean',
  fits: (v) => `lower(${v}) in ('true', 'false')`,
  cast: (v) => `cast(${v} as BOOLEAN)`,
  plain: {
    attempt: (v) => `try_cast(${v} as BOOLEAN)`,
    // Two words at a time: an `in` of six becomes a join, and a join loses the order of the rows.
    isPlain: (v) => `(${v} in ('true', 'false') or ${v} in ('True', 'False') or ${v} in ('TRUE', 'FALSE'))`,
  },
};

/** Leading zeros stay text ('007' is a code), and so do digits that would not survive as a number. */
const integer: Reading = {
  type: 'integer',
  fits: (v) => `${matches(v, `[+-]?${number}`)} and try_cast(${v} as BIGINT) is not null`,
  cast: (v) => `cast(${v} as BIGINT)`,
  plain: {
    attempt: (v) => `try_cast(${v} as BIGINT)`,
    isPlain: (v, tried) => `cast(${tried} as VARCHAR) = ${v}`,
  },
};

const doublePattern = `[+-]?(?:${number}(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?[iI]nf(?:inity)?`;

const double: Reading = {
  type: 'double',
  fits: (v) =>
    `${matches(v, doublePattern)} and not ${matches(v, '[+-]?[0-9]{19,}')} and try_cast(${v} as DOUBLE) is not null`,
  cast: (v) => `cast(${v} as DOUBLE)`,
  plain: {
    attempt: (v) => `try_cast(${v} as DOUBLE)`,
    isPlain: (v, tried) =>
      `${tried} is not null and (strlen(${v}) < 19 or contains(${v}, '.')) and ${matches(v, doublePattern)}`,
  },
};

/** '$1,234.50', as stock exchanges and spreadsheets write prices. */
const amount: Reading = {
  type: 'double',
  fits: (v) => matches(v, '-?[$€£] ?-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\\.[0-9]+)?'),
  cast: (v) => `cast(regexp_replace(${v}, '[$€£, ]', '', 'g') as DOUBLE)`,
};

const isoDate: Reading = {
  type: 'date',
  fits: (v) => `${matches(v, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}')} and try_cast(${v} as DATE) is not null`,
  cast: (v) => `cast(${v} as DATE)`,
  plain: {
    attempt: (v) => `try_cast(${v} as DATE)`,
    isPlain: (v, tried) => `strlen(${v}) = 10 and cast(${tried} as VARCHAR) = ${v}`,
  },
};

const isoTimestamp: Reading = {
  type: 'timestamp',
  fits: (v) =>
    `${matches(v, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[T ][0-9].*')} and try_cast(${v} as TIMESTAMPTZ) is not null`,
  cast: (v) => `cast(cast(${v} as TIMESTAMPTZ) as TIMESTAMP)`,
  plain: {
    // Without an offset, which this cast would drop, and three times as fast as the one that knows time zones.
    attempt: (v) => `try_cast(${v} as TIMESTAMP)`,
    // To the second, writing it again takes half as long as a pattern. Words and years before Christ are of other lengths.
    isPlain: (v, tried) =>
      `(strlen(${v}) = 19 and cast(${tried} as VARCHAR) = ${v} or ${tried} is not null and ${matches(v, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\\.[0-9]+)?Z?')})`,
  },
};

export const text: Reading = { type: 'text', fits: () => 'true', cast: (v) => v };

/** `strptime` knows these words in any format, and means different days by them. */
const notSpecial = (value: string): string =>
  `not contains(lower(${value}), 'infinit') and lower(${value}) <> 'epoch'`;

/** `value` as `format` reads it, null if it does not. '22' is no year of four digits, though `%Y` takes it for the year 22. */
export function dateBy(value: string, format: string): string {
  const found = `try_strptime(${value}, ${quoteText(format)})`;
  return format.includes('%Y') ? `case when year(${found}) > 99 then ${found} end` : found;
}

const timeWords = /%[-]?[HIMSfgpsTXc]/;

/** As one of the formats reads it, the first that fits; `type` where the values must have one. */
export function formattedDate(formats: readonly string[], wanted?: ColumnType): Reading {
  const hasTime = formats.some((format) => timeWords.test(format));
  const type = hasTime || wanted === 'timestamp' ? 'timestamp' : 'date';
  const read = (v: string) =>
    `coalesce(${formats.map((format) => `cast(${dateBy(v, format)} as ${type.toUpperCase()})`).join(', ')}, null)`;
  return {
    type,
    fits: (v) => `${read(v)} is not null and ${notSpecial(v)}`,
    cast: read,
    plain: {
      attempt: read,
      isPlain: (v, tried) =>
        `${tried} is not null and ${notSpecial(v)} and not prefix(${v}, ' ') and not suffix(${v}, ' ')`,
    },
  };
}

/** In order of preference; the first that fits every present value wins. */
export const textReadings: readonly Reading[] = [boolean, integer, double, amount, isoDate, isoTimestamp];

/** How to read text that must become `type`. */
export function readingFor(type: ColumnType, formatted?: Reading): readonly Reading[] {
  if (type === 'text') return [text];
  const found = textReadings.filter((reading) => reading.type === type);
  if (type === 'timestamp')
    found.push({ ...isoDate, type: 'timestamp', cast: (v) => `cast(${v} as TIMESTAMP)` });
  return formatted?.type === type ? [formatted, ...found] : found;
}

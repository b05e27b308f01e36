import type {
  CategoryDetail,
  ColumnProfile,
  DatetimeDetail,
  NumericDetail,
  TextDetail,
  ValueCount,
} from '@tidemill/contract';
import { type ColumnFigures, type Counted, quantileLevels } from './figures/columns.ts';
import type { ReadColumn } from './reading/columns.ts';
import type { ReadText } from './reading/texts.ts';
import { kindOf } from './rules.ts';

export interface ColumnFacts {
  readonly read: ReadColumn;
  readonly rows: number;
  /** Of a text column. */
  readonly text?: ReadText | undefined;
  readonly bytes?: number | undefined;
  /** Values of a time later than the commit. */
  readonly future: number;
}

/** NaN and infinities are no JSON, and say only that there is nothing to say. */
const known = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

/** What a column of a profile says, from what was read of it. */
export function columnProfile(facts: ColumnFacts): ColumnProfile {
  const { read, text, bytes } = facts;
  const { column, figures, nulls } = read;
  const count = facts.rows - nulls;
  const distinct = text ? text.distinct : figures.distinct + (read.nans > 0 ? 1 : 0);
  // A sample cannot tell.
  const unique = text ? text.unique : figures.unique + (read.nans === 1 ? 1 : 0);
  const kind = kindOf(column, count, distinct);
  const approximate = [
    ...read.approximate,
    ...(text?.sampled && kind === 'text' ? ['words', 'characters'] : []),
  ];
  return {
    column: column.name,
    type: column.type,
    kind,
    count,
    nulls,
    distinct,
    ...(Number.isNaN(unique) ? {} : { unique }),
    ...ends(facts),
    ...centers(facts),
    top: topOf(facts),
    ...(column.type !== 'text' && { monotonicity: figures.monotonicity }),
    ...(bytes !== undefined && { bytes }),
    ...(kind === 'numeric' && { numeric: numericDetail(read) }),
    ...(text && kind === 'text' && { text: textDetail(facts, text) }),
    ...((kind === 'categorical' || kind === 'boolean') && { categories: categoryDetail(facts, distinct) }),
    ...(kind === 'datetime' && { datetime: datetimeDetail(facts) }),
    ...(approximate.length > 0 && { approximate }),
  };
}

function ends({ read, text }: ColumnFacts): Pick<ColumnProfile, 'minimum' | 'maximum'> {
  const { column, figures } = read;
  if (text) return { minimum: text.minimum, maximum: text.maximum };
  if (column.type === 'boolean' || figures.finite === 0) return { minimum: null, maximum: null };
  const shown = (value: number) => (isTime(read) ? timeText(read, value) : known(value));
  return { minimum: shown(figures.minimum), maximum: shown(figures.maximum) };
}

const isTime = ({ column }: ReadColumn): boolean => column.type === 'date' || column.type === 'timestamp';

/** ISO 8601, a day for a date, with microseconds only where there are any. */
function timeText({ column }: ReadColumn, microseconds: number): string | null {
  const rest = ((microseconds % 1000) + 1000) % 1000;
  const date = new Date((microseconds - rest) / 1000);
  if (Number.isNaN(date.getTime())) return null;
  const text = date.toISOString();
  if (column.type === 'date') return text.slice(0, text.indexOf('T'));
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

function centers(
  facts: ColumnFacts,
): Pick<ColumnProfile, 'mean' | 'standardDeviation' | 'quartiles' | 'histogram'> {
  const { column, figures } = facts.read;
  const isNumber = column.type === 'integer' || column.type === 'double';
  const [, , lower, middle, upper] = figures.quantiles;
  const quartiles = [lower, middle, upper].map(known);
  const scale = isTime(facts.read) ? 1000 : 1;
  const drawn = (isNumber || isTime(facts.read)) && figures.finite > 0;
  return {
    mean: isNumber ? known(figures.mean) : null,
    standardDeviation: isNumber ? known(Math.sqrt(figures.variance)) : null,
    quartiles: isNumber && quartiles.every((value) => value !== null) ? quartiles : null,
    histogram: drawn
      ? { edges: figures.edges.map((edge) => edge / scale), counts: [...figures.counts] }
      : null,
  };
}

/** Of numbers only where they repeat; the ten smallest of a million different ones are not frequent. */
function topOf({ read, text }: ColumnFacts): ValueCount[] {
  if (text) return [...text.top];
  const { figures, column } = read;
  if (column.type === 'boolean')
    return figures.top.map(([value, count]) => ({ value: value === 1 ? 'true' : 'false', count }));
  const repeated = figures.top.filter(([, count]) => count > 1);
  return repeated.map(([value, count]) => ({
    value: (isTime(read) ? timeText(read, value) : null) ?? String(value),
    count,
  }));
}

function numericDetail({ figures, nans }: ReadColumn): NumericDetail {
  const [, , lower = Number.NaN, , upper = Number.NaN] = figures.quantiles;
  const counted = (list: readonly Counted[]) => list.map(([value, count]) => ({ value, count }));
  return {
    sum: known(figures.sum),
    variance: known(figures.variance),
    range: known(figures.maximum - figures.minimum),
    iqr: known(upper - lower),
    mad: known(figures.mad),
    cv: variation(figures),
    skewness: known(figures.skewness),
    kurtosis: known(figures.kurtosis),
    quantiles: figures.quantiles.flatMap((value, i) =>
      Number.isFinite(value) ? [{ p: quantileLevels[i] ?? 0, value }] : [],
    ),
    zeros: figures.zeros,
    negatives: figures.negatives,
    infinities: figures.infinities,
    nans,
    lowest: counted(figures.lowest),
    highest: counted(figures.highest),
  };
}

/** About a mean that is zero but for rounding, the ratio is the rounding's. */
function variation({ variance, mean }: ColumnFigures): number | null {
  const deviation = Math.sqrt(variance);
  return Math.abs(mean) > 1e-12 * deviation ? known(deviation / mean) : null;
}

function textDetail({ read, rows }: ColumnFacts, text: ReadText): TextDetail {
  const { minimum, mean, median, maximum, total, edges, counts } = text.lengths;
  const count = rows - read.nulls;
  const [numbers, dates] = [text.numbers / count, text.dates / count];
  return {
    empty: text.empty,
    length: { minimum, mean, median, maximum },
    lengths: { edges: [...edges], counts: [...counts] },
    characters: {
      total: text.sampled ? total : text.content.characters,
      distinct: text.content.distinctCharacters,
      classes: text.content.classes,
    },
    words: text.content.words,
    ...readable(numbers, dates),
  };
}

const mostlyFrom = 0.95;
const mixedFrom = 0.05;

/** Nearly all of them numbers (or dates) is a type not told; some of them is a mixture. */
export function readable(numbers: number, dates: number): Pick<TextDetail, 'readsAs' | 'readable'> {
  const share = Math.max(numbers, dates);
  if (share < mixedFrom) return { readsAs: null, readable: share };
  if (share < mostlyFrom) return { readsAs: 'mixed', readable: share };
  return { readsAs: numbers >= dates ? 'numbers' : 'dates', readable: share };
}

function categoryDetail({ read, rows, text }: ColumnFacts, distinct: number): CategoryDetail {
  const count = rows - read.nulls;
  const entropy = text ? text.entropy : entropyOf(read.figures.top, count);
  return { entropy, imbalance: distinct < 2 ? 0 : 1 - entropy / Math.log2(distinct) };
}

function entropyOf(top: readonly Counted[], total: number): number {
  return top.reduce((sum, [, count]) => sum - (count / total) * Math.log2(count / total), 0) || 0;
}

function datetimeDetail({ read, future }: ColumnFacts): DatetimeDetail {
  const { figures } = read;
  const { median, gaps, longest } = figures.steps;
  return {
    range: known((figures.maximum - figures.minimum) / 1000),
    future,
    interval: median === null ? null : median / 1000,
    gaps: {
      count: gaps,
      longest: longest && {
        from: timeText(read, longest[0]) ?? '',
        to: timeText(read, longest[1]) ?? '',
        milliseconds: (longest[1] - longest[0]) / 1000,
      },
    },
  };
}

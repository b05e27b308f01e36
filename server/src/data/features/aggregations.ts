/** Features that are declared: what of which column over which window. */
import type { Aggregation, Column, FeatureViewDefinition } from '@tidemill/contract';
import { durationMs, formatDuration } from '../../base/duration.ts';
import { errors } from '../../base/errors.ts';

export const everyEvent = '*';
const hourMs = 3_600_000;
const longestMs = 365 * 24 * hourMs;
const numeric = new Set(['sum', 'mean', 'std']);

/** As they are kept: each with its name, windows in one spelling. @throws featureDefinitionInvalid */
export function named(what: string, definition: FeatureViewDefinition): Aggregation[] {
  const { aggregations = [], ttl } = definition;
  if (aggregations.length === 0) return [];
  const invalid = (reason: string) => errors.featureDefinitionInvalid({ what, reason });
  if (ttl !== undefined)
    throw invalid("it has aggregations, whose windows say how old events may be; leave 'ttl' out");
  for (const each of aggregations) {
    const problem = problemOf(each);
    if (problem !== null) throw invalid(`the aggregation ${spell(each)} ${problem}`);
  }
  return namedAggregations(aggregations);
}

/** In the one spelling in which they are kept. */
export const namedAggregations = (aggregations: readonly Aggregation[]): Aggregation[] =>
  aggregations.map(({ name, function: how, column, window: written, k }) => {
    const window = formatDuration(durationMs(written));
    const called = name ?? defaultName(how, column, window, k);
    return { name: called, function: how, column, window, ...(k !== undefined && k > 1 && { k }) };
  });

const defaultName = (how: string, column: string, window: string, k = 1): string =>
  [k > 1 ? `${how}${k}` : how, ...(column === everyEvent ? [] : [column]), window].join('_');

const spell = ({ function: how, column, window }: Aggregation): string =>
  `${how} of '${column}' over ${window}`;

function problemOf({ function: how, column, window, k }: Aggregation): string | null {
  const ms = durationMs(window);
  if (ms < hourMs || ms > longestMs) return 'has a window that is not between 1h and 365d';
  if (k !== undefined && how !== 'last') return "has a 'k'; only last takes one";
  if (column === everyEvent && how !== 'count') return `needs a column; only count takes '${everyEvent}'`;
  return null;
}

/** Microseconds back from T within which an event may count. */
export const longestWindowUs = (aggregations: readonly Aggregation[]): number =>
  Math.max(...aggregations.map(({ window }) => durationMs(window))) * 1000;

/** The columns that they read, each once, in the order of the SQL: by that the greater of two rows is told. */
export function inputsOf(aggregations: readonly Aggregation[], columns: readonly Column[]): Column[] {
  const read = new Set(aggregations.map(({ column }) => column));
  return columns.filter(({ name }) => read.has(name));
}

/** The type that each has over these columns. @throws featureDefinitionInvalid, featureColumnInvalid */
export function aggregatedFeatures(
  what: string,
  aggregations: readonly Aggregation[],
  columns: readonly Column[],
): Column[] {
  return aggregations.map((each) => {
    const found = columns.find(({ name }) => name === each.column);
    if (!found && each.column !== everyEvent) {
      const known = columns.map(({ name }) => name).join(', ');
      const reason = `is none that ${spell(each)} can read: neither key nor time`;
      throw errors.featureColumnInvalid({ what, column: each.column, reason, known });
    }
    const type = found?.type ?? 'integer';
    if (!takes(each, type)) {
      const reason = `is ${type}; ${spell(each)} takes numbers (cast it in the SQL)`;
      throw errors.featureColumnInvalid({
        what,
        column: each.column,
        reason,
        known: `${each.column} ${type}`,
      });
    }
    return { name: each.name ?? '', type: typeOf(each, type) };
  });
}

const takes = ({ function: how }: Aggregation, type: Column['type']): boolean =>
  !numeric.has(how) || type === 'integer' || type === 'double';

function typeOf({ function: how, k = 1 }: Aggregation, column: Column['type']): Column['type'] {
  if (how === 'count' || how === 'distinct') return 'integer';
  if (how === 'mean' || how === 'std') return 'double';
  return how === 'last' && k > 1 ? 'text' : column;
}

import type { Aggregation, Column, FeatureView } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import type { BoundSql } from '../datasets/service.ts';
import { everyEvent, takes, typeOf } from './aggregations.ts';

type View = Pick<
  FeatureView,
  'reference' | 'entity' | 'joinKeys' | 'eventTime' | 'createdTime' | 'features'
> &
  Partial<Pick<FeatureView, 'aggregations'>>;

type Read = Pick<BoundSql, 'versions'>;

/** Runs a view's SQL into a file. @throws featureViewBroken as `asPromised` */
export async function writeViewRows(
  analytics: Pick<Analytics, 'sandboxedCopy'>,
  view: View,
  { sql, tables, versions }: Pick<BoundSql, 'sql' | 'tables' | 'versions'>,
  to: string,
  signal?: AbortSignal,
): Promise<{ columns: Column[]; rows: number }> {
  const { columns, rows } = await asPromised(view, { versions }, () =>
    analytics.sandboxedCopy({ sql, tables, to, ...(signal && { signal }) }),
  );
  return { columns: [...columns], rows };
}

/**
 * The datasets may have changed since a view was defined: what no longer gives what the view promises is refused before
 * a value of it reaches anybody.
 * @throws featureViewBroken naming the view, the column and the dataset versions
 */
export async function asPromised<T extends { readonly columns: readonly Column[] }>(
  view: View,
  { versions }: Read,
  run: () => Promise<T>,
): Promise<T> {
  const given = await asRunning(view, { versions }, run);
  const problem = findProblem(view, given.columns);
  if (problem !== null) throw broken(view, { versions }, problem);
  return given;
}

/** @throws featureViewBroken where the SQL itself fails */
export async function asRunning<T>(view: View, read: Read, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof TidemillError) || error.code !== 'queryFailed') throw error;
    throw broken(view, read, failureOf(String(error.details.reason)), error);
  }
}

const broken = (view: View, { versions }: Read, reason: string, cause?: unknown): Error => {
  const read = versions.map(({ reference }) => reference).join(', ') || 'no dataset';
  return errors.featureViewBroken({ view: view.reference, versions: read, reason }, cause);
};

/** The engine's first sentence; what a missing column might have meant instead stays in it. */
function failureOf(reason: string): string {
  const column = /Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"/.exec(reason);
  const name = column?.[1] ?? column?.[2];
  const told = reason.split('\n')[0]?.replace(/\.$/, '') ?? reason;
  return name === undefined
    ? `its SQL fails: ${told}`
    : `its SQL reads the column '${name}', which is not there`;
}

function findProblem(view: View, columns: readonly Column[]): string | null {
  const given = columns.map(({ name }) => name).join(', ');
  const typed = new Map(columns.map((column) => [column.name, column.type]));
  const times = [view.eventTime, ...(view.createdTime === null ? [] : [view.createdTime])];
  const aggregations = view.aggregations ?? [];
  const read =
    aggregations.length === 0
      ? view.features.map(({ name }) => name)
      : aggregations.map(({ column }) => column).filter((column) => column !== everyEvent);
  for (const name of [...view.entity, ...times, ...read])
    if (!typed.has(name)) return `its SQL gives no column '${name}' (it gives ${given})`;
  for (const name of times)
    if (!isTime(typed.get(name)))
      return `the column '${name}' is ${typed.get(name)}, neither date nor timestamp`;
  const promised = aggregations.length === 0 ? [...view.joinKeys, ...view.features] : view.joinKeys;
  for (const { name, type } of promised)
    if (!holds(type, typed.get(name)))
      return `the column '${name}' is ${typed.get(name)}; the view promises ${type} (cast it in the SQL)`;
  return aggregations.length === 0 ? null : findAggregatedProblem(view, aggregations, columns);
}

/** What an aggregation gives follows from the type of its column. */
function findAggregatedProblem(
  view: View,
  aggregations: readonly Aggregation[],
  columns: readonly Column[],
): string | null {
  const given = new Map(columns.map(({ name, type }) => [name, type]));
  for (const [i, each] of aggregations.entries()) {
    const type = given.get(each.column) ?? 'integer';
    const promised = view.features[i]?.type ?? 'integer';
    const problem = `the column '${each.column}' is ${type}, of which '${each.name}' cannot be the ${promised} that the view promises (cast it in the SQL)`;
    if (!takes(each, type) || !holds(promised, typeOf(each, type))) return problem;
  }
  return null;
}

const isTime = (type: Column['type'] | undefined): boolean => type === 'date' || type === 'timestamp';

/** A table of whole numbers may stand for one of doubles, not the other way. */
const holds = (promised: Column['type'], given: Column['type'] | undefined): boolean =>
  promised === given || (promised === 'double' && given === 'integer');

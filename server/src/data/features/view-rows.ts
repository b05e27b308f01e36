import type { Column, FeatureView } from '@tidemill/contract';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import type { BoundSql } from '../datasets/service.ts';
import { everyEvent } from './aggregations.ts';

type View = Pick<
  FeatureView,
  'reference' | 'entity' | 'joinKeys' | 'eventTime' | 'createdTime' | 'features'
> &
  Partial<Pick<FeatureView, 'aggregations' | 'inputs'>>;

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
  const column =
    /Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"|Column "([^"]+)" referenced that exists in the SELECT clause/.exec(
      reason,
    );
  const name = column?.slice(1).find((each) => each !== undefined);
  const told = reason.split('\n')[0]?.replace(/\.$/, '') ?? reason;
  return name === undefined
    ? `its SQL fails: ${told}`
    : `its SQL reads the column '${name}', which is not there`;
}

function findProblem(view: View, columns: readonly Column[]): string | null {
  const given = columns.map(({ name }) => name).join(', ');
  const typed = new Map(columns.map((column) => [column.name, column.type]));
  const times = [view.eventTime, ...(view.createdTime === null ? [] : [view.createdTime])];
  const read = readColumns(view);
  if (read === null) return 'it was defined before columns of aggregations had types';
  for (const name of [...view.entity, ...times, ...read.map(({ name }) => name)])
    if (!typed.has(name)) return `its SQL gives no column '${name}' (it gives ${given})`;
  for (const name of times)
    if (!isTime(typed.get(name)))
      return `the column '${name}' is ${typed.get(name)}, neither date nor timestamp`;
  for (const { name, type } of [...view.joinKeys, ...read])
    if (!holds(type, typed.get(name)))
      return `the column '${name}' is ${typed.get(name)}; the view promises ${type} (cast it in the SQL)`;
  return null;
}

/** The columns, beside keys and times, that the view has to get: those of its features, or what its aggregations read. */
function readColumns({ features, aggregations = [], inputs = [] }: View): readonly Column[] | null {
  if (aggregations.length === 0) return features;
  const isWhole = aggregations.every(
    ({ column }) => column === everyEvent || inputs.some(({ name }) => name === column),
  );
  return isWhole ? inputs : null;
}

const isTime = (type: Column['type'] | undefined): boolean => type === 'date' || type === 'timestamp';

/** A table of whole numbers may stand for one of doubles, not the other way. */
const holds = (promised: Column['type'], given: Column['type'] | undefined): boolean =>
  promised === given || (promised === 'double' && given === 'integer');

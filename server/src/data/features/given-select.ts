import type {
  Analytics,
  SealedEngine,
  SealedSelect,
  TableSource,
} from '../../adapters/analytics/analytics.ts';
import type { BoundSql } from '../datasets/service.ts';
import { isRowWise } from './row-wise.ts';

/** A user's select, ready to be read by an engine with many threads: what it gives must not depend on their number. */
export interface GivenSelect {
  readonly tables: Readonly<Record<string, TableSource>>;
  readonly sql: string;
}

/** Row by row it is read in place; anything else runs on one thread first, into a file. */
export async function giveSelect(
  analytics: Analytics,
  bound: BoundSql,
  file: { readonly name: string; readonly path: string },
  signal: AbortSignal | undefined,
): Promise<GivenSelect> {
  if (await isRowWise(analytics, bound.sql)) return { tables: bound.tables, sql: bound.sql };
  await selectIntoFile(analytics, bound, file.path, signal);
  return { tables: { [file.name]: { paths: [file.path] } }, sql: `select * from "${file.name}"` };
}

/** The rows of a user's select in their order, the same every time: on one thread. */
export function selectIntoFile(
  analytics: Analytics,
  { sql, tables }: BoundSql,
  path: string,
  signal: AbortSignal | undefined,
): Promise<SealedSelect['columns']> {
  return analytics.sealed({ tables, outputs: [path], threads: 1, signal }, async (engine) => {
    const select = await engine.select(sql);
    await engine.copy(namedColumns(select), path);
    return select.columns;
  });
}

/** With the names that the user gave the columns. */
export const namedColumns = ({ columns, from }: SealedSelect): string => {
  const named = columns.map(({ name }, i) => `c${i} as "${name.replaceAll('"', '""')}"`);
  return `select ${named.join(', ')} from ${from}`;
};

export const readGiven = (engine: SealedEngine, given: GivenSelect): Promise<SealedSelect> =>
  engine.select(given.sql);

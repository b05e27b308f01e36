import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';
import type { KeyHash } from './row-diff.ts';
import { type CommonColumn, sideValue } from './schema-diff.ts';

/** One side of a comparison, as its key is looked at. */
export interface KeyedTable {
  readonly reference: string;
  readonly rows: number;
  /** All rows. */
  readonly whole: TableSource;
  /** Those in chunks that the other side does not have, and how many. */
  readonly rest: TableSource;
  readonly restRows: number;
}

/** No two rows of the table share the hash of their keys, so none share a key. The opposite is not said by `false`. */
export async function isSurelyUnique(
  analytics: Analytics,
  table: TableSource,
  keys: readonly CommonColumn[],
  keyHash: KeyHash,
): Promise<boolean> {
  const { rows } = await analytics.query({
    sql: `select count(*) = count(distinct ${hashed(keys, keyHash)}) as is_unique from keyed t`,
    tables: { keyed: table },
  });
  return rows[0]?.is_unique === true;
}

/**
 * The same for a table of which the part it shares with another is known to be unique: the rest must be so, and meet
 * nothing in the shared part, of which only the key is read.
 */
export async function isRestUnique(
  analytics: Analytics,
  { rest, shared }: { readonly rest: TableSource; readonly shared: TableSource },
  keys: readonly CommonColumn[],
  keyHash: KeyHash,
): Promise<boolean> {
  if (!(await isSurelyUnique(analytics, rest, keys, keyHash))) return false;
  const { rows } = await analytics.query({
    sql: `select exists (select 1 from shared t where ${hashed(keys, keyHash)} in (select ${hashed(keys, keyHash)} from rest_ t)) as meets`,
    tables: { shared, rest_: rest },
  });
  return rows[0]?.meets === false;
}

const hashed = (keys: readonly CommonColumn[], keyHash: KeyHash): string =>
  keyHash(keys.map((column) => sideValue('t', column)));

/** Asks by the values themselves. @throws datasetKeyDuplicate naming the first one */
export async function assertUniqueKey(
  analytics: Analytics,
  { reference, whole }: Pick<KeyedTable, 'reference' | 'whole'>,
  keys: readonly CommonColumn[],
): Promise<void> {
  const values = keys.map((column, i) => `${sideValue('t', column)} as k${i}`).join(', ');
  const names = keys.map((_, i) => `k${i}`).join(', ');
  const { rows } = await analytics.query({
    sql: `select ${names}, count(*) as count_ from (select ${values} from whole_ t) group by ${names} having count(*) > 1 order by ${names} limit 1`,
    tables: { whole_: whole },
  });
  const [found] = rows;
  if (!found) return;
  throw errors.datasetKeyDuplicate({
    reference,
    key: keys.map(({ name }, i) => `${name}=${found[`k${i}`] ?? 'null'}`).join(', '),
    count: Number(found.count_),
  });
}

/** Asks for the counts of keys and orders: equal ones once, and of a key that keeps an order only that order. */
import type { CountsCheck, RowCounts } from './checks.ts';
import { firstStepsSql, sequenceSql } from './key-queries.ts';
import type { Select } from './sample-rows.ts';

/** Rows that show whether a column may keep an order; one that does not mostly shows it in the first few. */
const firstLook = 8_192;
const directions = ['increasing', 'decreasing'] as const;

export function createCounts(select: Select) {
  const asked = new Map<string, Promise<RowCounts>>();

  async function read(sql: string): Promise<RowCounts> {
    const [row] = await select(sql);
    return { n: Number(row?.n), bad: Number(row?.bad) };
  }

  function ask(sql: string): Promise<RowCounts> {
    const found = asked.get(sql) ?? read(sql);
    asked.set(sql, found);
    return found;
  }

  /** Values that rise, or fall, from each row to the next are all different: no table of them need be built. */
  async function inOrder(column: string): Promise<RowCounts | null> {
    const [steps] = await select(firstStepsSql(column, firstLook));
    const kind = directions.find((direction) => Number(steps?.[direction]) === 0);
    if (!kind) return null;
    const counts = await ask(sequenceSql({ kind, column, strictly: true }, 'true'));
    return counts.bad === 0 ? counts : null;
  }

  return {
    of: async ({ key, sql }: CountsCheck): Promise<RowCounts> =>
      (key === undefined ? null : await inOrder(key)) ?? (await ask(sql)),
  };
}

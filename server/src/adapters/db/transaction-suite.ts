import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { type DatabaseHandle, lockKey, lockOutbox, type Tx, transact } from './db.ts';

const setting = (key: string, value: string) => ({ workspace: 'default', key, value, updated_at: 1 });

const event = (subject: string) => ({
  workspace: 'default',
  kind: 'test',
  subject,
  payload: '{}',
  actor: 'tester',
  created_at: 1,
});

/** What services may rely on when several change things at once. */
export function transactionSuite(open: () => Promise<DatabaseHandle>): void {
  let handle: DatabaseHandle;
  beforeAll(async () => {
    handle = await open();
  });

  const settingOf = async (key: string) =>
    (await handle.db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst())?.value;

  test('a throw rolls everything back and comes out as it was', async () => {
    const reason = new Error('changed my mind');
    const failed = transact(handle.db, async (tx) => {
      await tx.insertInto('settings').values(setting('rolled-back', '')).execute();
      throw reason;
    });
    await expect(failed).rejects.toBe(reason);
    expect(await settingOf('rolled-back')).toBeUndefined();
  });

  test('transact inside a transaction joins it', async () => {
    await expect(
      transact(handle.db, async (outer) => {
        await transact(outer, (tx) => tx.insertInto('settings').values(setting('joined', '')).execute());
        throw new Error('outer fails');
      }),
    ).rejects.toThrow('outer fails');
    expect(await settingOf('joined')).toBeUndefined();
  });

  test('the outer database inside a transaction is an error, not a wait for ever', async () => {
    const mistaken = transact(handle.db, async () => settingOf('anything'));
    await expect(mistaken).rejects.toThrow('Pass `tx` down');
    const later = await transact(handle.db, async () => () => settingOf('anything'));
    expect(await later()).toBeUndefined();
  });

  test('counting up in twenty transactions at once loses none', async () => {
    await handle.db.insertInto('settings').values(setting('counter', '0')).execute();
    const countUp = (tx: Tx) =>
      tx
        .updateTable('settings')
        .set({ value: sql`cast(cast(value as integer) + 1 as text)` })
        .where('key', '=', 'counter')
        .execute();
    await Promise.all(Array.from({ length: 20 }, () => transact(handle.db, countUp)));
    expect(await settingOf('counter')).toBe('20');
  });

  test('with the key locked, reading and then writing loses nothing', async () => {
    await handle.db.insertInto('settings').values(setting('locked', '0')).execute();
    const countUp = async (tx: Tx) => {
      await lockKey(tx, 'settings/locked');
      const row = await tx
        .selectFrom('settings')
        .select('value')
        .where('key', '=', 'locked')
        .executeTakeFirstOrThrow();
      await tx
        .updateTable('settings')
        .set({ value: String(Number(row.value) + 1) })
        .where('key', '=', 'locked')
        .execute();
    };
    await Promise.all(Array.from({ length: 20 }, () => transact(handle.db, countUp)));
    expect(await settingOf('locked')).toBe('20');
  });

  test('two transactions that lock each other out both end', async () => {
    await handle.db
      .insertInto('settings')
      .values([setting('left', ''), setting('right', '')])
      .execute();
    const touch = (tx: Tx, key: string, value: string) =>
      tx.updateTable('settings').set({ value }).where('key', '=', key).execute();
    const inOrder = (first: string, second: string) =>
      transact(handle.db, async (tx) => {
        await touch(tx, first, `${first} first`);
        await sql`select ${1}`.execute(tx);
        await touch(tx, second, `${first} first`);
      });
    await Promise.all([inOrder('left', 'right'), inOrder('right', 'left')]);
    expect(await settingOf('left')).toBe(await settingOf('right'));
  });

  test('whoever follows the outbox by id misses no event, whatever order writers commit in', async () => {
    const writers = Promise.all(
      Array.from({ length: 30 }, (_, writer) =>
        transact(handle.db, async (tx) => {
          await lockOutbox(tx);
          for (let n = 0; n < 3; n++)
            await tx
              .insertInto('outbox')
              .values(event(`follow ${writer} ${n}`))
              .execute();
        }),
      ),
    );
    const seen: string[] = [];
    let cursor = 0;
    const follow = async () => {
      const rows = await handle.db
        .selectFrom('outbox')
        .select(['id', 'subject'])
        .where('id', '>', cursor)
        .where('subject', 'like', 'follow %')
        .orderBy('id')
        .execute();
      for (const row of rows) {
        seen.push(row.subject);
        cursor = row.id;
      }
    };
    let done = false;
    const finished = writers.then(() => {
      done = true;
    });
    while (!done) await follow();
    await finished;
    await follow();
    expect(seen.length).toBe(90);
    expect(new Set(seen).size).toBe(90);
  });
}

import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DatabaseHandle, isUniqueViolation, json, parseJson, toBatches } from './db.ts';

const setting = (key: string, value: string) => ({ workspace: 'default', key, value, updated_at: 1 });

const event = (subject: string) => ({
  workspace: 'default',
  kind: 'test',
  subject,
  payload: '{}',
  actor: 'tester',
  created_at: 1,
});

/** What stores may rely on, whichever database stands behind them. */
export function databaseSuite(open: () => Promise<DatabaseHandle>): void {
  let handle: DatabaseHandle;
  beforeAll(async () => {
    handle = await open();
  });

  const settingOf = async (key: string) =>
    (await handle.db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst())?.value;

  describe('statements', () => {
    test('upsert takes the excluded row', async () => {
      for (const value of ['first', 'second']) {
        await handle.db
          .insertInto('settings')
          .values(setting('upsert', value))
          .onConflict((conflict) =>
            conflict
              .columns(['workspace', 'key'])
              .doUpdateSet((eb) => ({ value: eb.ref('excluded.value'), updated_at: 2 })),
          )
          .execute();
      }
      expect(await settingOf('upsert')).toBe('second');
    });

    test('returning gives the id that only grows', async () => {
      const insert = () =>
        handle.db.insertInto('outbox').values(event('returning')).returning('id').executeTakeFirstOrThrow();
      const first = await insert();
      await handle.db.deleteFrom('outbox').where('id', '=', first.id).execute();
      const second = await insert();
      expect(second.id).toBeGreaterThan(first.id);
    });

    test('numAffectedRows tells whether a guarded update won', async () => {
      await handle.db.insertInto('settings').values(setting('guarded', 'free')).execute();
      const take = () =>
        handle.db
          .updateTable('settings')
          .set({ value: 'taken' })
          .where('key', '=', 'guarded')
          .where('value', '=', 'free')
          .executeTakeFirst();
      expect([(await take()).numUpdatedRows, (await take()).numUpdatedRows]).toEqual([1n, 0n]);
    });

    test('numbers stay numbers: counts, sums, averages, whether, and the largest integer', async () => {
      await handle.db
        .insertInto('event_cursors')
        .values([
          { listener: 'a', last_id: Number.MAX_SAFE_INTEGER, updated_at: 1 },
          { listener: 'b', last_id: 0, updated_at: 2 },
        ])
        .execute();
      const row = await handle.db
        .selectFrom('event_cursors')
        .select((eb) => [
          eb.fn.countAll<number>().as('count'),
          eb.fn.sum<number>('updated_at').as('sum'),
          eb.fn.avg<number>('updated_at').as('average'),
          eb.fn.max('last_id').as('largest'),
          eb.exists(eb.selectFrom('event_cursors').select('listener')).as('exists'),
        ])
        .executeTakeFirstOrThrow();
      expect(row).toEqual({ count: 2, sum: 3, average: 1.5, largest: Number.MAX_SAFE_INTEGER, exists: 1 });
    });

    test('an integer that a number cannot hold fails aloud', async () => {
      await sql`insert into event_cursors values ('huge', 9007199254740993, 1)`.execute(handle.db);
      const read = handle.db.selectFrom('event_cursors').selectAll().where('listener', '=', 'huge').execute();
      await expect(read).rejects.toThrow(RangeError);
    });

    test('more rows than one statement can bind go in by batches', async () => {
      const rows = Array.from({ length: 20_001 }, (_, n) => ({ ...setting(`k${n}`, ''), workspace: 'many' }));
      for (const batch of toBatches(rows)) await handle.db.insertInto('settings').values(batch).execute();
      const { count } = await handle.db
        .selectFrom('settings')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('workspace', '=', 'many')
        .executeTakeFirstOrThrow();
      expect(count).toBe(rows.length);
      expect(toBatches([])).toEqual([]);
    });

    test('text sorts by its bytes', async () => {
      const keys = ['b', 'B', 'a_', 'aZ', 'é', 'a-'];
      await handle.db
        .insertInto('settings')
        .values(keys.map((key) => ({ ...setting(key, ''), workspace: 'sorted' })))
        .execute();
      const rows = await handle.db
        .selectFrom('settings')
        .select('key')
        .where('workspace', '=', 'sorted')
        .orderBy('key')
        .execute();
      expect(rows.map((row) => row.key)).toEqual(['B', 'a-', 'aZ', 'a_', 'b', 'é']);
    });

    test('JSON comes back as it went in, and undefined as null', async () => {
      const value = { text: `'";--\u0000\u2028🌊`, list: [1.5, null, true], nested: { '': -0 } };
      await handle.db
        .insertInto('settings')
        .values(setting('json', json(value)))
        .execute();
      expect(parseJson((await settingOf('json')) ?? '')).toEqual({ ...value, nested: { '': 0 } });
      expect(json(undefined)).toBe('null');
    });

    test('a unique violation is known as one, other failures are not', async () => {
      const insert = () => handle.db.insertInto('settings').values(setting('unique', '')).execute();
      await insert();
      expect(isUniqueViolation(await insert().catch((error: unknown) => error))).toBe(true);
      const other = await sql`select nothing from nowhere`
        .execute(handle.db)
        .catch((error: unknown) => error);
      expect(isUniqueViolation(other)).toBe(false);
      expect(isUniqueViolation(null)).toBe(false);
    });

    test('integers have 64 bits, and nulls do not collide in the deduplication key', async () => {
      const task = (id: string, deduplicationKey: string | null) => ({
        ...{
          id,
          workspace: 'default',
          kind: 'k',
          subject: 's',
          state: 'waiting',
          payload: '{}',
          actor: 'tester',
        },
        ...{ attempt: 0, maximum_attempts: 1, priority: 2 ** 40, run_at: 1, created_at: 1, updated_at: 1 },
        deduplication_key: deduplicationKey,
      });
      const rows = await handle.db
        .insertInto('tasks')
        .values([task('t1', null), task('t2', null), task('t3', 'once')])
        .returning('priority')
        .execute();
      expect(rows.map((row) => row.priority)).toEqual([2 ** 40, 2 ** 40, 2 ** 40]);
      await expect(handle.db.insertInto('tasks').values(task('t4', 'once')).execute()).rejects.toThrow();
    });
  });

  describe('opening', () => {
    test('several at once apply each migration once and see the same rows', async () => {
      const [left, right] = await Promise.all([open(), open()]);
      await left.db.insertInto('settings').values(setting('shared', 'seen')).execute();
      const row = await right.db.selectFrom('settings').select('value').where('key', '=', 'shared').execute();
      expect(row).toEqual([{ value: 'seen' }]);
    });

    test('a database that a newer program wrote is refused by name', async () => {
      const migrations = handle.db.withTables<{ migrations: { name: string; applied_at: number } }>();
      await migrations.insertInto('migrations').values({ name: '999-future', applied_at: 1 }).execute();
      await expect(open()).rejects.toMatchObject({
        code: 'dataFolderNewer',
        details: { applied: '999-future' },
      });
      await migrations.deleteFrom('migrations').where('name', '=', '999-future').execute();
    });

    test('close may be called twice', async () => {
      const extra = await open();
      await extra.close();
      await extra.close();
    });
  });
}

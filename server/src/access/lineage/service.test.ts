import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { type Db, transact } from '../../adapters/db/db.ts';
import { systemClock } from '../../base/clock.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { until } from '../../testing/until.ts';
import { createLineage, type Lineage } from './service.ts';

const workspace = 'default';
const user = 'endpoint:forecast';

describeEachDatabase('a thing that is held while it is deleted', (open) => {
  /** Two connections on PostgreSQL; on SQLite transactions come one after the other in any case. */
  let [one, two]: Db[] = [];
  let lineage: Lineage;
  let things = 0;

  beforeAll(async () => {
    const [first, second] = [await open(), await open()];
    one = first.db;
    two = first.kind === 'postgres' ? second.db : first.db;
    lineage = createLineage({ db: one, clock: systemClock });
  });

  async function newThing(): Promise<string> {
    const uri = `model:m${things++}@1`;
    const node = { workspace, uri, kind: 'model', digest: null, location: null };
    await transact(one as Db, (tx) => lineage.recordNode(tx, node));
    return uri;
  }
  const remove = async (tx: Db, uri: string) => {
    await lineage.assertUnheld(tx, workspace, uri);
    await lineage.deleteNodes(tx, workspace, [uri]);
  };
  const holdsOf = (uri: string) =>
    transact(one as Db, (tx) => lineage.assertUnheld(tx, workspace, uri)).then(
      () => 'none',
      (error: Error) => error.message,
    );

  /** The second begins when the first has its lock, and the first ends when the second waits for it. */
  async function overlap(first: (tx: Db) => Promise<void>, second: (tx: Db) => Promise<void>) {
    const [begun, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<number | null>()];
    const ends = Promise.allSettled([
      transact(one as Db, async (tx) => {
        await first(tx);
        begun.resolve();
        if (one === two) return;
        const pid = await asked.promise;
        await until(
          async () => {
            const waits = sql<{ n: number }>`select count(*)::int as n from pg_stat_activity
              where pid = ${pid} and wait_event_type = 'Lock'`;
            return (await waits.execute(tx)).rows[0]?.n;
          },
          (n) => n === 1,
        );
      }),
      begun.promise.then(() =>
        transact(two as Db, async (tx) => {
          if (one !== two) {
            const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
            asked.resolve(rows[0]?.pid ?? null);
          }
          await second(tx);
        }),
      ),
    ]);
    return (await ends).map((end) => (end.status === 'rejected' ? end.reason : 'done'));
  }

  const uses = (uri: string) => [{ uri, reason: 'serves it' }];

  test('and deleted first is not held', async () => {
    const uri = await newThing();
    const [removed, held] = await overlap(
      (tx) => remove(tx, uri),
      (tx) => lineage.holdThere(tx, workspace, user, uses(uri)),
    );
    expect(removed).toBe('done');
    expect(held).toMatchObject({ code: 'usedGone', details: { what: uri, user } });
    expect(await holdsOf(uri)).toBe('none');
  });

  test('and held first is not deleted', async () => {
    const uri = await newThing();
    const [held, removed] = await overlap(
      (tx) => lineage.holdThere(tx, workspace, user, uses(uri)),
      (tx) => remove(tx, uri),
    );
    expect(held).toBe('done');
    expect(removed).toMatchObject({ code: 'inUse', details: { users: user } });
  });

  test('by a user who can do without it has no hold of what is gone, and one of what is there', async () => {
    const [gone, there] = [await newThing(), await newThing()];
    const ends = await overlap(
      (tx) => remove(tx, gone),
      (tx) => lineage.holdIfThere(tx, workspace, user, [...uses(gone), ...uses(there)]),
    );
    expect(ends).toEqual(['done', 'done']);
    expect(await holdsOf(gone)).toBe('none');
    expect(await holdsOf(there)).toContain(user);
  });
});

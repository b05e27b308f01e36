import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

let wing: DataWing;
let workspaces = 0;

describeEachDatabase('features that nobody meant well', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  const table = (name: string, rows: readonly string[], caller: Caller) =>
    wing.datasets.commit(
      { name, format: 'csv', content: Buffer.from(`id,ts,x\n${rows.join('\n')}\n`) },
      caller,
    );
  async function withTable(rows: readonly string[] = ['1,2025-12-01,5', '2,2025-12-02,6']) {
    const caller = callerIn(`hostile${workspaces++}`);
    await table('t', rows, caller);
    return caller;
  }
  const view = (name: string, change: object = {}) => ({
    ...{ name, entity: ['id'], eventTime: 'ts', sql: 'select id, ts, x from t' },
    ...change,
  });
  const lookUp = async (name: string, ids: unknown[], caller: Caller) =>
    (await wing.features.lookup({ name, version: 'latest', entities: ids.map((id) => ({ id })) }, caller))
      .rows;

  it('definitions of one name at the same time never mix: each is a version of its own or the latest', async () => {
    const caller = await withTable();
    const sqlOf = (n: number) => `select id, ts, x + ${n} as x${n} from t`;
    const puts = [1, 2, 3, 1, 2, 3].map((n) => wing.features.put(view('raced', { sql: sqlOf(n) }), caller));
    const made = await Promise.all(puts);
    const { items } = await wing.features.listVersions({ name: 'raced' }, caller);
    expect(items.map(({ version }) => version)).toEqual(items.map((_, i) => items.length - i));
    for (const [i, reply] of made.entries()) {
      const kept = items.find(({ version }) => version === reply.version);
      expect([kept?.sql, kept?.features]).toEqual([
        sqlOf((i % 3) + 1),
        [{ name: `x${(i % 3) + 1}`, type: 'integer' }],
      ]);
    }
    // One after the other an equal definition is the same version, whatever came before it.
    const [last] = items;
    const again = await wing.features.put(view('raced', { sql: last?.sql ?? '' }), caller);
    expect(again).toMatchObject({ version: last?.version, unchanged: true });
  });

  describe('what is taken while it is deleted', () => {
    /** Of two that cannot both be, one is told so, whichever came first. */
    async function compete(take: Promise<unknown>, remove: Promise<unknown>): Promise<boolean> {
      const [taken, removed] = await Promise.allSettled([take, remove]);
      for (const end of [taken, removed])
        if (end.status === 'rejected')
          expect(end.reason).toMatchObject({ code: expect.stringMatching(/inUse|usedGone|NotFound/) });
      return taken.status === 'fulfilled' && removed.status === 'fulfilled';
    }
    const rounds = Array.from({ length: 6 }, (_, i) => `n${i}`);

    it('an entity of a view', async () => {
      const caller = await withTable();
      for (const name of rounds) {
        await wing.features.entities.put({ name, joinKeys: [{ name: 'id', type: 'integer' }] }, caller);
        const put = wing.features.put(view(name, { entity: undefined, entities: [name] }), caller);
        expect(await compete(put, wing.features.entities.delete({ name }, caller))).toBe(false);
      }
    });

    it('a dataset of a view', async () => {
      const caller = await withTable();
      for (const name of rounds) {
        await table(name, ['1,2025-12-01,5'], caller);
        const put = wing.features.put(view(name, { sql: `select id, ts, x from ${name}` }), caller);
        expect(await compete(put, wing.datasets.delete({ name }, caller))).toBe(false);
      }
    });

    it('a dataset version of a training set', async () => {
      const caller = await withTable();
      await wing.features.put(view('v'), caller);
      for (const name of rounds) {
        await table(name, ['1,2025-12-01,5'], caller);
        const entities = `select id, timestamp '2026-01-01' as event_time from ${name}`;
        const built = wing.features.createTrainingSet(
          { name: `${name}-set`, entities, views: ['v'] },
          caller,
        );
        expect(await compete(built, wing.datasets.delete({ name }, caller))).toBe(false);
      }
      expect(await readdir(wing.tempFolder).catch(() => [])).toEqual([]);
    });

    it('a view of a service', async () => {
      const caller = await withTable();
      for (const name of rounds) {
        await wing.features.put(view(name), caller);
        const put = wing.features.services.put({ name, features: [`${name}@1`] }, caller);
        expect(await compete(put, wing.features.delete({ name }, caller))).toBe(false);
      }
    });
  });

  it.each([
    ['a feature that JSON loses', { sql: 'select id, ts, x as "__proto__" from t' }, /__proto__.*JSON/],
    [
      'a key that JSON loses',
      { entity: ['__proto__'], sql: 'select id as "__proto__", ts, x from t' },
      /__proto__/,
    ],
    [
      'a key and a feature of one name',
      { sql: 'select id, ts, x as "ID" from t' },
      /'id' and 'ID', which differ in nothing but case/,
    ],
    [
      'a time and a feature of one name',
      { sql: 'select id, ts, x as "TS" from t' },
      /differ in nothing but case/,
    ],
    [
      'an unknown column',
      { sql: 'select id, ts, nope from t' },
      /SQL of feature view 'bad'.*nope.*not found/,
    ],
    [
      'a cast that fails',
      { sql: "select id, ts, cast('a' || id as integer) as x from t" },
      /SQL of feature view 'bad'.*'a1'/,
    ],
    [
      'a file',
      { sql: "select 1 as id, * from read_csv('/etc/passwd')" },
      /SQL of feature view 'bad'.*disabled/,
    ],
  ])('a view with %s is refused by name', async (_, change, message) => {
    const caller = await withTable();
    await expect(wing.features.put(view('bad', change), caller)).rejects.toThrow(message);
  });

  it('events before all calendars and without an end are served as a training set has them', async () => {
    const caller = await withTable(['1,0001-01-01,5', '2,9999-12-31,6', '3,2025-12-01,7', '4,1600-01-01,8']);
    const sql = `select id, x, case id when 5 then timestamp '-infinity' when 6 then timestamp 'infinity'
      else cast(ts as timestamp) end as ts from (from t union all select 5, null, 9 union all select 6, null, 10)`;
    await wing.features.put(view('far', { sql }), caller);
    expect(await wing.features.materialize({ name: 'far', version: 'latest' }, caller)).toMatchObject({
      entities: 4,
      pending: 2,
    });
    const rows = await lookUp('far', [1, 2, 3, 4, 5, 6], caller);
    expect(rows.map((row) => row?.values.x ?? null)).toEqual([5, null, 7, 8, 9, null]);
    const { parity } = await wing.features.measureHealth(
      await wing.features.get({ name: 'far', version: '1' }, caller),
      {},
    );
    expect(parity).toMatchObject({ sampled: 4, matched: 4, mismatches: [] });
  });

  describe('a push', () => {
    const stream = {
      dataset: 'pushed',
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'ts', type: 'timestamp' },
        { name: 'day', type: 'date' },
        { name: 'n', type: 'integer' },
        { name: 'word', type: 'text' },
      ],
    };
    const deep = JSON.parse(`${'['.repeat(9_000)}${']'.repeat(9_000)}`) as unknown;

    it.each([
      ['a day that no month has', { day: '2025-02-30' }, /not a date/],
      ['a time on such a day', { ts: '2025-02-30T00:00:00Z' }, /not an ISO time/],
      ['a time past what is exact', { ts: '9999-12-31' }, /between 1684 and 2255/],
      ['a number past 64 bits', { n: '9223372036854775808' }, /not a whole number/],
      ['a number with leading zeros', { n: '007' }, /not a whole number/],
      ['a list as deep as a well', { word: deep }, /is a list, not a text/],
      ['such a key', { id: deep }, /is a list, not a whole number/],
    ])('of %s is refused as a whole, wherever it goes', async (_, change, message) => {
      const caller = await withTable();
      await wing.features.put(
        { name: 'pushes', entity: ['id'], eventTime: 'ts', stream: stream as never },
        caller,
      );
      const rows = [
        { id: 1, ts: '2025-12-01', n: 1 },
        { id: 2, ts: '2025-12-01', ...change },
      ];
      for (const to of ['online', 'offline', 'online_and_offline'] as const)
        await expect(
          wing.features.push({ name: 'pushes', version: 'latest', rows, to }, caller),
        ).rejects.toThrow(message);
      expect(await lookUp('pushes', [1], caller)).toEqual([null]);
      await expect(lookUp('pushes', [deep], caller)).rejects.toThrow(/'id' is a list/);
    });
  });
});

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseHandle } from '../../adapters/db/db.ts';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';

const header = 'date,symbol,close\n';
const csv = (...lines: string[]): Buffer => Buffer.from(`${header}${lines.join('\n')}\n`);

let database: DatabaseHandle;
let wing: DataWing;
let workspaces = 0;
const freshCaller = () => callerIn(`w${(workspaces++).toString()}`);
const csvUpload = (content: Buffer, more: object = {}) => ({
  name: 'prices',
  format: 'csv' as const,
  content,
  ...more,
});

beforeAll(async () => {
  database = await openSqlite({ file: ':memory:', durability: 'process' });
  wing = await createDataWing(database);
});
afterAll(async () => {
  await wing.close();
  await database.close();
});

describe('a diff', () => {
  const before = csv('2023-08-30,AAPL,1', '2023-08-31,AAPL,2', '2023-09-01,AAPL,3');
  const after = csv('2023-08-30,AAPL,1', '2023-08-31,AAPL,2.5', '2023-09-02,AAPL,4');

  it('pairs rows by key', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(before), caller);
    await wing.datasets.commit(csvUpload(after), caller);
    const diff = await wing.datasets.diff({ name: 'prices', from: '1', to: '2', key: 'date' }, caller);
    expect(diff).toMatchObject({
      added: 1,
      removed: 1,
      changed: 1,
      rowsBefore: 3,
      rowsAfter: 3,
      key: ['date'],
    });
    expect(diff.columnsRetyped).toEqual([{ name: 'close', before: 'integer', after: 'double' }]);
    expect(diff.sample).toEqual({
      added: [{ date: '2023-09-02', symbol: 'AAPL', close: 4 }],
      removed: [{ date: '2023-09-01', symbol: 'AAPL', close: 3 }],
      changed: [
        {
          key: { date: '2023-08-31' },
          before: { date: '2023-08-31', symbol: 'AAPL', close: 2 },
          after: { date: '2023-08-31', symbol: 'AAPL', close: 2.5 },
        },
      ],
    });
  });

  it('without a key compares whole rows, each as often as it stands', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(csv('2023-08-30,A,1', '2023-08-30,A,1', '2023-08-31,A,2')), caller);
    await wing.datasets.commit(csvUpload(csv('2023-08-30,A,1', '2023-08-31,A,3')), caller);
    const diff = await wing.datasets.diff({ name: 'prices', from: '1', to: '2' }, caller);
    expect(diff).toMatchObject({ added: 1, removed: 2, changed: 0 });
  });

  it('refuses a key that is not unique, and one that is not there', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(before), caller);
    await wing.datasets.commit(csvUpload(after), caller);
    const diff = (key: string) => wing.datasets.diff({ name: 'prices', from: '1', to: '2', key }, caller);
    await expect(diff('symbol')).rejects.toThrow('prices@1 has 3 rows with the key symbol=AAPL');
    await expect(diff('ticker')).rejects.toThrow("prices@1 has no column 'ticker'");
  });

  it('names columns that came and went', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(Buffer.from('a,b\n1,x\n')), caller);
    await wing.datasets.commit(csvUpload(Buffer.from('a,c\n1,y\n')), caller);
    const diff = await wing.datasets.diff({ name: 'prices', from: '1', to: '2', key: 'a' }, caller);
    expect(diff).toMatchObject({
      columnsAdded: ['c'],
      columnsRemoved: ['b'],
      added: 0,
      removed: 0,
      changed: 0,
    });
  });
});
/** Small alphabets, so that keys meet and values repeat. */
const table = fc.uniqueArray(
  fc.record({ id: fc.integer({ min: 0, max: 30 }), v: fc.integer({ min: 0, max: 2 }) }),
  {
    selector: ({ id }) => id,
    minLength: 1,
    maxLength: 20,
  },
);

describe('diff by key', () => {
  it('counts what a map of rows counts', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(table, table, async (before, after) => {
        const caller = callerIn(`diff${(round++).toString()}`);
        for (const rows of [before, after]) {
          const content = Buffer.from(`id,v\n${rows.map(({ id, v }) => `${id},${v}`).join('\n')}\n`);
          await wing.datasets.commit({ name: 't', format: 'csv', content }, caller);
        }
        const to = (await wing.datasets.get({ name: 't' }, caller)).latestVersion;
        const diff = await wing.datasets.diff({ name: 't', from: '1', to: String(to), key: 'id' }, caller);
        const old = new Map(before.map(({ id, v }) => [id, v]));
        const fresh = new Map(after.map(({ id, v }) => [id, v]));
        expect(diff).toMatchObject({
          added: after.filter(({ id }) => !old.has(id)).length,
          removed: before.filter(({ id }) => !fresh.has(id)).length,
          changed: after.filter(({ id, v }) => old.has(id) && old.get(id) !== v).length,
        });
      }),
      { numRuns: 15 },
    );
  });
});

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChangeKind, DiffRow } from '@tidemill/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseHandle } from '../../adapters/db/db.ts';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import type { Caller } from '../../base/caller.ts';
import { ksStatistic } from '../../base/statistics/ks.ts';
import { psiBins, psiOfWindow } from '../../base/statistics/psi.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';

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
  { selector: ({ id }) => id, minLength: 1, maxLength: 20 },
);
const bag = fc.array(fc.record({ id: fc.integer({ min: 0, max: 3 }), v: fc.integer({ min: 0, max: 1 }) }), {
  minLength: 1,
  maxLength: 20,
});
type Table = readonly { readonly id: number; readonly v: number }[];

async function commitBoth(before: Table, after: Table, caller: Caller): Promise<string> {
  for (const rows of [before, after]) {
    const content = Buffer.from(`id,v\n${rows.map(({ id, v }) => `${id},${v}`).join('\n')}\n`);
    await wing.datasets.commit({ name: 't', format: 'csv', content }, caller);
  }
  return String((await wing.datasets.get({ name: 't' }, caller)).latestVersion);
}

async function allRows(input: { to: string; key: string; kind: ChangeKind }, caller: Caller) {
  const found: DiffRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await wing.datasets.diffRows({ name: 't', from: '1', limit: 3, cursor, ...input }, caller);
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

describe('the rows of a diff', () => {
  it('by key are those that a map of rows gives, in the order of their version, over all pages', async () => {
    await fc.assert(
      fc.asyncProperty(table, table, async (before, after) => {
        const caller = freshCaller();
        const to = await commitBoth(before, after, caller);
        const rows = (kind: ChangeKind) => allRows({ to, key: 'id', kind }, caller);
        const old = new Map(before.map((row) => [row.id, row]));
        const fresh = new Map(after.map((row) => [row.id, row]));
        expect((await rows('added')).map((row) => row.after)).toEqual(after.filter(({ id }) => !old.has(id)));
        expect((await rows('removed')).map((row) => row.before)).toEqual(
          before.filter(({ id }) => !fresh.has(id)),
        );
        expect(await rows('changed')).toEqual(
          after.flatMap((row) => {
            const was = old.get(row.id);
            if (!was || was.v === row.v) return [];
            return [{ kind: 'changed', key: { id: row.id }, before: was, after: row, changed: ['v'] }];
          }),
        );
      }),
      { numRuns: 8 },
    );
  });

  it('as wholes are what is left when equal rows are taken off on both sides', async () => {
    await fc.assert(
      fc.asyncProperty(bag, bag, async (before, after) => {
        const caller = freshCaller();
        const to = await commitBoth(before, after, caller);
        const left = (rows: Table, others: Table): string[] => {
          const spare = others.map((row) => JSON.stringify(row));
          return rows
            .map((row) => JSON.stringify(row))
            .filter((row) => {
              const at = spare.indexOf(row);
              if (at >= 0) spare.splice(at, 1);
              return at < 0;
            });
        };
        const texts = async (kind: ChangeKind) =>
          (await allRows({ to, key: '', kind }, caller)).map((row) =>
            JSON.stringify(row.after ?? row.before),
          );
        expect((await texts('added')).sort()).toEqual(left(after, before).sort());
        expect((await texts('removed')).sort()).toEqual(left(before, after).sort());
        expect(await texts('changed')).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});

/** Several chunks: rows 0 to 19,999 with a number and a word. */
const wide = (edit: (i: number) => string | null = () => null): Buffer =>
  Buffer.from(
    `id,x,w\n${Array.from({ length: 20_000 }, (_, i) => edit(i) ?? `${i},${i % 100},a`).join('\n')}\n`,
  );

describe('a diff of large versions', () => {
  it('reads only the chunks that differ, and still sees a key that a shared chunk holds', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(wide()), caller);
    await wing.datasets.commit(csvUpload(wide((i) => (i === 7 ? '7,1000,b' : null))), caller);
    await wing.datasets.commit(csvUpload(wide((i) => (i === 7 ? '19999,7,a' : null))), caller);
    const diff = (to: string) => wing.datasets.diff({ name: 'prices', from: '1', to, key: 'id' }, caller);
    expect(await diff('2')).toMatchObject({ added: 0, removed: 0, changed: 1 });
    await expect(diff('3')).rejects.toThrow('prices@3 has 2 rows with the key id=19999');
  });

  it('finds its rows wherever they lie: whole, or put together again from deltas', async () => {
    const caller = freshCaller();
    const many = (edit: number): Buffer =>
      Buffer.from(
        `id,x\n${Array.from({ length: 40_000 }, (_, i) => `${i},${i % 1000 === 7 ? edit : 0}`).join('\n')}\n`,
      );
    await wing.datasets.commit(csvUpload(many(1)), caller);
    await wing.datasets.commit(csvUpload(many(2)), caller);
    const rows = () =>
      wing.datasets.diffRows({ name: 'prices', from: '1', to: '2', key: 'id', kind: 'changed' }, caller);
    const { items } = await rows();
    expect(items).toHaveLength(40);
    expect(items.map(({ key, before, after }) => [key.id, before?.x, after?.x])).toEqual(
      Array.from({ length: 40 }, (_, i) => [i * 1000 + 7, 1, 2]),
    );
    for (const name of await readdir(wing.cacheFolder)) await rm(join(wing.cacheFolder, name));
    expect((await rows()).items).toEqual(items);
  });

  it('tells how each column changed', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(wide()), caller);
    const after = wide((i) => (i % 2 === 0 ? `${i},${(i % 100) + 50},b` : null));
    await wing.datasets.commit(csvUpload(after), caller);
    const { columns } = await wing.datasets.diffColumns(
      { name: 'prices', from: '1', to: '2', key: 'id' },
      caller,
    );
    const [id, x, w] = columns;
    expect(id).toMatchObject({ changedRows: 0, distribution: { psi: 0, distance: 0 } });
    const old = Float64Array.from({ length: 20_000 }, (_, i) => i % 100);
    const fresh = Float64Array.from(old, (value, i) => (i % 2 === 0 ? value + 50 : value));
    expect(x).toMatchObject({
      changedRows: 10_000,
      distribution: { mean: { before: 49.5, after: 74.5 }, measure: 'ks', approximate: false },
    });
    expect(x?.distribution?.distance).toBeCloseTo(ksStatistic(old, fresh), 10);
    expect(x?.distribution?.psi).toBeCloseTo(psiOfWindow(psiBins(old), fresh), 1);
    expect(x?.distribution?.quantiles?.before[2]).toBe(49.5);
    expect(w).toMatchObject({
      changedRows: 10_000,
      distribution: { distance: 0.5, measure: 'total-variation', quantiles: null, mean: null },
    });
  });

  it('comes as a file with both values beside each other', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(wide()), caller);
    await wing.datasets.commit(csvUpload(wide((i) => (i === 7 ? '7,1000,b' : null))), caller);
    const file = await wing.datasets.exportDiff(
      { name: 'prices', from: '1', to: '2', key: 'id', format: 'csv' },
      caller,
    );
    expect(await textOf(file.content)).toBe(
      'change,id,x_before,x_after,w_before,w_after\nchanged,7,7,1000,a,b\n',
    );
  });
});

describe('a diff without a key of its own', () => {
  it('takes the one the dataset was set to, and none if it says so', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(csv('2023-08-30,A,1', '2023-08-31,A,2')), caller);
    await wing.datasets.commit(csvUpload(csv('2023-08-30,A,1', '2023-08-31,A,3')), caller);
    const set = (key: string[]) =>
      wing.datasets.update({ name: 'prices', key, description: 'daily' }, caller);
    await expect(set(['ticker'])).rejects.toThrow("prices@2 has no column 'ticker'");
    expect(await set(['symbol', 'date'])).toMatchObject({ key: ['symbol', 'date'], description: 'daily' });
    const diff = (key?: string) => wing.datasets.diff({ name: 'prices', from: '1', to: '2', key }, caller);
    expect(await diff()).toMatchObject({ changed: 1, key: ['symbol', 'date'] });
    expect(await diff('')).toMatchObject({ changed: 0, added: 1, removed: 1, key: [] });
  });
});

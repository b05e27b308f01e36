import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseHandle } from '../../adapters/db/db.ts';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { workerPool } from '../../adapters/executor/worker-pool.ts';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { createProfiling, type Profiling } from './service.ts';

let database: DatabaseHandle;
let wing: DataWing;
let profiling: Profiling;
const compute = workerPool();
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
  profiling = createProfiling({ ...wing, compute });
});
afterAll(async () => {
  await wing.close();
  await compute.close();
  await database.close();
});

describe('a profile', () => {
  it('describes each column, without what is not finite', async () => {
    const caller = freshCaller();
    const content = Buffer.from('x,s,b\n1,a,true\n2,a,false\n3,b,true\ninf,,true\n');
    await wing.datasets.commit(csvUpload(content), caller);
    const profile = await profiling.get({ name: 'prices', version: '1' }, caller);
    expect(profile).toMatchObject({ reference: 'prices@1', rows: 4 });
    const [x, s, b] = profile.columns;
    expect(x).toMatchObject({ count: 4, nulls: 0, distinct: 4, minimum: 1, maximum: 3, mean: 2 });
    expect(x).toMatchObject({ standardDeviation: 1, quartiles: [1.5, 2, 2.5], top: [] });
    expect(x?.histogram?.edges).toHaveLength(31);
    expect(x?.histogram?.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(s).toMatchObject({ nulls: 1, minimum: 'a', maximum: 'b', mean: null, histogram: null });
    expect(s?.top).toEqual([
      { value: 'a', count: 2 },
      { value: 'b', count: 1 },
    ]);
    expect(b).toMatchObject({
      minimum: null,
      maximum: null,
      top: [
        { value: 'true', count: 3 },
        { value: 'false', count: 1 },
      ],
    });
    expect(await profiling.get({ name: 'prices', version: '1' }, caller)).toEqual(profile);
  });

  it('survives a constant column and one without values', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(csvUpload(Buffer.from('x,y,z\n5,,1\n5,,2\n')), caller);
    const { columns } = await profiling.get({ name: 'prices', version: '1' }, caller);
    expect(columns[0]?.histogram).toEqual({ edges: [5, 5], counts: [2] });
    expect(columns[1]).toMatchObject({ count: 0, nulls: 2, distinct: 0, minimum: null, top: [] });
  });
});

describe('two versions side by side', () => {
  const rowsOf = (from: number, to: number, more: string) =>
    Array.from({ length: to - from }, (_, i) => `${from + i},${i % 3 === 0 ? 'a' : more}`).join('\n');

  it('show what drifted, what is new and what is gone', async () => {
    const caller = freshCaller();
    await wing.datasets.commit(
      csvUpload(Buffer.from(`x,k,old\n${rowsOf(0, 300, 'b').replaceAll('\n', ',1\n')},1\n`)),
      caller,
    );
    await wing.datasets.commit(
      csvUpload(Buffer.from(`x,k,fresh\n${rowsOf(200, 500, 'c').replaceAll('\n', ',\n')},\n`)),
      caller,
    );
    const found = await profiling.compare({ name: 'prices', version: '2', with: '1' }, caller);
    expect(found.columns.map(({ column, change }) => `${column} ${change}`)).toEqual([
      'x changed',
      'k changed',
      'fresh added',
      'old removed',
    ]);
    const [x, k] = found.columns;
    expect(x).toMatchObject({ drift: 'large', ks: { statistic: 2 / 3 } });
    expect(x?.wasserstein).toBeCloseTo(200, 9);
    expect(x?.bins?.edges).toHaveLength(31);
    expect(k).toMatchObject({ drift: 'large', ks: null, bins: { categories: ['b', 'c', 'a'] } });
    expect(found.warningsAdded.map(({ kind }) => kind)).toContain('emptyColumn');
    expect(found.warningsGone.map(({ columns }) => columns.join())).toContain('old');
    const same = await profiling.compare({ name: 'prices', version: 'latest', with: 'prices@2' }, caller);
    expect(same.columns.every(({ change }) => change === 'same')).toBe(true);
  });

  it('do not drift from themselves when they are small', async () => {
    const caller = freshCaller();
    const some = (seed: number) =>
      Array.from({ length: 60 }, (_, i) => `${Math.sin(i * seed) * 100}`).join('\n');
    await wing.datasets.commit(csvUpload(Buffer.from(`x\n${some(12.9898)}\n`)), caller);
    await wing.datasets.commit(csvUpload(Buffer.from(`x\n${some(78.233)}\n`)), caller);
    const { columns } = await profiling.compare({ name: 'prices', version: '2', with: '1' }, caller);
    expect(columns[0]).toMatchObject({ change: 'changed', drift: 'none' });
  });
});

it('a client that leaves takes its computation with it', async () => {
  const caller = freshCaller();
  await wing.datasets.commit(csvUpload(Buffer.from('x\n1\n2\n')), caller);
  const controller = new AbortController();
  const asked = profiling.get({ name: 'prices', version: '1' }, caller, controller.signal);
  controller.abort();
  await expect(asked).rejects.toMatchObject({ code: 'queryCancelled' });
  expect((await profiling.get({ name: 'prices', version: '1' }, caller)).rows).toBe(2);
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

describeEachDatabase('versions made from versions', (open) => {
  let wing: DataWing;
  let workspaces = 0;
  const freshCaller = () => callerIn(`w${(workspaces++).toString()}`);
  const commit = (name: string, lines: string, caller: Caller) =>
    wing.datasets.commit({ name, format: 'csv', content: Buffer.from(lines) }, caller);
  const rowsOf = async (name: string, caller: Caller) =>
    textOf((await wing.datasets.read({ name, version: 'latest', format: 'csv' }, caller)).content);
  const sql = 'select symbol, sum(x) as total from prices group by symbol order by symbol;';
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  it('a derivation records its SQL and what it read, and holds that', async () => {
    const caller = freshCaller();
    await commit('prices', 'symbol,x\nA,1\nB,2\nA,3\n', caller);
    const made = await wing.datasets.derive({ name: 'totals', sql, tag: 'first' }, caller);
    expect(made).toMatchObject({
      reference: 'totals@1',
      tags: ['first'],
      provenance: {
        kind: 'sql',
        inputs: ['dataset:prices@1'],
        detail: { sql: sql.slice(0, -1), inputs: { prices: 'prices@1' } },
      },
    });
    expect(await rowsOf('totals', caller)).toBe('symbol,total\nA,4.0\nB,2.0\n');
    const { upstream } = await wing.lineage.lineage({ uri: made.uri }, caller);
    expect(upstream).toMatchObject([{ from: 'dataset:prices@1', to: 'dataset:totals@1', relation: 'sql' }]);
    await expect(wing.datasets.delete({ name: 'prices' }, caller)).rejects.toThrow(
      'dataset:totals@1 uses it',
    );
  });

  it('runs again on what it read, and on the latest when asked', async () => {
    const caller = freshCaller();
    await commit('prices', 'symbol,x\nA,1\nB,2\n', caller);
    await wing.datasets.derive({ name: 'totals', sql }, caller);
    await commit('prices', 'symbol,x\nA,1\nB,5\n', caller);
    const rederive = (version: string, latest = false) =>
      wing.datasets.rederive({ name: 'totals', version, latest }, caller);
    expect(await rederive('1')).toMatchObject({ isEqual: true, hasSameRows: true, committed: null });
    expect(await rederive('1', true)).toMatchObject({
      isEqual: false,
      committed: { reference: 'totals@2', provenance: { detail: { inputs: { prices: 'prices@2' } } } },
    });
    expect(await rederive('2')).toMatchObject({ isEqual: true });
    await expect(wing.datasets.rederive({ name: 'prices', version: '1' }, caller)).rejects.toMatchObject({
      code: 'datasetNotDerived',
    });
  });

  it('tells rows that came in another order from other rows', async () => {
    const caller = freshCaller();
    await commit('prices', 'symbol,x\nA,1\nB,2\n', caller);
    const derive = (text: string) => wing.datasets.derive({ name: 'copy', sql: text }, caller);
    // What is random stands for an engine that orders or computes otherwise than it did.
    await derive('select range as n from range(50) order by random()');
    await derive('select random() as n from prices');
    const rederive = (version: string) => wing.datasets.rederive({ name: 'copy', version }, caller);
    expect(await rederive('1')).toMatchObject({ isEqual: false, hasSameRows: true });
    expect(await rederive('2')).toMatchObject({ isEqual: false, hasSameRows: false });
  });

  it.each([
    ['select * from prices', { other: '1' }, 'bindingInvalid'],
    ['select * from nothing', {}, 'datasetNotFound'],
    ["select * from read_csv('/etc/passwd')", {}, 'queryRefused'],
    ['drop table prices', {}, 'featureSqlInvalid'],
  ])('%s is refused and leaves nothing', async (text, inputs, code) => {
    const caller = freshCaller();
    await commit('prices', 'symbol,x\nA,1\n', caller);
    await expect(wing.datasets.derive({ name: 'made', sql: text, inputs }, caller)).rejects.toMatchObject({
      code,
    });
    await expect(wing.datasets.get({ name: 'made' }, caller)).rejects.toMatchObject({
      code: 'datasetNotFound',
    });
  });

  it('a fork has the rows without a copy, the key, and its own life', async () => {
    const caller = freshCaller();
    const source = await commit('prices', 'symbol,x\nA,1\nB,2\n', caller);
    await wing.datasets.update({ name: 'prices', key: ['symbol'] }, caller);
    const chunks = () => wing.db.selectFrom('dataset_chunks').selectAll().execute();
    const before = await chunks();
    const fork = await wing.datasets.fork({ name: 'cleaned', from: 'prices' }, caller);
    expect(fork).toMatchObject({
      reference: 'cleaned@1',
      digest: source.digest,
      message: 'fork of prices@1',
      provenance: { kind: 'fork', inputs: ['dataset:prices@1'], detail: { from: 'prices@1' } },
    });
    expect(await chunks()).toEqual(before);
    expect(await wing.datasets.get({ name: 'cleaned' }, caller)).toMatchObject({ key: ['symbol'] });
    await commit('cleaned', 'symbol,x\nA,1\nB,7\n', caller);
    const diff = { name: 'prices', from: '1', to: 'cleaned@2' };
    expect(await wing.datasets.diff(diff, caller)).toMatchObject({ changed: 1, to: 'cleaned@2' });
    await wing.datasets.delete({ name: 'prices' }, caller);
    expect((await wing.lineage.lineage({ uri: fork.uri }, caller)).upstream).toHaveLength(1);
  });

  it('a fork onto its own name goes back', async () => {
    const caller = freshCaller();
    const first = await commit('prices', 'x\n1\n', caller);
    await commit('prices', 'x\n2\n', caller);
    const back = await wing.datasets.fork({ name: 'prices', from: 'prices@1' }, caller);
    expect(back).toMatchObject({ version: 3, digest: first.digest, parent: 2 });
    const again = await wing.datasets.fork({ name: 'prices', from: 'prices@1' }, caller);
    expect(again).toMatchObject({ version: 3, unchanged: true });
  });
});

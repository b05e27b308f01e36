import { afterAll, beforeAll, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

describeEachDatabase('how the latest version was made', (open) => {
  let wing: DataWing;
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  it('is told of each dataset, and picks them page by page', async () => {
    const caller = callerIn('made-by');
    const commit = (name: string, rows: string) =>
      wing.datasets.commit({ name, format: 'csv', content: Buffer.from(`id\n${rows}\n`) }, caller);
    await commit('prices', '1\n2\n3');
    await wing.datasets.derive({ name: 'odd', sql: 'select * from prices where id % 2 = 1' }, caller);
    await wing.datasets.derive({ name: 'even', sql: 'select * from prices where id % 2 = 0' }, caller);
    await wing.datasets.fork({ name: 'other', from: 'prices@1' }, caller);
    const list = async (madeBy: string, page = {}) => {
      const { items, nextCursor } = await wing.datasets.list({ madeBy, ...page }, caller);
      return { names: items.map(({ name }) => name), nextCursor };
    };
    expect(await list('sql')).toEqual({ names: ['even', 'odd'], nextCursor: null });
    const first = await list('sql', { limit: 1 });
    expect(first.names).toEqual(['even']);
    expect((await list('sql', { limit: 1, cursor: first.nextCursor })).names).toEqual(['odd']);
    expect((await list('upload')).names).toEqual(['prices']);
    expect((await list('fork')).names).toEqual(['other']);
    expect((await list('up')).names).toEqual([]);
    expect(await wing.datasets.get({ name: 'odd' }, caller)).toMatchObject({
      madeBy: 'sql',
      inputs: ['dataset:prices@1'],
    });
    // The latest version counts.
    await commit('odd', '5');
    expect((await list('sql')).names).toEqual(['even']);
  });
});

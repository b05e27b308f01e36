import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

let wing: DataWing;
let workspaces = 0;

describeEachDatabase('features without measure', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  const stream = {
    dataset: 'pushed',
    columns: [
      { name: 'id', type: 'integer' as const },
      { name: 'ts', type: 'timestamp' as const },
      { name: 'n', type: 'integer' as const },
      { name: 'word', type: 'text' as const },
    ],
  };
  const lookUp = async (name: string, ids: unknown[], caller: Caller) =>
    (await wing.features.lookup({ name, version: 'latest', entities: ids.map((id) => ({ id })) }, caller))
      .rows;

  it('two thousand features are built, brought online and read', async () => {
    const caller = callerIn(`measure${workspaces++}`);
    const content = Buffer.from('id,ts,x\n1,2025-12-01,5\n2,2025-12-02,6\n');
    await wing.datasets.commit({ name: 't', format: 'csv', content }, caller);
    const names = Array.from({ length: 2_000 }, (_, i) => `f${i}`);
    const sql = `select id, ts, ${names.map((name, i) => `x + ${i} as ${name}`).join(', ')} from t`;
    await wing.features.put({ name: 'wide', entity: ['id'], eventTime: 'ts', sql }, caller);
    await wing.features.materialize({ name: 'wide', version: 'latest' }, caller);
    const [row] = await lookUp('wide', [2], caller);
    expect(row?.values).toEqual(Object.fromEntries(names.map((name, i) => [name, 6 + i])));
  }, 60_000);

  it('a push of 100,000 rows keeps nobody else waiting', async () => {
    const caller = callerIn(`measure${workspaces++}`);
    const definition = { name: 'pushes', entity: ['id'], eventTime: 'ts', stream };
    await wing.features.put(definition, caller);
    const rows = Array.from({ length: 100_000 }, (_, id) => ({ id, ts: '2025-12-01', n: id, word: 'é' }));
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const to = 'online_and_offline' as const;
    const reply = await wing.features.push({ name: 'pushes', version: 'latest', rows, to }, caller);
    clearInterval(ticking);
    expect(reply).toMatchObject({ rows: 100_000, online: { written: 100_000 } });
    // A hundred slices of checking, a hundred of writing, twenty handed over.
    expect(turns).toBeGreaterThan(150);
    expect(await lookUp('pushes', [99_999], caller)).toMatchObject([{ values: { n: 99_999 } }]);
  }, 60_000);
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../../base/caller.ts';
import { callerIn, createDataWing, type DataWing } from '../../../testing/data-wing.ts';
import { describeEachDatabase } from '../../../testing/each-database.ts';
import { until } from '../../../testing/until.ts';

let wing: DataWing;
let workspaces = 0;
const latest = { name: 'v', version: 'latest' };

describeEachDatabase('filling the online store', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  async function withView(rows = 3) {
    const caller = callerIn(`filling${workspaces++}`);
    const lines = Array.from({ length: rows }, (_, i) => `${i},2025-12-01,${i * 2}`);
    const content = Buffer.from(`id,ts,x\n${lines.join('\n')}\n`);
    await wing.datasets.commit({ name: 't', format: 'csv', content }, caller);
    const sql = 'select id, ts, x from t';
    await wing.features.put({ name: 'v', entity: ['id'], eventTime: 'ts', sql }, caller);
    return caller;
  }
  const lookUp = async (id: number, caller: Caller) =>
    (await wing.features.lookup({ ...latest, entities: [{ id }] }, caller)).rows[0]?.values.x ?? null;
  const incremental = { ...latest, mode: 'incremental' as const };

  describe('an incremental run', () => {
    it('writes all again when the store was emptied, whatever it is known to have written', async () => {
      const caller = await withView();
      expect(await wing.features.materialize(incremental, caller)).toMatchObject({ entities: 3 });
      expect(await wing.features.materialize(incremental, caller)).toMatchObject({ unchanged: true });
      await wing.online.drop(`${caller.workspace}/v@1`);
      const again = await wing.features.materialize(incremental, caller);
      expect(again).toMatchObject({ unchanged: false, entities: 3, written: 3 });
      expect(await lookUp(2, caller)).toBe(4);
      expect(await wing.features.materialize(incremental, caller)).toMatchObject({ unchanged: true });
    });

    it('writes all again after a run that ended in the middle', async () => {
      const caller = await withView();
      await wing.features.materialize(incremental, caller);
      await wing.online.mark(`${caller.workspace}/v@1`, { to: 'task_0 writes' });
      expect(await wing.features.materialize(incremental, caller)).toMatchObject({ entities: 3 });
    });
  });

  it('is done by one run of a view at a time, so that none ends after one that read newer data', async () => {
    const caller = await withView(2_000);
    const modes = ['full', 'incremental', 'full', 'incremental'] as const;
    const runs = await Promise.all(
      modes.map((mode) => wing.features.materialize({ ...latest, mode }, caller)),
    );
    const inOrder = runs.toSorted((a, b) => Number(a.startedAt) - Number(b.startedAt));
    for (const [i, run] of inOrder.entries())
      expect(Number(run.startedAt)).toBeGreaterThan(Number(inOrder[i - 1]?.finishedAt ?? 0));
  });

  it('is not held up by one whose task is over though nobody wrote so down', async () => {
    const caller = await withView();
    const { id } = await wing.features.materialize(latest, caller);
    const stale = { state: 'running', finished_at: null };
    await wing.db.updateTable('feature_materializations').set(stale).where('id', '=', id).execute();
    expect(await wing.features.materialize(latest, caller)).toMatchObject({ state: 'succeeded' });
  });

  it('goes on when the clock is set back', async () => {
    const caller = await withView();
    await wing.features.materialize(incremental, caller);
    wing.skip(-3_600_000);
    const content = Buffer.from('id,ts,x\n2,2025-12-02,9\n');
    await wing.datasets.commit({ name: 't', format: 'csv', mode: 'append', content }, caller);
    expect(await wing.features.materialize(incremental, caller)).toMatchObject({ written: 1 });
    expect(await lookUp(2, caller)).toBe(9);
    expect(await wing.features.materialize(incremental, caller)).toMatchObject({ unchanged: true });
    wing.skip(3_600_000);
  });

  it('ends with the view, and leaves nothing of it', async () => {
    const caller = await withView(100_000);
    const online = `${caller.workspace}/v@1`;
    const { id } = await wing.features.materialize({ ...latest, wait: false }, caller);
    const held = async () => (await wing.online.read([{ view: online, keys: ['[0]'] }]))[0]?.[0] ?? null;
    await until(held, (row) => row !== null);
    await wing.features.delete({ name: 'v' }, caller);
    expect(await wing.features.getMaterialization({ id }, caller)).toMatchObject({
      state: 'cancelled',
      error: 'the view was deleted',
    });
    await until(held, (row) => row === null);
    await until(
      () => wing.tasks.get(id),
      ({ state }) => state === 'cancelled',
    );
    expect(await held()).toBeNull();
    expect(await wing.online.mark(online, { from: `${id} writes`, to: id })).toBe(false);
  });
});

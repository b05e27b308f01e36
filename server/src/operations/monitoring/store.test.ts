import { expect, test } from 'vitest';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { monitoringStore, type NewResult, type StoredMonitor } from './store.ts';

const monitor: StoredMonitor = {
  workspace: 'w1',
  name: 'drift',
  endpoint: 'forecast',
  kind: 'drift',
  window: 22,
  createdAt: 5,
};
const result = (eventTime: number, change: Partial<NewResult> = {}): NewResult => ({
  ...{ workspace: 'w1', monitor: 'drift', endpoint: 'forecast', kind: 'drift', model: 'm@1' },
  ...{ eventTime, column: 'close', statistic: 'ks', value: 0.25, threshold: 0.46, breached: false },
  ...{ rows: 22, checkedAt: 9 },
  ...change,
});

describeEachDatabase('monitoring store', (open) => {
  test('keeps monitors by workspace and name', async () => {
    const store = monitoringStore((await open()).db);
    await store.save(monitor, 'user:anna');
    await store.save({ ...monitor, workspace: 'w2', endpoint: 'other' }, 'user:anna');
    await store.save({ ...monitor, window: 30 }, 'user:anna');
    expect(await store.find('w1', 'drift')).toEqual({ ...monitor, window: 30 });
    expect(await store.list({ workspace: 'w1', subject: 'other' })).toEqual([]);
    expect(await store.listWatchedEndpoints()).toHaveLength(2);
    await store.delete('w2', 'drift');
    expect(await store.find('w2', 'drift')).toBeNull();
    expect(await store.find('w1', 'drift')).not.toBeNull();
  });

  test('results come newest first in pages, are replaced when judged again, and only the newest are kept', async () => {
    const store = monitoringStore((await open()).db);
    await store.insertResults([1, 2, 3, 4].map((time) => result(time)));
    await store.insertResults([result(4, { value: 0.75, breached: true }), result(4, { column: 'mean' })]);
    const all = await store.listResults({ workspace: 'w1', monitor: 'drift', column: 'close', limit: 10 });
    expect(all.map(({ eventTime, value, breached }) => [eventTime, value, breached])).toEqual([
      [4, 0.75, true],
      [3, 0.25, false],
      [2, 0.25, false],
      [1, 0.25, false],
    ]);
    const first = await store.listResults({ workspace: 'w1', endpoint: 'forecast', limit: 2 });
    const last = first[1] as (typeof first)[number];
    const rest = await store.listResults({
      ...{ workspace: 'w1', endpoint: 'forecast', limit: 10 },
      before: { eventTime: last.eventTime, id: last.id },
    });
    expect([...first, ...rest]).toHaveLength(5);
    expect(await store.findLastJudged('w1', 'drift')).toBe(4);
    expect(await store.findLastJudged('w1', 'none')).toBeNull();
    await store.pruneResults('w1', 'drift', 2);
    expect(await store.listResults({ workspace: 'w1', limit: 10 })).toHaveLength(2);
  });
});

import type { Evaluation } from '@tidemill/contract';
import { expect, test } from 'vitest';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { evaluationStore } from './store.ts';

const evaluation = (id: string): Evaluation => ({
  ...{ id, model: 'm@1', dataset: 'd@1', target: 'y', refitted: true, notes: ['why'], createdBy: 'user:x' },
  ...{ source: 'model', task: 'regression', sql: null },
  intervals: { mae: { low: 0.2, high: 0.4, method: 'bootstrap' } },
  ...{ slices: [], worst: null, curves: [], confusion: null, residuals: null },
  ...{ comparisons: [], naive: [] },
  window: { from: '2023-01-01', to: '2023-02-01', rows: 2 },
  metrics: { mae: 0.1 + 0.2 },
  baseline: { name: 'close', metrics: { mae: 1 } },
  champion: null,
  againstBaseline: null,
  againstChampion: null,
  series: [{ time: '2023-01-01', truth: 1, prediction: 1e-300, baseline: 2, champion: null }],
  createdAt: 1_700_000_000_123,
});

describeEachDatabase('evaluation store', (open) => {
  test('what is kept comes back, newest first, by version and by workspace', async () => {
    const store = evaluationStore((await open()).db);
    for (const [id, version] of [
      ['ev_1', 1],
      ['ev_2', 2],
      ['ev_3', 1],
    ] as const)
      await store.insert({ workspace: 'w', model: 'm', version }, evaluation(id));
    await store.insert({ workspace: 'other', model: 'm', version: 1 }, evaluation('ev_1'));
    expect(await store.find('w', 'ev_2')).toEqual(evaluation('ev_2'));
    expect(await store.find('nowhere', 'ev_2')).toBeNull();
    const ids = async (filter: Omit<Parameters<typeof store.list>[0], 'workspace'>) =>
      (await store.list({ workspace: 'w', ...filter })).map((found) => found.id);
    expect(await ids({ limit: 2 })).toEqual(['ev_3', 'ev_2']);
    expect(await ids({ before: 'ev_3', limit: 9 })).toEqual(['ev_2', 'ev_1']);
    expect(await ids({ model: 'm', version: 1, limit: 9 })).toEqual(['ev_3', 'ev_1']);
    expect(await ids({ model: 'else', limit: 9 })).toEqual([]);
    const other = { ...evaluation('ev_4'), source: 'predictions', task: 'binary', dataset: 'd2@1' } as const;
    await store.insert({ workspace: 'w', model: '', version: 0 }, other);
    expect(await ids({ task: 'binary', limit: 9 })).toEqual(['ev_4']);
    expect(await ids({ source: 'model', limit: 1 })).toEqual(['ev_3']);
    expect(await ids({ dataset: 'd2', limit: 9 })).toEqual(['ev_4']);
    expect(await ids({ dataset: 'd@1', limit: 9 })).toHaveLength(3);
    expect((await store.list({ workspace: 'w', limit: 1 }))[0]).not.toHaveProperty('series');
  });
});

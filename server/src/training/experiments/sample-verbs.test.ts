import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { DatabaseHandle } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments, type TestExperiments } from '../../testing/experiments.ts';
import type { MetricValue } from './rules.ts';

describeEachDatabase('a sample of histories', (open) => {
  let own: TestExperiments;
  let handle: DatabaseHandle;
  const caller: Caller = { actor: 'user:tester', role: 'admin', workspace: 'default' };
  const start = 1_700_000_000_000;

  beforeAll(async () => {
    handle = await open();
    own = await createTestExperiments(handle);
  });
  afterAll(() => own.close());

  const newRun = async () => (await own.experiments.createRun({ experimentId: '0' }, caller)).id;
  const log = (run: string, metrics: readonly MetricValue[]) =>
    own.experiments.log(run, { metrics, parameters: [], tags: [] }, caller.workspace);
  const pointAt = (step: number, value = Math.sin(step / 100), key = 'loss'): MetricValue => ({
    key,
    step,
    value,
    timestamp: start + step * 10,
  });
  async function logMany(run: string, from: number, to: number): Promise<void> {
    for (let first = from; first < to; first += 5000) {
      const count = Math.min(5000, to - first);
      await log(
        run,
        Array.from({ length: count }, (_, i) => pointAt(first + i)),
      );
    }
  }
  async function sampleOf(run: string, range: { fromStep?: number; toStep?: number } = {}, maxPoints = 500) {
    const input = { runIds: [run], keys: ['loss'], maxPoints, ...range };
    const [series] = (await own.experiments.sampleMetrics(input, caller)).series;
    if (!series) throw new Error('no series came back');
    return series;
  }
  const countSummaries = async () =>
    Number(
      (
        await handle.db
          .selectFrom('metric_summaries')
          .select((eb) => eb.fn.countAll().as('n'))
          .executeTakeFirst()
      )?.n,
    );

  test('short series come whole, in the order asked for; what is not there is left out', async () => {
    const [first, second] = [await newRun(), await newRun()];
    await log(first, [pointAt(0, 1), pointAt(1, Number.NaN), pointAt(2, 3), pointAt(0, 9, 'mae')]);
    await log(second, [pointAt(5, 2)]);
    const { series } = await own.experiments.sampleMetrics(
      { runIds: [second, first, 'nobody', first], keys: ['loss', 'mae', 'none'] },
      caller,
    );
    expect(series.map(({ runId, key }) => [runId, key])).toEqual([
      [second, 'loss'],
      [first, 'loss'],
      [first, 'mae'],
    ]);
    expect(series[1]).toEqual({
      runId: first,
      key: 'loss',
      total: 3,
      steps: [0, 1, 2],
      timestamps: [start, start + 10, start + 20],
      values: [1, null, 3],
    });
    const foreign = { ...caller, workspace: 'other' };
    const unseen = await own.experiments.sampleMetrics({ runIds: [first], keys: ['loss'] }, foreign);
    expect(unseen.series).toEqual([]);
  });

  test('a long one is thinned through its summaries, and no spike is lost', async () => {
    const run = await newRun();
    await logMany(run, 0, 30_000);
    await log(run, [pointAt(30_000, 50), pointAt(30_001, Number.NaN)]);
    await logMany(run, 30_002, 60_000);
    const before = await countSummaries();
    const sample = await sampleOf(run);
    expect(await countSummaries()).toBe(before + 14);
    expect(sample.total).toBe(60_000);
    expect(sample.steps.length).toBeLessThanOrEqual(500);
    expect(sample.steps.length).toBeGreaterThan(300);
    expect([sample.steps[0], sample.steps.at(-1)]).toEqual([0, 59_999]);
    expect(sample.values[sample.steps.indexOf(30_000)]).toBe(50);
    expect(sample.values[sample.steps.indexOf(30_001)]).toBeNull();
    expect(await sampleOf(run)).toEqual(sample);
  });

  test('points that go on are added; a late one undoes the summaries it belongs to', async () => {
    const run = await newRun();
    await logMany(run, 0, 20_000);
    await sampleOf(run);
    const before = await countSummaries();
    await logMany(run, 20_000, 21_000);
    expect(await countSummaries()).toBe(before);
    expect((await sampleOf(run)).total).toBe(21_000);
    await log(run, [{ ...pointAt(9_000, -77), timestamp: pointAt(9_000).timestamp + 1 }]);
    expect(await countSummaries()).toBe(before - 2);
    const sample = await sampleOf(run);
    expect(sample.total).toBe(21_001);
    expect(sample.values).toContain(-77);
    expect(await countSummaries()).toBe(before + 1);
  });

  test('of a range of steps, the closer the finer', async () => {
    const run = await newRun();
    await logMany(run, 0, 40_000);
    const near = await sampleOf(run, { fromStep: 10_100, toStep: 10_499 });
    expect(near.steps).toEqual(Array.from({ length: 400 }, (_, i) => 10_100 + i));
    const wide = await sampleOf(run, { fromStep: 5_000, toStep: 35_000 });
    expect(wide.steps.length).toBeGreaterThan(300);
    expect(Math.min(...wide.steps)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...wide.steps)).toBeLessThanOrEqual(35_000);
    expect((await sampleOf(run, { fromStep: 90_000 })).steps).toEqual([]);
  });

  test('points of one and the same time are told apart by their steps', async () => {
    const run = await newRun();
    for (let first = 0; first < 15_000; first += 5_000)
      await log(
        run,
        Array.from({ length: 5_000 }, (_, i) => ({ ...pointAt(first + i), timestamp: start })),
      );
    const sample = await sampleOf(run);
    expect([sample.total, sample.steps.at(-1)]).toEqual([15_000, 14_999]);
    const before = await countSummaries();
    await log(run, [{ ...pointAt(15_000), timestamp: start }]);
    expect(await countSummaries()).toBe(before);
  });

  test('of a run that has ended, the summaries are there before anybody asks', async () => {
    const run = await newRun();
    await logMany(run, 0, 20_000);
    const before = await countSummaries();
    await own.experiments.changeRun({ id: run, status: 'FINISHED' }, caller);
    await vi.waitUntil(async () => (await countSummaries()) === before + 4, { timeout: 20_000 });
    expect((await sampleOf(run)).total).toBe(20_000);
  });

  test('too much at once is refused, with what would do', async () => {
    const run = await newRun();
    await log(
      run,
      Array.from({ length: 201 }, (_, i) => pointAt(0, 1, `k${i}`)),
    );
    const keys = Array.from({ length: 201 }, (_, i) => `k${i}`);
    const asked = own.experiments.sampleMetrics({ runIds: [run], keys, maxPoints: 2500 }, caller);
    await expect(asked).rejects.toThrow(/at most 2487 points/);
  });
});

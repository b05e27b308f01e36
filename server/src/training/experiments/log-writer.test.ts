import { expect, test } from 'vitest';
import { type DatabaseHandle, transact } from '../../adapters/db/db.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestExperiments } from '../../testing/experiments.ts';

const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;
const nothing = { parameters: [], metrics: [], tags: [] };
const point = (key: string, step: number, value = step) => ({ key, value, step, timestamp: 1_000 + step });

describeEachDatabase('writing what many log at once', (open) => {
  const start = async (handle: DatabaseHandle) => {
    const { experiments } = await createTestExperiments(handle);
    const newRun = async () => (await experiments.createRun({ experimentId: '0' }, caller)).id;
    return { experiments, newRun };
  };

  test('one bad entry among many is refused by name; the others are written', async () => {
    const { experiments, newRun } = await start(await open());
    const [a, b, deleted] = [await newRun(), await newRun(), await newRun()];
    await experiments.deleteRun(deleted, caller);
    const log = (id: string, batch: object, workspace = 'default') =>
      experiments.log(id, { ...nothing, ...batch }, workspace);
    await log(a, { parameters: [{ key: 'p', value: '1' }] });
    const settled = await Promise.allSettled([
      log(a, { metrics: [point('loss', 1)] }),
      log(a, { metrics: [point('never', 1)], parameters: [{ key: 'p', value: '2' }] }),
      log('f'.repeat(32), { metrics: [point('loss', 1)] }),
      log(b, { metrics: [point('loss', 1)] }, 'elsewhere'),
      log(deleted, { metrics: [point('loss', 1)] }),
      log(b, { metrics: [point('loss', 2)], tags: [{ key: 'mlflow.runName', value: 'renamed' }] }),
    ]);
    expect(settled.map((one) => (one.status === 'rejected' ? one.reason.code : 'written'))).toEqual([
      'written',
      'parameterImmutable',
      'runNotFound',
      'runNotFound',
      'runNotActive',
      'written',
    ]);
    const first = await experiments.getRun({ id: a }, caller);
    expect(first).toMatchObject({ metrics: { loss: 1 }, parameters: { p: '1' } });
    expect(Object.keys(first.metrics)).toEqual(['loss']);
    expect(await experiments.getRun({ id: b }, caller)).toMatchObject({
      name: 'renamed',
      metrics: { loss: 2 },
    });
  });

  test('of two values for one new parameter, sent at once, one stays and the other is refused', async () => {
    const handle = await open();
    const [one, other] = [await start(handle), await start(handle)];
    const id = await one.newRun();
    // Two services on one database stand for two servers.
    const write = (service: typeof one, value: string) =>
      service.experiments.log(id, { ...nothing, parameters: [{ key: 'lr', value }] }, 'default');
    const settled = await Promise.allSettled([
      write(one, 'a'),
      write(other, 'b'),
      write(one, 'c'),
      write(other, 'd'),
    ]);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(Object.keys((await one.experiments.getRun({ id }, caller)).parameters)).toEqual(['lr']);
  });

  test('fifty writers at once: every point is kept once, and the latest is the latest', async () => {
    const { experiments, newRun } = await start(await open());
    const id = await newRun();
    const steps = Array.from({ length: 50 }, (_, step) => step);
    await Promise.all(
      [...steps, ...steps.toReversed()].map((step) =>
        experiments.log(id, { ...nothing, metrics: [point('loss', step), point('acc', -step)] }, 'default'),
      ),
    );
    const { items } = await experiments.metricHistory({ id, key: 'loss', limit: 1_000 }, caller);
    expect(items.map(({ step }) => step)).toEqual(steps);
    expect((await experiments.getRun({ id }, caller)).metrics).toEqual({ loss: 49, acc: 0 });
  });

  test('a series met in a transaction that failed is met anew', async () => {
    const handle = await open();
    const { experiments, newRun } = await start(handle);
    const id = await newRun();
    const failing = experiments.log(id, { ...nothing, metrics: [point('loss', 1)] }, 'default', async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await transact(handle.db, (tx) => tx.deleteFrom('run_metrics').where('run_id', '=', id).execute());
    await experiments.log(id, { ...nothing, metrics: [point('loss', 2)] }, 'default');
    const { items } = await experiments.metricHistory({ id, key: 'loss' }, caller);
    expect(items.map(({ step }) => step)).toEqual([2]);
  });
});

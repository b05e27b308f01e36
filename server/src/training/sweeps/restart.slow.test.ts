import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sweep, SweepDefinition } from '@tidemill/contract';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { startKillableServer } from '../../testing/killable-server.ts';
import { createTestPlatform, owner } from '../../testing/platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { buildTrainingCsv, commitCsv, isEnded, until } from '../../testing/training-wing.ts';

const definition: SweepDefinition = {
  experiment: 'search',
  trainingSet: 'training@1',
  features: ['f0', 'f1', 'f2'],
  target: 'y',
  timeColumn: 'day',
  learners: ['trees', 'ridge'],
  trials: 12,
  register: 'forecaster',
};

/** Parameters and values: what the interruption must not change. */
const results = (sweep: Sweep) => sweep.trials.map(({ parameters, value }) => ({ parameters, value }));

async function prepareFolder(): Promise<string> {
  const folder = join(await tempDir(), 'data');
  await mkdir(folder);
  const platform = await createTestPlatform({ dataFolder: folder });
  await commitCsv(platform.services, 'training', buildTrainingCsv(400), owner);
  await platform.close();
  return folder;
}

/** Opens the folder again and lets the sweep end; then the same search once more, without interruption. */
async function finish(folder: string, id: string) {
  const platform = await createTestPlatform({ dataFolder: folder });
  onTestFinished(() => platform.close());
  const { sweeps, events } = platform.services;
  const resumed = await until(sweeps, id, owner, isEnded);
  const { id: other } = await sweeps.create({ ...definition, register: 'again' }, owner);
  const whole = await until(sweeps, other, owner, isEnded);
  const told = (await events.listAfter(0, 10_000)).filter(
    (event) => event.kind === 'sweep.finished' && event.payload.id === id,
  );
  const registered = await until(sweeps, id, owner, ({ modelVersion }) => modelVersion !== null);
  return { resumed, whole, told, registered };
}

function expectResumed(
  before: readonly { number: number; runId: string; value: number | null }[],
  { resumed, whole, told, registered }: Awaited<ReturnType<typeof finish>>,
): void {
  expect(resumed).toMatchObject({ state: 'succeeded', error: null });
  const after = new Map(resumed.trials.map((trial) => [trial.number, trial]));
  for (const { number, runId, value } of before) expect(after.get(number)).toMatchObject({ runId, value });
  expect(results(resumed)).toEqual(results(whole));
  expect(resumed.best?.number).toBe(whole.best?.number);
  expect(told).toHaveLength(1);
  expect(registered.modelVersion).toBe('forecaster@1');
}

test('closed in the middle, a sweep goes on with what it has not done yet', async () => {
  const folder = await prepareFolder();
  const platform = await createTestPlatform({ dataFolder: folder });
  const { id } = await platform.services.sweeps.create(definition, owner);
  const half = await until(platform.services.sweeps, id, owner, ({ trials }) => trials.length > 4);
  await platform.close();
  const before = half.trials.filter(({ state }) => state === 'complete');
  expect(half.state).toBe('running');
  expect(before.length).toBeGreaterThan(0);
  expectResumed(before, await finish(folder, id));
});

test('killed by kill -9 in the middle, too', async () => {
  const folder = await prepareFolder();
  const server = await startKillableServer(folder, 'sweeps.create', definition);
  const database = await openSqlite({ file: join(folder, 'tidemill.db'), durability: 'process' });
  const complete = () =>
    database.db
      .selectFrom('sweep_trials')
      .select(['number', 'run_id as runId', 'value'])
      .where('state', '=', 'complete')
      .execute();
  await vi.waitUntil(async () => (await complete()).length >= 3, { timeout: 20_000, interval: 5 });
  await server.kill();
  const before = await complete();
  await database.close();
  expect(before.length).toBeLessThan(definition.trials);
  expectResumed(before, await finish(folder, server.id));
});

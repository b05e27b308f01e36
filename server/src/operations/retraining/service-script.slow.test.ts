import type { LoopRun, RetrainingPolicy } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPricePlatform, dayMs, type PricePlatform, walk } from '../../testing/price-platform.ts';
import { until } from '../../testing/until.ts';

const shift = 70;
const days = walk(300);
/** The world after the move: every price higher than any before. */
const moved = walk(160, 11).map((day, i) => ({
  time: (days.at(-1)?.time ?? 0) + (i + 1) * dayMs,
  ...{ close: day.close + shift, before: day.before + shift, next: day.next + shift },
}));

type Script = NonNullable<RetrainingPolicy['script']>;

let platform: PricePlatform;
let script: Script;
const policy = (change: Partial<Script> = {}, name = 'prices') => ({
  ...{ name, endpoint: 'forecast', model: 'forecaster' },
  trainingSet: {
    name: 'forecaster-days',
    entities: 'select symbol, cast(day as timestamp) as event_time from days',
    views: ['stats'],
    label: {
      sql: 'select symbol, cast(day as timestamp) as event_time, next, cast(day as timestamp) as known_at from days',
      column: 'next',
      knownAt: 'known_at',
    },
  },
  script: { ...script, ...change },
  evaluation: { baseline: 'close', window: { last: 100 } },
});

beforeAll(async () => {
  platform = await createPricePlatform({ days, learner: 'trees' });
  const { services, caller, set } = platform;
  // What a script makes: a folder of files, here of a model that carries on beyond what it saw.
  const ridge = await services.registry.resolve(await platform.train(set.reference, 'ridge'), 'default');
  const code = ridge.files.map(({ path, sha256 }) => ({ path: `made/${path}`, sha256 }));
  const command = ['sh', '-c', 'cp -r made "$TIDEMILL_JOB_FOLDER/outputs/model"'];
  const recipe = { experiment: 'retraining', target: 'next', timeColumn: 'event_time' };
  script = { ...recipe, command: { command, code, dependencies: 'none' } };
  await services.features.put(
    {
      name: 'stats',
      sql: 'select symbol, cast(day as timestamp) as event_time, close, before from days',
      ...{ entity: ['symbol'], eventTime: 'event_time' },
    },
    caller,
  );
  const rules = [{ name: 'measured', expression: 'metrics.mae >= 0.0', message: 'there is a figure' }];
  await services.governance.putGate({ name: 'forecaster', rules }, caller);
  await platform.commitDays([...days, ...moved]);
  for (const day of moved.slice(-3)) {
    await platform.predict(day);
    await platform.tell(day);
  }
}, 60_000);
afterAll(() => platform.close());

const put = (change: Partial<Script>, name?: string) =>
  platform.services.retraining.putPolicy(policy(change, name), platform.caller);

async function start(name: string): Promise<LoopRun> {
  const { services, caller } = platform;
  const { id } = await services.retraining.start({ policy: name, reason: 'by hand' }, caller);
  return until(
    () => services.retraining.get({ id }, caller),
    (run) => run.rollout !== null || run.finishedAt !== null,
    60_000,
  );
}

test('a policy says one of both ways, and what its script would be refused for', async () => {
  const { services, caller } = platform;
  await expect(
    services.retraining.putPolicy({ ...policy(), script: undefined }, caller),
  ).rejects.toMatchObject({ code: 'retrainingPolicyInvalid' });
  await expect(
    services.retraining.putPolicy(policy(), { ...caller, role: 'operator' }),
  ).rejects.toMatchObject({
    code: 'permissionDenied',
  });
  await expect(put({ folder: './training' })).rejects.toThrow('tidemill apply');
  const gone = [{ path: 'train.py', sha256: 'f'.repeat(64) }];
  await expect(put({ command: { ...script.command, code: gone } })).rejects.toMatchObject({
    code: 'jobFileMissing',
  });
  const search = {
    space: { lr: { type: 'float', low: 0, high: 1 } },
    goal: { metric: 'loss', direction: 'minimize' as const },
    budget: { trials: 2 },
  };
  await expect(put({ search: { ...search, space: {} } })).rejects.toMatchObject({
    code: 'searchSpaceInvalid',
  });
  await expect(put({ search: { ...search, budget: {} } })).rejects.toMatchObject({ code: 'sweepInvalid' });
  await expect(put({ search: { ...search, confirm: { seeds: 1 } } })).rejects.toMatchObject({
    code: 'confirmationInvalid',
  });
  await expect(put({ search, parameters: { lr: 1 } })).rejects.toThrow('without a search');
  expect(await put({})).toMatchObject({ unchanged: false });
  expect(await put({})).toMatchObject({ unchanged: true });
  expect(await services.jobs.usedBlobs(script.command.code?.map(({ sha256 }) => sha256) ?? [])).toHaveLength(
    script.command.code?.length ?? 0,
  );
});

test('a job of the script learns before the window, is judged on it, and its model goes on trial', async () => {
  const { services, caller } = platform;
  await put({ parameters: { depth: 3 } });
  const run = await start('prices');
  expect(run.steps.map(({ name }) => name)).toEqual([
    ...['trigger', 'training-set', 'job', 'evaluation', 'gate', 'shadow'],
  ]);
  const [, made, job, evaluation] = run.steps;
  expect(made?.text).toMatch(
    /^forecaster-days@1: 460 rows known by .*; the script is given the 360 before \d{4}-\d\d-\d\d \(forecaster-days\.retraining\.train@1\)$/,
  );
  expect(job?.text).toMatch(/registered as forecaster@3$/);
  expect(evaluation?.text).toMatch(/^MAE [\d.]+ against champion [\d.]+, naive [\d.]+ over 100 rows/);
  const { spec } = await services.jobs.get({ id: job?.uri?.slice('job:'.length) ?? '' }, caller);
  expect(spec).toMatchObject({
    ...{ name: run.id, inputs: ['forecaster-days.retraining.train@1'], parameters: { depth: 3 } },
  });
  const version = await services.registry.resolve('forecaster@3', 'default');
  expect(version.trainingSet).toBe('dataset:forecaster-days.retraining.train@1');
  const found = await services.evaluations.get(
    { id: evaluation?.uri?.slice('evaluation:'.length) ?? '' },
    caller,
  );
  expect(found).toMatchObject({ model: 'forecaster@3', refitted: false });
  // It has seen none of the rows it is judged on, so nothing is to be said of it.
  expect(found.notes.join(' ')).not.toContain('forecaster@3');
  const seen = await services.evaluations.evaluate(
    {
      model: 'forecaster@3',
      dataset: 'forecaster-days@1',
      target: 'next',
      timeColumn: 'event_time',
      window: { last: 200 },
    },
    caller,
  );
  expect(seen.notes).toContain(
    'forecaster@3 read forecaster-days.retraining.train@1, which has rows of the window: it may have learned from them.',
  );
  await services.retraining.cancel({ id: run.id }, caller);
}, 90_000);

test('of a search the best trial goes on, once the best were run again where that is asked for', async () => {
  const { services, caller } = platform;
  const command = [
    'sh',
    '-c',
    'echo $0; sleep 0.3; cp -r made "$TIDEMILL_JOB_FOLDER/outputs/model"',
    `$\{args}`,
  ];
  await put(
    {
      command: { ...script.command, command, resources: { cpu: 0.5 } },
      search: {
        space: { lr: { type: 'float', low: 0, high: 1 } },
        goal: { metric: 'loss', direction: 'minimize' },
        ...{ sampler: 'random', budget: { trials: 2 }, confirm: { top: 1, seeds: 3 } },
      },
    },
    'searched',
  );
  const told = new Set<string>();
  const telling = setInterval(async () => {
    // As the script would by MLflow, which does not reach a server that does not listen.
    for (const { id } of (await services.sweeps.list({}, caller)).items) {
      const { trials, confirmation } = await services.sweeps.get({ id }, caller);
      const repeats = confirmation?.trials.flatMap((trial) => trial.repeats) ?? [];
      for (const { runId } of [...trials, ...repeats]) {
        if (runId === null || told.has(runId)) continue;
        told.add(runId);
        await services.experiments.logBatch(
          { id: runId, metrics: [{ key: 'loss', value: told.size }] },
          caller,
        );
      }
    }
  }, 50);
  const run = await start('searched').finally(() => clearInterval(telling));
  const step = run.steps.find(({ name }) => name === 'sweep');
  expect(step?.text).toMatch(
    /^2 trials: best is trial \d, loss [\d.]+; the best 1 run again with 3 seeds: trial \d is chosen, [\d.]+ ± [\d.]+ \(.*\); registered as forecaster@4$/,
  );
  expect(run).toMatchObject({ candidate: 'forecaster@4', rollout: expect.any(String) });
  await services.retraining.cancel({ id: run.id }, caller);
}, 90_000);

test.each([
  [
    'fails',
    'echo "no such column" >&2; exit 3',
    /^The job job_\w+ of the script has failed: .*no such column/,
  ],
  ['leaves no model', 'true', /model/],
])(
  'a script that %s ends the run with its reason',
  async (_name, words, reason) => {
    const { services, caller } = platform;
    await put({ command: { ...script.command, command: ['sh', '-c', words] } }, 'broken');
    const run = await start('broken');
    expect(run).toMatchObject({ state: 'failed', candidate: null });
    expect(run.steps.at(-1)).toMatchObject({
      name: 'job',
      state: 'failed',
      text: expect.stringMatching(reason),
    });
    await expect(services.retraining.cancel({ id: run.id }, caller)).rejects.toMatchObject({
      code: 'loopRunEnded',
    });
  },
  60_000,
);

test('a cancelled run ends the job of its script', async () => {
  const { services, caller } = platform;
  await put({ command: { ...script.command, command: ['sleep', '60'] } }, 'long');
  const { id } = await services.retraining.start({ policy: 'long', reason: 'by hand' }, caller);
  const waiting = await until(
    () => services.retraining.get({ id }, caller),
    ({ steps }) => steps.at(-1)?.text === 'the job is running',
    60_000,
  );
  await services.retraining.cancel({ id }, caller);
  const job = await services.jobs.get({ id: waiting.steps.at(-1)?.uri?.slice('job:'.length) ?? '' }, caller);
  expect(job.state).toBe('cancelled');
}, 60_000);

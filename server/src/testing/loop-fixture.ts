/** A process of its own for the kill test: a server on the given folder that begins a loop run and says each step. */
import { createPricePlatform, walk } from './price-platform.ts';
import { until } from './until.ts';

const folder = process.argv[2];
if (!folder) throw new Error('usage: loop-fixture.ts FOLDER');
const platform = await createPricePlatform({ days: walk(300), learner: 'trees', dataFolder: folder });
const { services, caller } = platform;
const stats = 'select symbol, cast(day as timestamp) as event_time, close, before from days';
await services.features.put(
  { name: 'stats', sql: stats, entity: ['symbol'], eventTime: 'event_time' },
  caller,
);
const rules = [{ name: 'finite', expression: 'metrics.mae < 1000.0', message: 'it must predict at all' }];
await services.governance.putGate({ name: 'forecaster', rules }, caller);
await services.retraining.putPolicy(
  {
    name: 'prices',
    endpoint: 'forecast',
    model: 'forecaster',
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
    sweep: {
      experiment: 'retraining',
      features: ['close', 'before'],
      target: 'next',
      timeColumn: 'event_time',
      learners: ['ridge'],
      trials: 4,
      folds: 2,
      seed: 1,
    },
    evaluation: { baseline: 'close', window: { last: 100 } },
  },
  caller,
);
const { id } = await services.retraining.start({ policy: 'prices', reason: 'to be killed' }, caller);
process.stdout.write(`run ${id}\n`);
let told = 0;
await until(
  async () => {
    const run = await services.retraining.get({ id }, caller);
    for (const step of run.steps.slice(told)) process.stdout.write(`step ${step.name}\n`);
    told = run.steps.length;
    return run;
  },
  (run) => run.finishedAt !== null,
  60_000,
);

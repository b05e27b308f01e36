import { createRandom } from '../base/statistics/random.ts';
import type { TracesConfig } from '../config.ts';
import { createTestPlatform } from './platform.ts';
import { until } from './until.ts';

export const dayMs = 86_400_000;
export const firstDay = Date.UTC(2020, 0, 1);
export const symbol = 'TEST';

export interface Day {
  readonly time: number;
  readonly close: number;
  readonly before: number;
  readonly next: number;
}

/** A random walk that stays between 60 and 140, so that days drawn from it are a fair sample of it. */
export function walk(count: number, seed = 7): Day[] {
  const random = createRandom(seed);
  const closes = [100];
  for (let i = 0; i <= count + 1; i += 1) {
    const last = closes[i] ?? 100;
    closes.push(Math.min(140, Math.max(60, last + random.normal() + (100 - last) * 0.02)));
  }
  return Array.from({ length: count }, (_, i) => ({
    time: firstDay + i * dayMs,
    before: closes[i] ?? 0,
    close: closes[i + 1] ?? 0,
    next: closes[i + 2] ?? 0,
  }));
}

const features = ['close', 'before'];

/** A server with one model, trained on `days`, behind the endpoint `forecast` (no view: records carry the features). */
export async function createPricePlatform(options: {
  days: readonly Day[];
  learner?: 'ridge' | 'trees';
  dataFolder?: string;
  postgres?: string;
  eraseGraceMs?: number;
  traces?: TracesConfig;
  defaultEndpoint?: string;
}) {
  const { dataFolder, postgres, eraseGraceMs, traces, defaultEndpoint } = options;
  const platform = await createTestPlatform({
    ...(dataFolder && { dataFolder }),
    ...(postgres && { postgres }),
    ...(eraseGraceMs !== undefined && { eraseGraceMs }),
    ...(traces && { traces }),
    ...(defaultEndpoint && { defaultEndpoint }),
  });
  const { services, caller } = platform;

  async function commitDays(days: readonly Day[]) {
    const lines = days.map((day) =>
      JSON.stringify({
        symbol,
        day: new Date(day.time).toISOString().slice(0, 10),
        close: day.close,
        before: day.before,
        next: day.next,
      }),
    );
    const content = (async function* () {
      yield Buffer.from(`${lines.join('\n')}\n`);
    })();
    return services.datasets.commit({ name: 'days', format: 'ndjson', content }, caller);
  }

  async function train(trainingSet: string, learner: 'ridge' | 'trees' = 'ridge'): Promise<string> {
    const job = await services.jobs.submitLearner(
      {
        experiment: 'prices',
        trainingSet,
        features,
        target: 'next',
        timeColumn: 'day',
        learner,
        register: 'forecaster',
      },
      caller,
    );
    const done = await until(
      () => services.jobs.get({ id: job.id }, caller),
      (found) => found.modelVersion !== null || found.state === 'failed',
    );
    if (done.modelVersion === null) throw new Error(done.error ?? 'no model');
    return done.modelVersion;
  }

  async function approve(model: string): Promise<void> {
    const [name = '', version = ''] = model.split('@');
    await services.governance.approve({ name, version, reason: 'for the test', override: true }, caller);
  }

  async function predict(day: Day, values: Partial<Day> = {}, endpoint = 'forecast') {
    const { close, before } = { ...day, ...values };
    return services.endpoints.predict(
      { name: endpoint, records: [{ symbol, close, before }], eventTime: day.time },
      caller,
    );
  }

  async function tell(day: Day, value: number = day.next, endpoint = 'forecast') {
    const outcome = { entity: { symbol }, eventTime: day.time, value };
    return services.predictions.recordOutcomes({ name: endpoint, outcomes: [outcome] }, caller);
  }

  const set = await commitDays(options.days);
  const model = await train(set.reference, options.learner);
  await approve(model);
  await services.endpoints.put(
    {
      name: 'forecast',
      variants: [{ name: 'main', model, weight: 1 }],
      entity: ['symbol'],
      fallback: 'record.close',
    },
    caller,
  );
  return { ...platform, features, model, set, commitDays, train, approve, predict, tell };
}

export type PricePlatform = Awaited<ReturnType<typeof createPricePlatform>>;

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Evaluation, ModelVersion, TrainingSetDefinition } from '@tidemill/contract';
import type { Caller } from '../base/caller.ts';
import { createRandom } from '../base/statistics/random.ts';
import type { Recipe } from '../training/learners/service.ts';
import type { TestPlatform } from './platform.ts';

/** Trading days of a price that climbs with noise: what models of levels cannot follow. */
export function buildPrices(days: number, factor = 1, seed = 5): string {
  const random = createRandom(seed);
  const rows = Array.from({ length: days }, (_, day) => {
    const date = new Date(Date.UTC(2022, 0, 3) + day * 86_400_000).toISOString().slice(0, 10);
    const close = (100 + day * 0.4 + random.normal() * 1.5) * factor;
    return `AAPL,${date},${close.toFixed(4)}`;
  });
  return `symbol,date,close\n${rows.join('\n')}\n`;
}

const lags = {
  sql: `select symbol, date, close,
      lag(close, 1) over days as close_1,
      lag(close, 2) over days as close_2
    from prices window days as (partition by symbol order by date)
    qualify row_number() over days > 2`,
  entity: ['symbol'],
  eventTime: 'date',
};
const trainingSet: TrainingSetDefinition = {
  name: 'training',
  entities: `select symbol, date as event_time from prices
    qualify row_number() over (partition by symbol order by date) > 2 order by date`,
  views: ['lags'],
  label: {
    sql: `select symbol, date as event_time, lead(close) over days as next_close, lead(date) over days as known_at
      from prices window days as (partition by symbol order by date)`,
    column: 'next_close',
    knownAt: 'known_at',
  },
};
export const features = ['close', 'close_1', 'close_2'];

/** `prices@N`, the view `lags` and `training@N`, built from it. */
export async function commitTrainingSet(platform: TestPlatform, csv: string, caller: Caller) {
  const { datasets, features: views } = platform.services;
  await datasets.commit({ name: 'prices', format: 'csv', content: Buffer.from(csv) }, caller);
  await views.put({ name: 'lags', ...lags }, caller);
  return views.createTrainingSet(trainingSet, caller);
}

/** A model as a learner job leaves it: trained by a recipe, stored under a run, registered. */
export async function trainModel(
  platform: TestPlatform,
  caller: Caller,
  change: Partial<Omit<Recipe, 'runId' | 'trainingSet'>> & { reference?: string } = {},
): Promise<ModelVersion> {
  const { datasets, experiments, learners, registry } = platform.services;
  const { reference = 'training@latest', ...settings } = change;
  const version = await datasets.resolve(reference, caller.workspace);
  const experiment = await experiments.ensureExperiment('notebook', caller);
  const run = await experiments.createRun({ experimentId: experiment.id }, caller);
  const learner = settings.learner ?? 'trees';
  const recipe: Recipe = {
    version: 1,
    runId: run.id,
    createdAt: 1_700_000_000_000,
    learner,
    seed: 3,
    features,
    target: 'next_close',
    timeColumn: 'event_time',
    trainingSet: { reference: version.reference, digest: version.digest },
    split: 'random',
    holdout: 0.2,
    ...settings,
    parameters: learners.completeParameters(learner, settings.parameters ?? {}),
  };
  const columns = { ...recipe, reference: version.reference };
  const model = await learners.train(await learners.read(await datasets.source(version), columns), recipe);
  const put = (path: string, content: Uint8Array) =>
    experiments.putArtifact({ id: run.id, path, content }, caller);
  await put('recipe.json', Buffer.from(JSON.stringify(recipe)));
  for (const [path, content] of model.files) await put(`model/${path}`, content);
  return registry.register({ name: 'forecaster', runId: run.id }, caller);
}

export function evaluateModel(
  platform: TestPlatform,
  caller: Caller,
  change: { model?: string; dataset?: string; champion?: string; last?: number } = {},
): Promise<Evaluation> {
  const { model = 'forecaster@latest', dataset = 'training@latest', champion, last = 60 } = change;
  const request = { model, dataset, champion, target: 'next_close', timeColumn: 'event_time' };
  return platform.services.evaluations.evaluate({ ...request, baseline: 'close', window: { last } }, caller);
}

export const bytesOf = (content: AsyncIterable<Uint8Array>): Promise<Buffer> =>
  buffer(Readable.from(content));

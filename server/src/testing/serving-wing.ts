import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureService, FeatureView, ModelVersion, Row } from '@tidemill/contract';
import { createChanges } from '../access/audit/service.ts';
import { createLineage } from '../access/lineage/service.ts';
import { openDuckdb } from '../adapters/analytics/duckdb.ts';
import { openFilesystemBlobs } from '../adapters/blobs/filesystem.ts';
import type { DatabaseHandle } from '../adapters/db/db.ts';
import { createOpenRuntime } from '../adapters/inference/runtimes.ts';
import type { OnlineStore } from '../adapters/online/online.ts';
import { openSqliteOnline } from '../adapters/online/sqlite.ts';
import { errors } from '../base/errors.ts';
import { createLogger } from '../base/logger.ts';
import { parseReference } from '../base/references.ts';
import { readService, toServiceRead } from '../data/features/online/service-reads.ts';
import { entityKey } from '../data/features/rules.ts';
import { createEvents } from '../platform/events/service.ts';
import { createTasks } from '../platform/tasks/service.ts';
import { createEndpoints } from '../serving/endpoints/service.ts';
import { createPredictions } from '../serving/predictions/service.ts';
import { createRollouts } from '../serving/rollouts/service.ts';
import { buildLinearOnnx } from '../training/learners/onnx-models.ts';

/** `intercept + sum(weights * inputs)`, trained (so it says) on inputs from 0 to 200. */
export interface LinearModelInput {
  readonly inputs: readonly string[];
  readonly weights: readonly number[];
  readonly intercept: number;
}

/** The serving wing on real runtimes, a real log and a real database; models and views are handed in as they are. */
export async function createServingWing(database: DatabaseHandle, folder: string) {
  const { db } = database;
  let drift = 0;
  const clock = { now: () => Date.now() + drift };
  const logger = createLogger('silent');
  const events = createEvents({ db, clock, logger });
  const tasks = createTasks({ db, clock, logger, exclusive: true });
  const changes = createChanges({ db, clock, events });
  const lineage = createLineage({ db, clock });
  const analytics = await openDuckdb();
  const blobs = await openFilesystemBlobs({ root: join(folder, 'blobs') });
  const models = new Map<string, { version: ModelVersion; path: string }>();
  const refused = new Set<string>();
  const aliases = new Map<string, number>();
  const views = new Map<string, FeatureView>();
  const online = new Map<string, { eventTime: number; values: Row }>();

  const services = new Map<string, FeatureService>();
  /** What services are looked up in; a test may put another in its place. */
  const store: { current: OnlineStore } = {
    current: await openSqliteOnline({ file: join(folder, 'online.db') }),
  };
  const resolveView = async (reference: string, _workspace: string): Promise<FeatureView> => {
    const found = views.get(reference);
    if (!found) throw errors.referenceInvalid({ reference, reason: 'no such view' });
    return found;
  };

  const registry = {
    async resolve(reference: string) {
      const found = models.get(reference);
      if (found) return found.version;
      const known = [...models.keys()].join(', ');
      throw errors.modelVersionNotFound({ reference, ...parseReference(reference), known });
    },
    async onnxFile(version: ModelVersion) {
      const found = models.get(version.reference);
      if (!found) throw errors.modelUnreadable({ model: version.reference, reason: 'it is gone' });
      return { path: found.path };
    },
    pythonModel: (version: ModelVersion) =>
      Promise.reject(errors.modelUnreadable({ model: version.reference, reason: 'there is no Python here' })),
    async setAliasIn(_tx: unknown, _workspace: string, model: string, alias: string, version: number) {
      const previous = aliases.get(`${model}@${alias}`) ?? null;
      aliases.set(`${model}@${alias}`, version);
      return { previous };
    },
    async bindAlias() {},
    async unbindAliases() {},
    lifecycle: { async lockServedIn() {}, async noteServedIn() {} },
  };

  const predictions = createPredictions({
    ...{ db, analytics, blobs, events, clock, logger, entityKey },
    folder: join(folder, 'predictions'),
    entityOf: (name, workspace) => endpoints.entityOf(name, workspace),
  });
  const endpoints = createEndpoints({
    ...{ db, changes, lineage, clock, logger, registry, predictions },
    openRuntime: createOpenRuntime(
      () => Promise.reject(new Error('There is no Python here.')),
      () => Promise.reject(new Error('There is no other server here.')),
    ),
    explainRows: ({ model }) =>
      Promise.reject(errors.attributionImpossible({ model: model.reference, reason: 'it is linear' })),
    governance: {
      async assertReleasable(_tx, _workspace, uris) {
        const model = uris.find((uri) => refused.has(uri));
        if (model) throw errors.endpointDefinitionInvalid({ name: model, reason: 'not approved' });
      },
    },
    features: {
      entityKey,
      resolveView,
      readOnline: async (view, records) =>
        records.map((record) => online.get(`${view.reference} ${entityKey(view.entity, record)}`) ?? null),
      prepareService: (reference, workspace) => {
        const found = services.get(reference);
        if (!found) throw errors.referenceInvalid({ reference, reason: 'no such service' });
        return toServiceRead(found, (view) => resolveView(view, workspace));
      },
      readService: (read, records, at) => readService(store.current, read, records, { at, now: clock.now() }),
    },
  });
  const rollouts = createRollouts({
    db,
    changes,
    clock,
    logger,
    events,
    tasks,
    endpoints,
    predictions,
    registry,
  });
  await predictions.start();
  await endpoints.start();
  await events.start();
  await tasks.start();

  return {
    ...{
      db,
      lineage,
      predictions,
      endpoints,
      rollouts,
      events,
      tasks,
      models,
      refused,
      aliases,
      views,
      online,
      services,
      store,
    },
    skip: (ms: number) => (drift += ms),

    async addModel(
      reference: string,
      { inputs, weights, intercept }: LinearModelInput,
    ): Promise<ModelVersion> {
      const path = join(folder, `${reference}.onnx`);
      const onnx = buildLinearOnnx({
        names: inputs,
        means: new Float64Array(inputs.length),
        weights: Float64Array.from(weights),
        intercept,
      });
      await writeFile(path, onnx);
      const { name, version } = parseReference(reference);
      const model: ModelVersion = {
        model: name,
        version: Number(version),
        reference,
        uri: `model:${reference}`,
        digest: createHash('sha256').update(reference).update(onnx).digest('hex'),
        files: [],
        inputs: inputs.map((input) => ({ name: input, type: 'double' })),
        outputs: [],
        flavors: ['onnx'],
        trainingRange: Object.fromEntries(inputs.map((input) => [input, { minimum: 0, maximum: 200 }])),
        source: null,
        runId: null,
        loggedModel: null,
        size: 0,
        warnings: [],
        trainingSet: null,
        recipe: null,
        metrics: {},
        approval: 'approved',
        aliases: [],
        stage: 'None',
        state: 'approved',
        tags: {},
        description: '',
        createdAt: 0,
        updatedAt: 0,
        createdBy: 'user:owner',
      };
      models.set(reference, { version: model, path });
      return model;
    },

    addView(reference: string, entity: string[]): void {
      const { name, version } = parseReference(reference);
      const uri = `view:${reference}`;
      const empty = {
        description: '',
        sql: 'select',
        createdTime: null,
        ...{ owner: '', tags: {}, entities: [], joinKeys: [], ttl: null, freshness: null, online: {} },
        ...{ stream: null, aggregations: [], inputs: [], features: [], datasets: [] },
      };
      const view = { name, version: Number(version), reference, uri, entity, eventTime: 'day', createdAt: 0 };
      views.set(reference, { workspace: 'default', ...empty, ...view, createdBy: 'user:owner' });
    },

    async close(): Promise<void> {
      await tasks.stop();
      await endpoints.stop();
      await store.current.close();
      await predictions.stop();
      await events.stop();
      await analytics.close();
    },
  };
}

export type ServingWing = Awaited<ReturnType<typeof createServingWing>>;

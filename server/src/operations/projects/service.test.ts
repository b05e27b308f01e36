import type { Plan, ProjectDefinition } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { createPricePlatform, type PricePlatform, walk } from '../../testing/price-platform.ts';
import { until } from '../../testing/until.ts';

const project: ProjectDefinition = {
  name: 'prices',
  datasets: { days: { description: 'Days', mapping: { close: 'Close' } } },
  featureViews: {
    stats: {
      sql: 'select symbol, cast(day as timestamp) as event_time, close, before from days;',
      entity: ['symbol'],
      eventTime: 'event_time',
    },
  },
  gates: { forecaster: { rules: [{ name: 'finite', expression: 'metrics.mae < 1000.0', message: 'm' }] } },
  endpoints: {
    live: {
      variants: [{ name: 'first', model: 'forecaster@1', weight: 1 }],
      entity: ['symbol'],
      timeoutMs: 250,
      alias: 'champion',
    },
  },
  monitors: { drift: { endpoint: 'live', kind: 'drift', window: 22 } },
  retraining: {
    again: {
      endpoint: 'live',
      model: 'forecaster',
      trainingSet: { name: 'set', entities: 'select 1', views: ['stats@1'] },
      sweep: {
        experiment: 'e',
        features: ['close'],
        target: 'next',
        timeColumn: 'event_time',
        learners: ['ridge'],
        trials: 3,
      },
      evaluation: {},
    },
  },
};

const outline = ({ changes }: Plan) =>
  changes.map(
    ({ kind, name, action, waitsFor }) => `${action} ${kind}:${name}${waitsFor ? ` (${waitsFor})` : ''}`,
  );

describe('on an empty server', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await createTestPlatform();
  });
  afterAll(() => platform.close());

  test('what its things are made of is waited for, and apply may be run early', async () => {
    const { services, caller } = platform;
    const waiting = [
      'create dataset:days',
      'wait view:stats (dataset:days)',
      'create gate:forecaster',
      'wait endpoint:live (model:forecaster@1)',
      'wait monitor:drift (endpoint:live)',
      'wait policy:again (endpoint:live)',
    ];
    expect(outline(await services.projects.plan(project, caller))).toEqual(waiting);
    expect(outline(await services.projects.apply(project, caller))).toEqual(waiting);
    expect(outline(await services.projects.apply(project, caller)).slice(0, 3)).toEqual([
      'unchanged dataset:days',
      'wait view:stats (dataset:days)',
      'unchanged gate:forecaster',
    ]);
  });

  test('what can never be is an error that names its place, and nothing is applied', async () => {
    const { services, caller } = platform;
    const endpoint = project.endpoints?.live;
    const fails = async (change: Partial<ProjectDefinition>, path: string): Promise<void> => {
      const apply = services.projects.apply({ ...project, name: 'broken', ...change }, caller);
      await expect(apply).rejects.toMatchObject({ code: 'projectInvalid', details: { path } });
    };
    const withModel = (model: string) => ({
      endpoints: { live: { ...endpoint, entity: ['symbol'], variants: [{ name: 'a', model, weight: 1 }] } },
    });
    await fails(withModel('forcaster@1'), 'endpoints.live.variants[0].model');
    await fails(withModel('view:stats@1'), 'endpoints.live.variants[0].model');
    await fails({ monitors: { m: { endpoint: 'nowhere', kind: 'drift' } } }, 'monitors.m.endpoint');
    const again = project.retraining?.again;
    const views = ['stats@1', 'nothing@1'];
    const policy = again && { ...again, trainingSet: { ...again.trainingSet, views } };
    await fails(
      { retraining: { again: policy as NonNullable<typeof policy> } },
      'retraining.again.trainingSet.views[1]',
    );
    const sql = 'select * from nothing';
    await fails({ featureViews: { v: { sql, entity: ['symbol'], eventTime: 't' } } }, 'featureViews.v.sql');
    const rules = [{ name: 'r', expression: 'metrics.mae <', message: 'm' }];
    await fails({ gates: { forecaster: { rules } } }, 'gates.forecaster.rules[0].expression');
    const audit = await services.audit.list({ subject: 'project:broken' }, caller);
    expect(audit.items).toEqual([]);
  });
});

describe('beside what it names', () => {
  let platform: PricePlatform;
  beforeAll(async () => {
    platform = await createPricePlatform({ days: walk(200) });
  }, 60_000);
  afterAll(() => platform.close());

  test('apply makes what is missing; again, it changes nothing and writes no audit row', async () => {
    const { services, caller } = platform;
    const first = await services.projects.apply(project, caller);
    expect(first.changes.map((change) => change.action)).toEqual(Array(6).fill('create'));
    const before = await services.audit.list({ limit: 1 }, caller);
    const second = await services.projects.apply(project, caller);
    expect(second.changes.map((change) => change.action)).toEqual(Array(6).fill('unchanged'));
    expect((await services.audit.list({ limit: 1 }, caller)).items).toEqual(before.items);
  });

  test('a changed file changes just that, and leaves a promotion alone', async () => {
    const { services, caller, set } = platform;
    const next = await platform.train(set.reference);
    await platform.approve(next);
    await services.endpoints.release(
      {
        endpoint: 'live',
        reason: 'promoted',
        change: (live) => ({ ...live, variants: [{ name: 'next', model: next, weight: 1 }] }),
      },
      caller,
    );
    expect(
      (await services.projects.plan(project, caller)).changes.every(({ action }) => action === 'unchanged'),
    ).toBe(true);
    const changed: ProjectDefinition = {
      ...project,
      endpoints: { live: { ...(project.endpoints?.live as object), timeoutMs: 400 } as never },
      monitors: { drift: { endpoint: 'live', kind: 'drift', window: 30 } },
    };
    const { changes } = await services.projects.apply(changed, caller);
    expect(
      changes.filter(({ action }) => action === 'update').map(({ name, changes: fields }) => [name, fields]),
    ).toEqual([
      ['live', ['timeoutMs']],
      ['drift', ['window']],
    ]);
    const live = await services.endpoints.currentDefinition('live', 'default');
    expect(live).toMatchObject({ timeoutMs: 400, variants: [{ model: next }] });
  }, 60_000);

  test('the overview shows the first endpoint of the project, with its versions as spans', async () => {
    const { services, caller } = platform;
    const days = walk(260, 3).slice(200);
    for (const day of days) {
      await platform.predict(day, {}, 'live');
      await platform.tell(day, day.next, 'live');
    }
    const overview = await until(
      () => services.overview.get({}, caller),
      ({ counts }) => counts.predictions === 60,
    );
    expect(overview.endpoint).toBe('live');
    expect(overview.series).toHaveLength(60);
    expect(overview.series.every((point) => point.error !== null && point.truth !== null)).toBe(true);
    expect(overview.spans).toEqual([{ model: 'forecaster@2', from: days[0]?.time, to: days.at(-1)?.time }]);
    expect(overview.counts).toMatchObject({
      endpoints: 2,
      modelVersions: 2,
      predictions: 60,
      outcomes: 60,
    });
    await services.monitoring.check({ name: 'drift' }, caller);
    await services.monitoring.settled();
    const open = (await services.alerts.list({ state: 'open' }, caller)).items.length;
    await until(
      () => services.overview.get({}, caller),
      ({ counts, alerts }) => counts.openAlerts === open && alerts.length === open,
    );
    const seen = await services.monitoring.headlines('default', 'live');
    expect(new Set(seen.map((result) => result.monitor))).toEqual(new Set(['drift']));
    await expect(services.overview.get({ endpoint: 'none' }, caller)).rejects.toMatchObject({
      code: 'endpointNotFound',
    });
  });
});

import type { Plan, ProjectDefinition } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

const project = {
  name: 'prices',
  entities: { symbol: { joinKeys: [{ name: 'symbol', type: 'text' }], owner: 'anna' } },
  featureViews: {
    stats: {
      sql: 'select symbol, date, close, volume from prices',
      entities: ['symbol'],
      eventTime: 'date',
      ttl: '36h',
    },
  },
  featureServices: {
    pricing: {
      features: ['stats:close as last_close'],
      request: [{ name: 'amount', type: 'double' }],
      onDemand: [{ name: 'share', type: 'double', expression: 'amount / last_close' }],
    },
    pinned: { features: ['stats@1'] },
  },
} satisfies ProjectDefinition;
const { stats } = project.featureViews;
const { pricing } = project.featureServices;

const outline = ({ changes }: Plan) =>
  changes.map(
    ({ kind, name, action, waitsFor, changes: parts }) =>
      `${action} ${kind}:${name}${waitsFor ? ` (${waitsFor})` : ''}${action === 'update' ? ` ${parts.join(',')}` : ''}`,
  );
const same = [
  'unchanged entity:symbol',
  'unchanged view:stats',
  'unchanged service:pricing',
  'unchanged service:pinned',
];

let platform: TestPlatform;
beforeAll(async () => {
  platform = await createTestPlatform();
});
afterAll(() => platform.close());

const plan = async (file: ProjectDefinition) =>
  outline(await platform.services.projects.plan(file, platform.caller));
const apply = async (file: ProjectDefinition) =>
  outline(await platform.services.projects.apply(file, platform.caller));

test('entities, views and services of one file come one after another', async () => {
  const { services, caller } = platform;
  expect(await plan(project)).toEqual([
    'create entity:symbol',
    'wait view:stats (dataset:prices)',
    'wait service:pricing (view:stats@latest)',
    'wait service:pinned (view:stats@1)',
  ]);
  const content = Buffer.from('date,symbol,close,volume\n2023-08-31,AAPL,181,6\n');
  await services.datasets.commit({ name: 'prices', format: 'csv', content }, caller);
  const all = [
    'create entity:symbol',
    'create view:stats',
    'create service:pricing',
    'create service:pinned',
  ];
  expect(await plan(project)).toEqual(all);

  const wrong = (features: string[], expression = 'amount / last_close') => ({
    ...project,
    featureServices: {
      pricing: { ...pricing, features, onDemand: [{ ...pricing.onDemand[0], expression }] },
    },
  });
  await expect(apply(wrong(['stats:open']) as ProjectDefinition)).rejects.toThrow(
    /featureServices.pricing: .*has no feature 'open'; it has close, volume/,
  );
  await expect(apply(wrong(['nope']) as ProjectDefinition)).rejects.toThrow(
    /featureServices.pricing.features\[0\]: there is no feature view 'nope', and the file declares none/,
  );
  await expect(apply(wrong(['stats'], 'amount / last_close') as ProjectDefinition)).rejects.toThrow(
    /reads 'last_close', but knows symbol, amount, close, volume/,
  );
  const lost = { ...project, featureViews: { stats: { ...stats, entities: ['share'] } } };
  await expect(apply(lost)).rejects.toThrow(/featureViews.stats.entities\[0\]: there is no entity 'share'/);
  expect((await services.features.entities.list({}, caller)).items).toEqual([]);

  expect(await apply(project)).toEqual(all);
  expect(await apply(project)).toEqual(same);
  expect(await plan({ ...project, featureViews: { stats: { ...stats, ttl: '2160m' } } })).toEqual(same);
});

test('a new version of a view moves the services that name it without a number, and an entity its views', async () => {
  const described = { ...project, featureViews: { stats: { ...stats, description: 'Daily' } } };
  expect(await apply(described)).toEqual([same[0], 'update view:stats description', ...same.slice(2)]);

  const longer = { ...project, featureViews: { stats: { ...stats, ttl: '7d' } } };
  const moved = [same[0], 'update view:stats description,ttl', 'update service:pricing views', same[3]];
  expect(await plan(longer)).toEqual(moved);
  expect(await apply(longer)).toEqual(moved);
  expect(await apply(longer)).toEqual(same);
  const { services, caller } = platform;
  const find = (name: string) => services.features.services.resolve(name, caller.workspace);
  expect((await find('pricing')).views.map(({ reference }) => reference)).toEqual(['stats@2']);
  expect((await find('pinned')).views.map(({ reference }) => reference)).toEqual(['stats@1']);

  const keys = [...project.entities.symbol.joinKeys, { name: 'volume', type: 'integer' as const }];
  const wider = { ...longer, entities: { symbol: { ...project.entities.symbol, joinKeys: keys } } };
  expect(await plan(wider)).toEqual([
    'update entity:symbol joinKeys',
    'update view:stats entities',
    'update service:pricing views',
    same[3],
  ]);
  await apply(wider);
  expect(await apply(wider)).toEqual(same);
  expect((await find('pricing')).joinKeys).toEqual(keys);
});

test('another column of a stream is another version of its view, which services follow', async () => {
  const file = (type: 'integer' | 'double'): ProjectDefinition => ({
    name: 'streams',
    entities: { ticker: { joinKeys: [{ name: 'symbol', type: 'text' }] } },
    featureViews: {
      clicks: {
        sql: 'select symbol, seen, known from clicks',
        entities: ['ticker'],
        eventTime: 'seen',
        createdTime: 'known',
        aggregations: [{ function: 'count', column: '*', window: '1h', name: 'clicks_1h' }],
        stream: {
          dataset: 'clicks',
          columns: [
            { name: 'symbol', type: 'text' },
            { name: 'seen', type: 'timestamp' },
            { name: 'known', type: 'timestamp' },
            { name: 'clicks', type },
          ],
        },
      },
    },
    featureServices: { clicking: { features: ['clicks'] } },
  });
  // Its first version brings the dataset that the stream is kept in.
  await apply({ name: 'streams', entities: file('integer').entities });
  const { clicks } = file('integer').featureViews ?? {};
  await platform.services.features.put({ name: 'clicks', eventTime: 'seen', ...clicks }, platform.caller);
  await apply(file('integer'));
  const followed = ['update view:clicks stream.columns', 'update service:clicking views'];
  expect((await plan(file('double'))).filter((line) => !line.startsWith('unchanged'))).toEqual(followed);
});

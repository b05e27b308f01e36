import type { Grant, ProjectDefinition } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeEachPlatform } from '../../testing/each-platform.ts';
import { buildPrices, commitTrainingSet, trainModel } from '../../testing/model-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

describeEachPlatform('grants of a project file', (database) => {
  let platform: TestPlatform;
  const secrets: Record<string, string> = {};

  beforeAll(async () => {
    platform = await createTestPlatform(await database());
    await call('POST', '/api/v1/groups', { name: 'analysts' });
    await call('POST', '/api/v1/users', { name: 'anna', role: 'viewer' });
    for (const role of ['viewer', 'operator'])
      secrets[role] = (await call('POST', '/api/v1/tokens', { name: `a-${role}`, role })).body.secret;
  });
  afterAll(() => platform.close());

  type Grants = NonNullable<ProjectDefinition['grants']>;
  type Method = 'GET' | 'POST' | 'DELETE';
  const call = async (method: Method, url: string, payload?: object, by?: string) => {
    const headers = by === undefined ? {} : { authorization: `Bearer ${secrets[by]}` };
    const reply = await platform.http.inject({ method, url, headers, ...(payload && { payload }) });
    return { status: reply.statusCode, body: reply.json() };
  };
  const send = (path: 'plan' | 'apply', grants: Grants | undefined, more: object = {}, by?: string) =>
    call('POST', `/api/v1/projects/${path}`, { name: 'p', ...(grants && { grants }), ...more }, by);
  const outline = ({ body }: { body: { changes?: { name: string; action: string; changes: string[] }[] } }) =>
    body.changes?.map(({ name, action, changes }) => [name, action, ...changes]);
  const heldBy = async (to: string): Promise<string[]> =>
    (await call('GET', `/api/v1/grants?to=${to}`)).body.items
      .map(({ role, resource }: Grant) => `${role} ${resource ?? 'all'}`)
      .sort();
  const lastEntry = async () => (await platform.services.audit.list({ limit: 1 }, platform.caller)).items;

  test('are planned one by one, given and taken back; what others granted stays', async () => {
    await call('POST', '/api/v1/grants', { to: 'user:anna', role: 'operator', resource: 'endpoint:live' });
    const first: Grants = {
      'group:analysts': [{ role: 'viewer' }],
      'user:anna': [
        { role: 'editor', on: 'model:prices' },
        { role: 'editor', on: 'dataset:days' },
      ],
    };
    const planned = [
      ['group:analysts', 'update', '+ viewer'],
      ['user:anna', 'update', '+ editor of model:prices', '+ editor of dataset:days'],
    ];
    expect(outline(await send('plan', first))).toEqual(planned);
    expect(await heldBy('group:analysts')).toEqual([]);
    expect(outline(await send('apply', first))).toEqual(planned);
    const before = await lastEntry();
    expect(outline(await send('apply', first))?.map(([, action]) => action)).toEqual([
      'unchanged',
      'unchanged',
    ]);
    expect(await lastEntry()).toEqual(before);
    const next: Grants = { 'user:anna': [{ role: 'approver', on: 'model:prices' }] };
    expect(outline(await send('apply', next))).toEqual([
      ['user:anna', 'update', 'editor -> approver of model:prices', '- editor of dataset:days'],
      ['group:analysts', 'update', '- viewer'],
    ]);
    expect(await heldBy('group:analysts')).toEqual([]);
    expect(await heldBy('user:anna')).toEqual(['approver model:prices', 'operator endpoint:live']);
    expect(outline(await send('apply', undefined))).toEqual([
      ['user:anna', 'update', '- approver of model:prices'],
    ]);
    expect(await heldBy('user:anna')).toEqual(['operator endpoint:live']);
    expect(outline(await send('plan', undefined))).toEqual([]);
  });

  test.each<[string, Grants[string], string, RegExp]>([
    ['user:nobody', [{ role: 'viewer' }], 'grants.user:nobody', /no user 'nobody'.*users create nobody/],
    ['group:nobody', [{ role: 'viewer' }], 'grants.group:nobody', /no group 'nobody'.*groups create nobody/],
    ['anna', [{ role: 'viewer' }], 'grants.anna', /'anna'/],
    ['user:anna', [{ role: 'none' }], 'grants.user:anna[0]', /gives nothing/],
    ['user:anna', [{ role: 'viewer', on: 'run:4f12' }], 'grants.user:anna[0]', /not on each 'run'/],
  ])('for %s %o are refused at their place, and nothing is given', async (to, list, path, reason) => {
    const grants = { 'group:analysts': [{ role: 'editor' as const }], [to]: list };
    const reply = await send('apply', grants);
    expect(reply.body.error).toMatchObject({ code: 'projectInvalid', details: { path } });
    expect(reply.body.error.message).toMatch(reason);
    expect(await heldBy('group:analysts')).toEqual([]);
  });

  test('are for an admin alone to see and to change', async () => {
    const grants: Grants = { 'user:anna': [] };
    for (const [path, by] of [
      ['plan', 'viewer'],
      ['apply', 'operator'],
    ] as const) {
      const reply = await send(path, grants, {}, by);
      expect([reply.status, reply.body.error.message]).toEqual([
        403,
        expect.stringMatching(/lacks the permission 'admin'/),
      ]);
    }
    expect((await send('plan', undefined, {}, 'viewer')).status).toBe(200);
  });

  test('a project that makes an endpoint makes the group that may invoke it, for the same file to give', async () => {
    await commitTrainingSet(platform, buildPrices(80), platform.caller);
    const grants: Grants = { 'group:shop-invokers': [{ role: 'viewer', on: 'endpoint:shop' }] };
    const variants = [{ name: 'a', model: 'forecaster@1', weight: 1 }];
    const file = { gates: {}, endpoints: { shop: { variants, entity: ['symbol'] } } };
    expect((await send('plan', grants, file)).body.changes.at(-1)).toMatchObject({
      action: 'wait',
      waitsFor: 'endpoint:shop',
    });
    await trainModel(platform, platform.caller, { learner: 'ridge', parameters: { lambda: 1 } });
    const approval = { reason: 'r', override: true };
    await call('POST', '/api/v1/models/forecaster/versions/1/approvals', approval);
    const planned = [
      ['shop', 'create', 'variants', 'entity'],
      ['group:shop-invokers', 'update', '+ viewer of endpoint:shop'],
    ];
    expect(outline(await send('plan', grants, file))).toEqual(planned);
    expect(outline(await send('apply', grants, file))).toEqual(planned);
    expect(await heldBy('group:shop-invokers')).toEqual(['invoker endpoint:shop', 'viewer endpoint:shop']);
    expect(outline(await send('apply', grants, file))?.map(([, action]) => action)).toEqual([
      'unchanged',
      'unchanged',
    ]);
    await send('apply', undefined, file);
    expect(await heldBy('group:shop-invokers')).toEqual(['invoker endpoint:shop']);
  });
});

// Every route the server has, as it has it: nothing answers a stranger, and a viewer changes nothing.
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { places } from '../../http/mlflow/absences.ts';
import type { Route } from '../../http/server.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

type Method = NonNullable<InjectOptions['method']>;

/** What must answer before anybody can log in, and the page that logs them in. */
const open = [
  ...['/', '/health', '/ping', '/livez', '/readyz', '/version', '/openapi.json', '/docs', '/ui/*'],
  ...['/api/v1/login', '/api/v1/login/invitation'],
  ...['/v2', '/v2/', '/v2/health/live', '/v2/health/ready'],
];

/** What is about the caller alone: open to whoever is known. */
const own = ['/api/v1/whoami', '/api/v1/logout', '/api/v1/account'];
/** Lists of what the caller may ask. */
const lists = ['/v1/models', '/v2/models', '/v2/repository/index'];
/** Where an endpoint is asked at addresses that other systems chose. */
const doors = ['/endpoints/:name/', '/v1/models/:call', '/v2/models/:name', '/v2/repository/models/:name'];
const isOwn = ({ path }: Route): boolean =>
  lists.includes(path) || own.some((known) => path === known || path.startsWith(`${known}/`));

/** What reads by POST, because its question is too long for an address; a search is one. Whoever adds another says so here. */
const readingPosts = [
  '/api/v1/feature-services/:name/versions/:version/lookup',
  '/api/v1/feature-services/preview',
  '/api/v1/feature-views/:name/versions/:version/lookup',
  '/api/v1/feature-views/:name/impact',
  '/api/v1/feature-views/preview',
  '/api/v1/projects/plan',
  '/api/v1/runs/count',
  '/api/v1/runs/metrics/sample',
  '/get-online-features',
  '/mlflow/artifacts/presigned-download-url',
  '/mlflow/artifacts/presigned-upload-url',
  '/mlflow/experiments/search-datasets',
  '/mlflow/registered-models/get-latest-versions',
  '/search',
];

/** Where MLflow has something that we lack: a viewer is told so, whatever the method. */
const absent = ['/mlflow/*', '/mlflow-artifacts/presigned/*', ...Object.keys(places)];

/** A parameter that takes only listed words gets the first of them. */
const addressOf = (path: string): string =>
  path
    .replaceAll(/:\w+\((\w+)[^)]*\)/g, '$1')
    .replaceAll(/:\w+/g, '1')
    .replace('*', 'no/such');
const isReading = ({ method, path }: Route): boolean =>
  method === 'GET' ||
  method === 'HEAD' ||
  (method === 'POST' && readingPosts.some((known) => path.endsWith(known)));

describe('every route', () => {
  let platform: TestPlatform;
  let routes: Route[];
  let viewer: string;

  beforeAll(async () => {
    platform = await createTestPlatform({ host: '0.0.0.0' });
    await platform.http.ready();
    routes = [...platform.http.allRoutes];
    viewer = (await platform.services.auth.createToken({ name: 'viewer', role: 'viewer' }, platform.caller))
      .secret;
  });
  afterAll(() => platform.close());

  const call = async ({ method, path }: Route, token?: string): Promise<number> => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const reply = await platform.http.inject({
      method: method as Method,
      url: addressOf(path),
      headers: { host: 'localhost', ...authorization },
      ...(!['GET', 'HEAD'].includes(method) && { payload: {} }),
    });
    return reply.statusCode;
  };
  const guarded = () => routes.filter(({ path }) => !open.includes(path));

  test('is seen here, at our own and at all of MLflow’s addresses', () => {
    const paths = routes.map(({ method, path }) => `${method} ${path}`);
    for (const base of ['/api/2.0', '/api/3.0', '/ajax-api/2.0', '/ajax-api/3.0'])
      for (const known of ['POST runs/log-batch', 'POST webhooks', 'DELETE registered-models/delete'])
        expect(paths).toContain(known.replace(' ', ` ${base}/mlflow/`));
    expect(paths).toContain('POST /api/v1/endpoints/:name/predict');
    expect(paths.length).toBeGreaterThan(300);
  });

  test('asks a stranger who they are', async () => {
    for (const route of guarded()) expect([route, await call(route)]).toEqual([route, 401]);
    for (const route of guarded()) expect([route, await call(route, 'tdm_x')]).toEqual([route, 401]);
  });

  test('lets a viewer change nothing', async () => {
    const wrong: string[] = [];
    for (const route of guarded().filter((each) => !isReading(each) && !isOwn(each))) {
      const status = await call(route, viewer);
      const expected = absent.some((known) => route.path.endsWith(known)) ? [404, 501] : [403];
      if (!expected.includes(status)) wrong.push(`${route.method} ${route.path}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  test('is out of reach of a token for one endpoint, unless it is about that one', async () => {
    const { auth } = platform.services;
    const tokenFor = async (resource: string) =>
      (await auth.createToken({ name: 'one', role: 'admin', resource }, platform.caller)).secret;
    const [other, named1] = [await tokenFor('endpoint:other'), await tokenFor('endpoint:1')];
    const reached: string[] = [];
    for (const route of guarded().filter((each) => !isOwn(each))) {
      expect([route, await call(route, other)]).toEqual([route, 403]);
      const status = await call(route, named1);
      expect([401, 500]).not.toContain(status);
      if (status !== 403) reached.push(`${route.method} ${route.path}`);
    }
    const about1 = guarded().filter(({ path }) =>
      ['/api/v1/endpoints/:name', ...doors].some((start) => path.startsWith(start)),
    );
    expect(about1.length).toBeGreaterThan(10);
    expect(reached.sort()).toEqual(about1.map(({ method, path }) => `${method} ${path}`).sort());
  });

  test('that reads by POST is open to a viewer', async () => {
    const posts = guarded().filter((route) => route.method === 'POST' && isReading(route));
    expect(posts.length).toBeGreaterThan(4);
    for (const route of posts) expect([401, 403], route.path).not.toContain(await call(route, viewer));
  });
});

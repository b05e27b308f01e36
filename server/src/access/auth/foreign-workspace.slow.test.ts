// Every endpoint that names a thing, asked by the admin of another workspace: it is not there, and no list tells of it.
import { contract, type Endpoint } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

let platform: TestPlatform;
const secrets = { here: '', elsewhere: '' };
/** What stands behind a path, by its beginning. */
const things = new Map<string, string>();

const list = Object.entries(contract).flatMap(([domain, endpoints]) =>
  Object.entries(endpoints as Record<string, Endpoint>).map(([name, endpoint]) => ({
    name: `${domain}.${name}`,
    endpoint,
  })),
);
const thingOf = ({ path }: Endpoint) => things.get(path.split('/:')[0] ?? '');

beforeAll(async () => {
  platform = await createTestPlatform({ host: '0.0.0.0' });
  const { caller, database, services } = platform;
  const { auth, datasets, experiments, jobs, registry, sweeps } = services;
  for (const name of ['here', 'elsewhere'] as const)
    secrets[name] = (await auth.createToken({ name, role: 'admin' }, caller)).secret;
  // Choosing a workspace is not possible yet; that of a token decides already.
  await database.db
    .updateTable('tokens')
    .set({ workspace: 'other' })
    .where('name', '=', 'elsewhere')
    .execute();
  const { token } = await auth.createToken({ name: 'marked-token', role: 'viewer' }, caller);
  await services.users.create({ name: 'marked-user', role: 'viewer' }, caller);
  await datasets.commit({ name: 'marked-data', format: 'csv', content: Buffer.from('a,b\n1,2\n') }, caller);
  const experiment = await experiments.createExperiment({ name: 'marked-experiment' }, caller);
  const run = await experiments.createRun({ experimentId: experiment.id, name: 'marked-run' }, caller);
  const model = await experiments.startLoggedModel(
    { experimentId: experiment.id, sourceRunId: run.id, name: 'marked-logged' },
    caller,
  );
  await registry.models.create({ name: 'marked-model', tags: [] }, caller);
  const job = await jobs.submitCommand({ experiment: 'marked-jobs', command: ['true'] }, caller);
  const sweep = await sweeps.search(
    {
      ...{ experiment: 'marked-sweeps', space: { x: { type: 'float', low: 0, high: 1 } } },
      ...{ goals: [{ metric: 'loss', direction: 'minimize' }], budget: { trials: 2 } },
    },
    caller,
  );
  const ids = {
    ...{ tokens: token.id, datasets: 'marked-data', experiments: experiment.id, runs: run.id },
    ...{ 'logged-models': model.id, models: 'marked-model', jobs: job.id, sweeps: sweep.id },
  };
  for (const [path, id] of Object.entries(ids)) things.set(`/api/v1/${path}`, id);
});
afterAll(() => platform.close());

/** Whether it names what is in the other workspace. */
const isMarked = (text: string) =>
  text.includes('marked-') || [...things.values()].some((id) => id.length > 20 && text.includes(id));

async function call({ method, path, body }: Endpoint, secret: string) {
  const id = things.get(path.split('/:')[0] ?? '') ?? 'none';
  const url = path.replace(/:\w+/, encodeURIComponent(id)).replace(/:\w+/g, '1');
  const headers = { host: 'localhost', authorization: `Bearer ${secret}` };
  const reply = await platform.http.inject({ method, url, headers, ...(body && { payload: {} }) });
  return { status: reply.statusCode, text: reply.body };
}

test.each(['viewer', 'editor', 'approver', 'operator', 'invoker', 'none'] as const)(
  'nor for a %s of it, and no list tells them',
  async (role) => {
    const { auth } = platform.services;
    const { secret } = await auth.createToken({ name: `other-${role}`, role }, platform.caller);
    await platform.database.db
      .updateTable('tokens')
      .set({ workspace: 'other' })
      .where('name', '=', `other-${role}`)
      .execute();
    const asked = list.filter(
      ({ name, endpoint }) =>
        !endpoint.upload && name !== 'system.events' && !['public', 'self'].includes(endpoint.permission),
    );
    expect(asked.length).toBeGreaterThan(200);
    const found: string[] = [];
    for (const { name, endpoint } of asked) {
      const { status, text } = await call(endpoint, secret);
      expect(status, `${name}: ${text}`).not.toBe(500);
      // A refusal repeats the address that was asked for.
      if (status >= 400) continue;
      if (isMarked(text)) found.push(`${name} ${status}: ${text.slice(0, 200)}`);
      if (thingOf(endpoint) === undefined || !endpoint.path.includes(':')) continue;
      if (JSON.parse(text).items?.length !== 0) found.push(`${name} ${status}`);
    }
    expect(found).toEqual([]);
  },
);

test('a thing of one workspace is not there for another', async () => {
  const named = list.filter(
    ({ endpoint }) => endpoint.path.includes(':') && thingOf(endpoint) !== undefined && !endpoint.upload,
  );
  expect(named.length).toBeGreaterThan(50);
  const found: string[] = [];
  for (const { name, endpoint } of named) {
    const { status, text } = await call(endpoint, secrets.elsewhere);
    expect(status, `${name}: ${text}`).not.toBe(500);
    // What is refused for its shape is not looked for; of what is not there, some lists are empty.
    const isEmpty = status === 200 && JSON.parse(text).items?.length === 0;
    if (status !== 404 && status !== 400 && !isEmpty) found.push(`${name} ${status}`);
  }
  expect(found).toEqual([]);
  // It is, where it belongs.
  for (const [path] of things) {
    const get = list.find(({ endpoint }) => endpoint.method === 'GET' && endpoint.path === `${path}/:id`);
    if (get) expect((await call(get.endpoint, secrets.here)).status, path).toBe(200);
  }
});

test('no list of another workspace tells of it', async () => {
  const streams = new Set(['system.events']);
  const lists = list.filter(
    ({ name, endpoint: { method, path } }) => method === 'GET' && !path.includes(':') && !streams.has(name),
  );
  let told = 0;
  for (const { name, endpoint } of lists) {
    const { text } = await call(endpoint, secrets.elsewhere);
    expect(isMarked(text), `${name}: ${text.slice(0, 500)}`).toBe(false);
    told += Number(isMarked((await call(endpoint, secrets.here)).text));
  }
  expect(told).toBeGreaterThan(6);
});

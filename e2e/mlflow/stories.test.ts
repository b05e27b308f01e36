// MLflow's own clients, unmodified, against servers as a user starts them. Every assertion stands in the Python stories.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServer, tidemill } from '../cli-process.ts';
import {
  createPlace,
  type DatabaseKind,
  databases,
  isThere,
  openTeller,
  type Place,
  type Report,
  type Teller,
  tell,
} from './servers.ts';

const clients = {
  'MLflow 3': process.env.TIDEMILL_TEST_PYTHON ?? '',
  'MLflow 2': process.env.TIDEMILL_TEST_MLFLOW2 ?? '',
  PyTorch: process.env.TIDEMILL_TEST_TORCH ?? '',
} as const;

const missing = Object.entries(clients).filter(([, python]) => python === '');
for (const [name] of missing)
  console.warn(`SKIPPED: ${name} of MLflow's clients. npm test makes its environment; see CONTRIBUTING.md.`);

type Client = keyof typeof clients;

/** What needs no more than an address. What a client stores and asks for is told to both databases. */
const stories: Readonly<Record<'MLflow 3' | 'MLflow 2', readonly string[]>> = {
  'MLflow 3': [
    'tracking',
    'histories',
    'search',
    'grammar',
    'artifacts',
    'asynchronous',
    'traces',
    'registry',
    'logged_models',
    'webhooks',
  ],
  'MLflow 2': ['tracking', 'search', 'registry'],
};

/** Flavours and the like say the same requests again, in seconds of Python each: one database hears each of them. */
const flavours: Readonly<Record<DatabaseKind, readonly (readonly [Client, string])[]>> = {
  sqlite: [
    ['MLflow 3', 'flavour_sklearn'],
    ['MLflow 3', 'flavour_xgboost'],
    ['MLflow 3', 'system_metrics'],
    ['MLflow 2', 'evaluation'],
    ['MLflow 2', 'artifacts'],
    ['PyTorch', 'flavour_keras'],
  ],
  postgres: [
    ['MLflow 3', 'evaluation'],
    ['MLflow 3', 'flavour_lightgbm'],
    ['MLflow 3', 'examples'],
    ['MLflow 2', 'flavour_sklearn'],
    ['MLflow 2', 'asynchronous'],
    ['PyTorch', 'flavour_torch'],
  ],
};

/** In the names, so that a run without PyTorch can tell these skips from others. */
const markOf = (client: Client): string => (client === 'PyTorch' ? ' [torch]' : '');

/** Without brackets in its name: each is told to one database, so these are not counted as store tests. */
const nameOf = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const;

describe.each(databases.filter(isThere))("MLflow's clients", (kind) => {
  let place: Place;
  let server: TestServer;
  const tellers = new Map<string, Teller>();

  beforeAll(async () => {
    place = await createPlace(kind);
    server = await place.start('--webhook-schemes', 'http,https', '--webhook-private');
    for (const python of new Set(Object.values(clients).filter(Boolean)))
      tellers.set(python, openTeller({ python, home: place.folder, url: server.url }));
  });
  afterAll(async () => {
    for (const teller of tellers.values()) await teller.stop();
    await place?.remove();
  });

  const hear = async (client: Client, story: string): Promise<void> => {
    const options = story === 'artifacts' ? ['--pid', String(server.child.pid ?? 0)] : [];
    const report = await tellers.get(clients[client])?.tell(story, options);
    if (!report) throw new Error(`No teller has ${client}.`);
    expect(report.version).toMatch(client === 'MLflow 2' ? /^2\./ : /^3\./);
    expect(Object.keys(report.steps).length).toBeGreaterThan(0);
  };
  // The longest first, so that none of them is what the others have ended before.
  describe(`on ${nameOf[kind]}`, () => {
    for (const [client, story] of flavours[kind])
      test
        .skipIf(clients[client] === '')
        .concurrent(`${client}: ${story}${markOf(client)}`, () => hear(client, story));
  });
  describe(`[${kind}]`, () => {
    for (const client of ['MLflow 3', 'MLflow 2'] as const)
      test.skipIf(clients[client] === '').concurrent.each(stories[client])(`${client}: %s`, (story) =>
        hear(client, story),
      );
  });
});

const newest = clients['MLflow 3'];

describe.skipIf(newest === '').each(databases.filter(isThere))(
  "MLflow's client and a server [%s]",
  (kind) => {
    let place: Place;

    beforeEach(async () => {
      place = await createPlace(kind);
    });
    afterEach(() => place?.remove());

    test('that is killed under its training and started again', async () => {
      const first = await place.start();
      const { port } = new URL(first.url);
      const onLine = async (line: string): Promise<string | undefined> => {
        if (line !== 'ready') return undefined;
        await first.kill();
        await place.start('--port', port);
        return 'back';
      };
      const report: Report = await tell('outage', {
        python: newest,
        home: place.folder,
        url: first.url,
        onLine,
      });
      expect(Number(report.figures.acknowledged)).toBeGreaterThan(100);
    });

    test('that leaves artifacts to its clients', async () => {
      const root = join(place.folder, 'artifacts');
      const { url } = await place.start('--artifact-root', `file://${root}`);
      // One client with each database; without the older one, the newest with both.
      const python = (kind === 'postgres' && clients['MLflow 2']) || newest;
      const options = ['--root', root];
      const report = await tell('artifact_folder', { python, home: place.folder, url, options });
      expect(Object.keys(report.steps).length).toBeGreaterThan(3);
    });

    test('that asks who is there', async () => {
      const { stdout } = await tidemill(['first-token', ...place.words]);
      const { url: anywhere } = await place.start('--host', '0.0.0.0');
      const url = `http://127.0.0.1:${new URL(anywhere).port}`;
      const { stdout: made } = await tidemill(
        ['tokens', 'create', 'viewer', '--role', 'viewer', '--json', '--token', stdout.trim()],
        { url },
      );
      const viewer = (JSON.parse(made) as { secret: string }).secret;
      const password = 'correct horse battery staple';
      const anna = await fetch(`${url}/api/v1/users`, {
        method: 'POST',
        headers: { authorization: `Bearer ${stdout.trim()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'anna', role: 'editor', password }),
      });
      expect(anna.status).toBe(201);
      const options = ['--token', stdout.trim(), '--viewer', viewer, '--password', password];
      const report = await tell('tokens', { python: newest, home: place.folder, url, options });
      expect(Object.keys(report.steps)).toHaveLength(6);
    });
  },
);

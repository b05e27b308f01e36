// MLflow's own clients, unmodified, against servers as a user starts them. Every assertion stands in the Python stories.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServer, tidemill } from '../cli-process.ts';
import { createPlace, databases, isThere, type Place, type Report, tell } from './servers.ts';

const clients = {
  'MLflow 3': process.env.TIDEMILL_TEST_PYTHON ?? '',
  'MLflow 2': process.env.TIDEMILL_TEST_MLFLOW2 ?? '',
  PyTorch: process.env.TIDEMILL_TEST_TORCH ?? '',
} as const;

const missing = Object.entries(clients).filter(([, python]) => python === '');
for (const [name] of missing)
  console.warn(`SKIPPED: ${name} of MLflow's clients. npm test makes its environment; see CONTRIBUTING.md.`);

/** What needs no more than an address, by client. */
const stories: Readonly<Record<keyof typeof clients, readonly string[]>> = {
  'MLflow 3': [
    'tracking',
    'histories',
    'search',
    'grammar',
    'artifacts',
    'asynchronous',
    'system_metrics',
    'traces',
    'registry',
    'logged_models',
    'webhooks',
    'flavour_sklearn',
    'flavour_xgboost',
    'flavour_lightgbm',
    'evaluation',
    'examples',
  ],
  'MLflow 2': [
    'tracking',
    'search',
    'artifacts',
    'asynchronous',
    'registry',
    'flavour_sklearn',
    'evaluation',
  ],
  PyTorch: ['flavour_torch', 'flavour_keras', 'examples'],
};

const hasStories = ([client]: [string, string]): boolean =>
  stories[client as keyof typeof clients].length > 0;

/** In the names, so that a run without PyTorch can tell these skips from others. */
const markOf = (client: string): string => (client === 'PyTorch' ? ' [torch]' : '');

const optionsOf = (client: string, story: string, pid: number | undefined): readonly string[] => {
  if (story === 'artifacts') return ['--pid', String(pid ?? 0)];
  return story === 'examples' && client === 'PyTorch' ? ['--scripts', 'pytorch'] : [];
};

describe.each(databases.filter(isThere))("MLflow's clients [%s]", (kind) => {
  let place: Place;
  let server: TestServer;

  beforeAll(async () => {
    place = await createPlace(kind);
    server = await place.start('--webhook-schemes', 'http,https', '--webhook-private');
  });
  afterAll(() => place?.remove());

  describe.each(Object.entries(clients).filter(hasStories))('%s', (client, python) => {
    const told = stories[client as keyof typeof clients];
    test.skipIf(python === '').concurrent.each(told)(`%s${markOf(client)}`, async (story) => {
      const options = optionsOf(client, story, server.child.pid);
      const report = await tell(story, { python, home: place.folder, url: server.url, options });
      expect(report.version).toMatch(client === 'MLflow 2' ? /^2\./ : /^3\./);
      expect(Object.keys(report.steps).length).toBeGreaterThan(0);
    });
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
      for (const python of [newest, clients['MLflow 2']].filter(Boolean)) {
        const options = ['--root', root];
        const report = await tell('artifact_folder', { python, home: place.folder, url, options });
        expect(Object.keys(report.steps).length).toBeGreaterThan(3);
      }
    });

    test('that asks for a token', async () => {
      const { stdout } = await tidemill(['first-token', ...place.words]);
      const { url: anywhere } = await place.start('--host', '0.0.0.0');
      const url = `http://127.0.0.1:${new URL(anywhere).port}`;
      const { stdout: made } = await tidemill(
        ['tokens', 'create', 'viewer', '--role', 'viewer', '--json', '--token', stdout.trim()],
        { url },
      );
      const viewer = (JSON.parse(made) as { secret: string }).secret;
      const options = ['--token', stdout.trim(), '--viewer', viewer];
      const report = await tell('tokens', { python: newest, home: place.folder, url, options });
      expect(Object.keys(report.steps)).toHaveLength(5);
    });
  },
);

// Profiles of real tables, figure by figure against pandas and scipy. Every assertion stands in profiles.py.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { root } from '../../scripts/steps.ts';
import { startServer, type TestServer } from '../cli-process.ts';
import { tell } from '../mlflow/servers.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '') console.warn('SKIPPED: pandas and scipy. npm test makes their environment.');

let folder = '';
let server: TestServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-profiles-'));
  server = await startServer(join(folder, 'data'));
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test.skipIf(python === '')('figures equal those of pandas and scipy', async () => {
  const tables = join(root, 'node_modules/vega-datasets/data');
  await tell('../data/profiles', { python, home: folder, url: server.url, options: [tables] });
});

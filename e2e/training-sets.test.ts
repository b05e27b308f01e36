// A training set by the command line alone: entity rows from a file, features of a service.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer, tidemill } from './cli-process.ts';

let folder = '';
let server: TestServer;

const run = async (...words: readonly string[]) => {
  const ended = await tidemill(words, { url: server.url, folder });
  expect(ended, `tidemill ${words.join(' ')}: ${ended.stderr}`).toMatchObject({ code: 0 });
  return ended;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-training-sets-'));
  await writeFile(
    join(folder, 'prices.csv'),
    'symbol,date,close\nAAPL,2023-08-30,187.5\nAAPL,2023-08-31,188\n',
  );
  await writeFile(
    join(folder, 'rows.csv'),
    'symbol,event_time\nAAPL,2023-08-30T12:00:00Z\nAAPL,2023-09-01T00:00:00Z\nMSFT,2023-09-01T00:00:00Z\n',
  );
  const project = {
    name: 'shop',
    featureViews: {
      stats: { sql: 'select symbol, date, close from prices', entity: ['symbol'], eventTime: 'date' },
    },
    featureServices: { pricing: { features: ['stats:close as last_close'] } },
  };
  await writeFile(join(folder, 'tidemill.config.ts'), `export default ${JSON.stringify(project)};`);
  server = await startServer(join(folder, 'data'));
  await run('datasets', 'commit', 'prices.csv');
  await run('apply');
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a file of rows becomes a dataset first; the same again is the same', async () => {
  const build = () =>
    run(
      'features',
      'training-set',
      'train',
      '--entities',
      'rows.csv',
      '--service',
      'pricing@1',
      '--statuses',
    );
  const first = await build();
  expect(first.stderr).toContain('rows.csv is rows@1; times without a zone are read as UTC.');
  expect(first.stdout).toContain('train@1: 3 rows.');
  const read = await run('datasets', 'read', 'train@1', '--format', 'csv');
  expect(
    read.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(',').slice(2)),
  ).toEqual([
    ['last_close', 'stats__status'],
    ['187.5', 'PRESENT'],
    ['188.0', 'PRESENT'],
    ['', 'NOT_FOUND'],
  ]);
  expect((await build()).stdout).toContain('train@1: 3 rows, exactly what was there.');
});

// The catalogue of features by the command line alone: declared, found, judged before a change, kept while it is used.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer, tidemill } from './cli-process.ts';

let folder = '';
let server: TestServer;

async function run(words: readonly string[], code = 0) {
  const ended = await tidemill(words, { url: server.url, folder });
  expect(ended, `tidemill ${words.join(' ')}: ${ended.stderr}`).toMatchObject({ code });
  return ended;
}
const lines = async (...words: readonly string[]) => (await run(words)).stdout.trimEnd().split('\n');
const json = async (...words: readonly string[]) => JSON.parse((await run([...words, '--json'])).stdout);

const project = {
  name: 'shop',
  entities: { symbol: { owner: 'markets', joinKeys: [{ name: 'symbol', type: 'text' }] } },
  featureViews: {
    stats: {
      description: 'Daily figures',
      tags: { team: 'pricing' },
      sql: 'select symbol, date, close, volume from prices',
      entities: ['symbol'],
      eventTime: 'date',
      ttl: '7d',
    },
  },
  featureServices: {
    pricing: {
      features: ['stats:close as last_close'],
      request: [{ name: 'amount', type: 'double' }],
      onDemand: [{ name: 'shares', type: 'double', expression: 'amount / last_close' }],
    },
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-catalogue-'));
  await writeFile(join(folder, 'prices.csv'), 'date,symbol,close,volume\n2024-01-01,AAPL,180.5,7\n');
  await writeFile(join(folder, 'tidemill.config.ts'), `export default ${JSON.stringify(project)};`);
  server = await startServer(join(folder, 'data'));
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a project file brings entities, views and services, once', async () => {
  await run(['datasets', 'commit', 'prices.csv']);
  expect(await lines('apply')).toEqual([
    '+ entity symbol',
    '+ view stats',
    '+ service pricing',
    'shop: 3 created.',
  ]);
  expect((await lines('apply')).at(-1)).toBe('shop: 3 unchanged.');
  expect((await lines('features', 'entities'))[1]).toMatch(/^symbol@1 {2}symbol text {2}markets/);
  expect((await lines('features', 'services'))[1]).toMatch(/^pricing@1 {9}2 {2}stats@1/);
  expect(await lines('features', 'show', 'service:pricing')).toContain(
    'shares      double  amount / last_close',
  );
  expect(await lines('features', 'show', 'stats')).toContain('ttl        7d');
});

test('what is there is found, and so is who uses it', async () => {
  const found = await json('features', 'search', 'team=pricing', 'volume', '--kind', 'feature');
  expect(found).toMatchObject([{ reference: 'stats@1:volume', type: 'integer', uri: 'view:stats@1' }]);
  expect(await lines('features', 'search', 'nothing')).toEqual(['Nothing is found by: nothing']);
  expect(await lines('features', 'uses', 'entity:symbol')).toEqual([
    'entity:symbol@1 is used by',
    'views     stats@1',
    'services  pricing@1',
  ]);
});

test('a change is judged before it is made', async () => {
  expect(await lines('features', 'impact', 'stats', '--ttl', '168h')).toEqual([
    'It means the same as stats@1.',
  ]);
  await writeFile(join(folder, 'new.sql'), 'select symbol, date, close from prices');
  expect(await lines('features', 'impact', 'stats', '--sql', 'new.sql')).toEqual([
    'A new version, after stats@1: sql, features differ.',
    'volume is removed',
    'Users of stats@1 keep it until they are moved:',
    '  services  pricing@1',
  ]);
  expect(await json('features', 'versions', 'stats')).toHaveLength(1);
});

test('what is used stays, what is not goes', async () => {
  expect((await run(['features', 'delete', 'stats'], 1)).stderr).toContain('service:pricing@1 uses it');
  expect((await run(['features', 'show', 'entity:share'], 1)).stderr).toContain(
    "no entity 'share'. There are symbol",
  );
  for (const reference of ['service:pricing@1', 'stats', 'entity:symbol'])
    expect(await lines('features', 'delete', reference)).toEqual([`${reference} is deleted.`]);
  expect(await json('features', 'search')).toEqual([]);
});

// The features wing by the command line alone: tried, declared, found, judged before a change, kept while it is used,
// built into training sets; and the run that the guide prints, from an entity to an endpoint.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../scripts/steps.ts';
import { startServer, type TestServer, tidemillInside } from './cli-process.ts';
import { readPrintedRun, toPattern, type } from './printed-run.ts';

let folder = '';
let server: TestServer;

const write = (name: string, content: string) => writeFile(join(folder, name), content);
async function run(words: readonly string[], code = 0) {
  const ended = await tidemillInside(words, { url: server.url, folder });
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
  await write('prices.csv', 'date,symbol,close,volume\n2024-01-01,AAPL,180.5,7\n');
  await write('tidemill.config.ts', `export default ${JSON.stringify(project)};`);
  server = await startServer(join(folder, 'data'));
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('a definition in a file of its own is tried, registered, and the same the second time', async () => {
  const view = { sql: 'select symbol, date, close from prices', entities: ['share'], eventTime: 'date' };
  await write('share.json', JSON.stringify({ joinKeys: [{ name: 'symbol', type: 'text' }] }));
  await write('view.ts', `export default ${JSON.stringify(view)};`);
  await write('view.sql', view.sql);
  await write('service.json', JSON.stringify({ features: ['closes:close as last_close'] }));
  await run(['datasets', 'commit', 'prices.csv']);
  expect(await lines('features', 'put', 'entity:share', 'share.json')).toEqual(['entity:share@1.']);
  const rows = await lines('features', 'preview', 'view.ts');
  expect(rows.at(-1)).toMatch(/180\.5/);
  const asSql = ['features', 'preview', 'view.sql', '--entity', 'symbol'];
  expect(await lines(...asSql, '--event-time', 'date')).toEqual(rows);
  expect((await run(asSql, 1)).stderr).toContain('SQL needs --event-time');
  expect((await lines('features', 'list'))[0]).toMatch(/^No feature views/);
  expect(await lines('features', 'put', 'closes', 'view.ts')).toEqual(['view:closes@1.']);
  expect(await lines('features', 'put', 'service:closing', 'service.json')).toEqual(['service:closing@1.']);
  const entityRows = 'select symbol, date as event_time from prices';
  const tried = await lines('features', 'preview', 'service.json', '--rows', entityRows);
  expect(tried.at(-1)).toMatch(/180\.5/);
  expect(await lines('features', 'preview', 'service:closing@1')).toEqual(tried);
  const { stdout: told } = await run(['features', 'preview', 'service:closing', '--statuses', '--json']);
  expect(JSON.parse(told).rows[0]).toMatchObject({ last_close: 180.5, closes__status: 'PRESENT' });
  const again = await lines('features', 'put', 'view:closes', 'view.ts');
  expect(again).toEqual(['view:closes@1, exactly what was there.']);
});

test('a file of rows becomes a dataset and then a training set; the same again is the same', async () => {
  await write('rows.csv', 'symbol,event_time\nAAPL,2024-01-01T12:00:00Z\nMSFT,2024-01-02T00:00:00Z\n');
  const words = ['train', '--entities', 'rows.csv', '--service', 'closing@1', '--statuses'];
  const build = () => run(['features', 'training-set', ...words]);
  const first = await build();
  expect(first.stderr).toContain('rows.csv is rows@1; times without a zone are read as UTC.');
  expect(first.stdout).toContain('train@1: 2 rows.');
  const rows = await lines('datasets', 'read', 'train@1', '--format', 'csv');
  expect(rows.map((line) => line.split(',').slice(2).join())).toEqual([
    'last_close,closes__status',
    '180.5,PRESENT',
    ',NOT_FOUND',
  ]);
  expect((await build()).stdout).toContain('train@1: 2 rows, exactly what was there.');
  for (const reference of [
    'datasets delete train',
    'features delete service:closing',
    'features delete closes',
  ])
    await run(reference.split(' '));
  await run(['features', 'delete', 'entity:share']);
});

test('a project file brings entities, views and services, once', async () => {
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
  await write('new.sql', 'select symbol, date, close from prices');
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

test('the run that the guide prints is what a reader gets', async () => {
  const folder = join(root, 'examples/features');
  const steps = await readPrintedRun('docs/data.md', '### From an entity to an endpoint');
  expect(steps.length).toBeGreaterThan(15);
  for (const step of steps)
    expect(await type(step, folder, server.url), step.words.join(' ')).toMatch(toPattern(step.output));
});

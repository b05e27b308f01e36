// Definitions in files of their own, through the real command line.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startServer, tidemill } from './cli-process.ts';

const view = { sql: 'select symbol, date, close from prices', entities: ['symbol'], eventTime: 'date' };

test('a definition is tried, registered, and the same the second time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tidemill-definitions-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const server = await startServer(join(folder, 'data'));
  onTestFinished(() => server.stop());
  const run = (...words: string[]) => tidemill(words, { url: server.url, folder });
  const said = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(...words);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return stdout.trimEnd();
  };
  const write = (name: string, content: string) => writeFile(join(folder, name), content);
  await write('prices.csv', 'date,symbol,close\n2024-01-01,AAPL,180.5\n');
  await write('symbol.json', JSON.stringify({ joinKeys: [{ name: 'symbol', type: 'text' }] }));
  await write('view.ts', `export default ${JSON.stringify(view)};`);
  await write('view.sql', view.sql);
  await write('service.json', JSON.stringify({ features: ['stats:close as last_close'] }));
  await said('datasets', 'commit', 'prices.csv');
  expect(await said('features', 'put', 'entity:symbol', 'symbol.json')).toBe('entity:symbol@1.');
  const rows = await said('features', 'preview', 'view.ts');
  expect(rows).toMatch(/180\.5/);
  expect(await said('features', 'preview', 'view.sql', '--entity', 'symbol', '--event-time', 'date')).toBe(
    rows,
  );
  expect(await said('features', 'list')).toMatch(/^No feature views/);
  expect(await said('features', 'put', 'stats', 'view.ts')).toBe('view:stats@1.');
  expect(await said('features', 'put', 'service:pricing', 'service.json')).toBe('service:pricing@1.');
  expect(await said('features', 'put', 'view:stats', 'view.ts')).toBe(
    'view:stats@1, exactly what was there.',
  );
  const without = await run('features', 'preview', 'view.sql', '--entity', 'symbol');
  expect(without.stderr).toContain('SQL needs --event-time');
});

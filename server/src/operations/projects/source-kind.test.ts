import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectDefinition, SourceDefinition } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { createTempDir } from '../../testing/temp-dir.ts';

const folder = await createTempDir();
let platform: TestPlatform;
beforeAll(async () => {
  await writeFile(join(folder.path, 'p.csv'), 'id,price\n1,2\n');
  platform = await createTestPlatform({ sources: { roots: [folder.path] } });
});
afterAll(async () => {
  await platform.close();
  await folder.remove();
});

const from = { kind: 'path' as const, path: join(folder.path, 'p.csv') };
const file = (prices: SourceDefinition): ProjectDefinition => ({ name: 'p', sources: { prices } });
const apply = (prices: SourceDefinition) => platform.services.projects.apply(file(prices), platform.caller);

test('a source of the file is created, brought up to date, and then left as it is', async () => {
  expect(await apply({ from, cursor: { column: 'id' }, schedule: { cron: '0 6 * * *' } })).toMatchObject({
    changes: [{ kind: 'source', name: 'prices', action: 'create' }],
  });
  expect(await apply({ from, cursor: { column: 'id' }, schedule: { cron: '0 6 * * *' } })).toMatchObject({
    changes: [{ action: 'unchanged' }],
  });
  expect(await apply({ from, schedule: { cron: '0 7 * * *' } })).toMatchObject({
    changes: [{ action: 'update', changes: ['schedule.cron'] }],
  });
  const { caller, services } = platform;
  expect(await services.sources.get({ name: 'prices' }, caller)).toMatchObject({
    cursor: { column: 'id' },
    schedule: { cron: '0 7 * * *', timeZone: 'UTC' },
  });
});

test('what cannot be read, or needs a secret first, is told by its place in the file', async () => {
  const elsewhere = { kind: 'path' as const, path: '/etc/passwd' };
  await expect(apply({ from: elsewhere })).rejects.toMatchObject({
    code: 'projectInvalid',
    message: expect.stringContaining('sources.prices'),
  });
  await expect(apply({ from, dataset: 'other' })).rejects.toMatchObject({ code: 'projectInvalid' });
  const orders = { from: { kind: 'postgres' as const, query: 'select 1' } };
  const { projects } = platform.services;
  expect(await projects.plan({ name: 'p', sources: { orders } }, platform.caller)).toMatchObject({
    changes: [{ kind: 'source', name: 'orders', action: 'wait', waitsFor: 'secret:orders' }],
  });
});

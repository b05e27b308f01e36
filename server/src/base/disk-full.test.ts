import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { openDuckdb } from '../adapters/analytics/duckdb.ts';
import { tempDir } from '../testing/temp-dir.ts';
import { isDiskFull } from './disk-full.ts';

const failureOf = (work: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(work)
    .then(
      () => null,
      (error: unknown) => error,
    );

test('a full disk is known whoever tells of it', async () => {
  expect(isDiskFull(await failureOf(() => writeFile('/dev/full', 'x')))).toBe(true);
  const database = new DatabaseSync(':memory:');
  database.exec('create table t (x); pragma max_page_count = 2');
  const fill = () => database.exec('insert into t values (zeroblob(100000))');
  expect(isDiskFull(await failureOf(fill))).toBe(true);
  database.close();
  const analytics = await openDuckdb();
  onTestFinished(() => analytics.close());
  // A link: what was begun is removed, and the device itself must stay.
  const to = join(await tempDir(), 'full');
  await symlink('/dev/full', to);
  const copied = analytics.copy({ sql: 'select range as x from range(1000000)', to });
  await expect(copied).rejects.toMatchObject({ code: 'diskFull', status: 507 });
  expect(isDiskFull(await failureOf(() => writeFile('/nowhere/there', 'x')))).toBe(false);
});

import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { onlineSuite } from './online-suite.ts';
import { openSqliteOnline } from './sqlite.ts';

const newFile = async () => join(await tempDir(), 'online', 'online.db');

describe('online store in a SQLite file', () => {
  onlineSuite(async () => openSqliteOnline({ file: await newFile() }));
});

test('what was written is there after a restart, and close may be called twice', async () => {
  const file = await newFile();
  const before = await openSqliteOnline({ file });
  await before.write('v', [{ key: 'a', eventTime: 5, values: { n: 1 } }]);
  await before.close();
  await before.close();
  const after = await openSqliteOnline({ file });
  onTestFinished(() => after.close());
  expect(await after.write('v', [{ key: 'a', eventTime: 4, values: { n: 2 } }])).toEqual({ written: 0 });
  expect(await after.read('v', ['a'])).toEqual([{ eventTime: 5, values: { n: 1 } }]);
});

test('a long write lets others in between', async () => {
  const store = await openSqliteOnline({ file: await newFile() });
  onTestFinished(() => store.close());
  const rows = Array.from({ length: 10_000 }, (_, n) => ({ key: `k${n}`, eventTime: 1, values: { n } }));
  let turns = 0;
  let isWriting = true;
  const count = () => {
    turns++;
    if (isWriting) setImmediate(count);
  };
  setImmediate(count);
  await store.write('v', rows);
  isWriting = false;
  expect(turns).toBeGreaterThanOrEqual(9);
});

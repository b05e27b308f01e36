import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { eventSuite } from './event-suite.ts';
import { onlineSuite } from './online-suite.ts';
import { openSqliteOnline } from './sqlite.ts';

const newFile = async () => join(await tempDir(), 'online', 'online.db');

describe('online store in a SQLite file', () => {
  onlineSuite(async () => openSqliteOnline({ file: await newFile() }));
  eventSuite(async () => openSqliteOnline({ file: await newFile() }));
});

test('what was written is there after a restart, and close may be called twice', async () => {
  const file = await newFile();
  const before = await openSqliteOnline({ file });
  await before.write('v', [{ key: 'a', eventTime: 5, values: '[1]' }]);
  await before.close();
  await before.close();
  const after = await openSqliteOnline({ file });
  onTestFinished(() => after.close());
  expect(await after.write('v', [{ key: 'a', eventTime: 4, values: '[2]' }])).toEqual({ written: 0 });
  expect(await after.read([{ view: 'v', keys: ['a'] }])).toEqual([[{ eventTime: 5, values: '[1]' }]]);
});

test('a long write is not on this thread', async () => {
  const store = await openSqliteOnline({ file: await newFile() });
  onTestFinished(() => store.close());
  const rows = Array.from({ length: 30_000 }, (_, n) => ({ key: `k${n}`, eventTime: 1, values: `[${n}]` }));
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

test('values that an earlier release kept are brought over', async () => {
  const file = join(await tempDir(), 'online.db');
  const old = new DatabaseSync(file);
  old.exec(`create table online_rows (view text not null, key text not null, event_time integer not null,
    row_values text not null, primary key (view, key)) strict, without rowid;
    insert into online_rows values ('v', 'a', 5, '{"n":1}'), ('w', 'a', 6, '{"n":2}')`);
  old.close();
  const store = await openSqliteOnline({ file });
  onTestFinished(() => store.close());
  expect(
    await store.read([
      { view: 'v', keys: ['a'] },
      { view: 'w', keys: ['a', 'b'] },
    ]),
  ).toEqual([[{ eventTime: 5_000, values: '{"n":1}' }], [{ eventTime: 6_000, values: '{"n":2}' }, null]]);
});

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { createTempDir } from '../../testing/temp-dir.ts';
import { runForEach, transact } from './db.ts';
import { openSqlite } from './sqlite.ts';

test('what is in the log reaches the database file while the writer only writes', async () => {
  const folder = await createTempDir();
  const file = join(folder.path, 'checkpoints.db');
  const { db, close } = await openSqlite({ file, durability: 'process' });
  const before = statSync(file).size;
  const value = 'x'.repeat(1_000);
  const rows = Array.from({ length: 8_000 }, (_, i) => [`key ${i}`, value]);
  const insert = "insert into settings (workspace, key, value, updated_at) values ('default', ?, ?, 1)";
  await transact(db, (tx) => runForEach(tx, insert, rows));
  // Below the writer's own limit: nobody but the thread has moved it.
  expect(statSync(`${file}-wal`).size).toBeLessThan(16_000 * 4096);
  await vi.waitFor(() => expect(statSync(file).size).toBeGreaterThan(before + 8_000_000), {
    timeout: 20_000,
  });
  await close();
  await folder.remove();
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompiledQuery, sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { type DatabaseHandle, transact } from './db.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';

async function open(file: string, options: Partial<SqliteOptions> = {}): Promise<DatabaseHandle> {
  const handle = await openSqlite({ file, durability: 'process', ...options });
  onTestFinished(() => handle.close());
  return handle;
}

const openNew = async () => open(join(await tempDir(), 'nested', 'tidemill.db'));

/** Another Node process with the file's path as its first argument. */
function startProcess(code: string, file: string): ChildProcess {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code, '--', file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  return child;
}

const countUp = (handle: DatabaseHandle) =>
  transact(handle.db, async (tx) => {
    const row = await tx.selectFrom('event_cursors').select('last_id').executeTakeFirstOrThrow();
    await tx
      .updateTable('event_cursors')
      .set({ last_id: row.last_id + 1 })
      .execute();
  });

const startCounter = (handle: DatabaseHandle) =>
  handle.db.insertInto('event_cursors').values({ listener: 'counter', last_id: 0, updated_at: 1 }).execute();

const counted = async (handle: DatabaseHandle) =>
  (await handle.db.selectFrom('event_cursors').select('last_id').executeTakeFirstOrThrow()).last_id;

test("another process's open transaction is waited for while this process goes on", async () => {
  const file = join(await tempDir(), 'tidemill.db');
  const handle = await open(file);
  await startCounter(handle);
  const other = startProcess(
    `import { DatabaseSync } from 'node:sqlite';
     const database = new DatabaseSync(process.argv[1]);
     database.exec('begin immediate; update event_cursors set last_id = 10');
     process.stdout.write('locked');
     process.stdin.once('data', () => { database.exec('commit'); process.exit(); });`,
    file,
  );
  await once(other.stdout ?? other, 'data');
  const waiting = [countUp(handle), handle.db.updateTable('event_cursors').set({ updated_at: 2 }).execute()];
  // Reached only because the event loop is free.
  other.stdin?.write('go');
  await Promise.all(waiting);
  expect(await counted(handle)).toBe(11);
});

test('two processes that count up together lose nothing', async () => {
  const file = join(await tempDir(), 'tidemill.db');
  const handle = await open(file);
  await startCounter(handle);
  const other = startProcess(
    `const { openSqlite } = await import(${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)});
     const { transact } = await import(${JSON.stringify(new URL('./db.ts', import.meta.url).href)});
     const handle = await openSqlite({ file: process.argv[1], durability: 'process' });
     const countUp = async (tx) => {
       const row = await tx.selectFrom('event_cursors').select('last_id').executeTakeFirstOrThrow();
       await tx.updateTable('event_cursors').set({ last_id: row.last_id + 1 }).execute();
     };
     for (let n = 0; n < 100; n++) await transact(handle.db, countUp);
     await handle.close();`,
    file,
  );
  const exited = once(other, 'exit');
  for (let n = 0; n < 100; n++) await countUp(handle);
  expect(await exited).toEqual([0, null]);
  expect(await counted(handle)).toBe(200);
});

test('what was committed survives kill -9 of the writer', async () => {
  const file = join(await tempDir(), 'tidemill.db');
  const writer = startProcess(
    `const { openSqlite } = await import(${JSON.stringify(new URL('./sqlite.ts', import.meta.url).href)});
     const handle = await openSqlite({ file: process.argv[1], durability: 'process' });
     await handle.db.insertInto('event_cursors').values({ listener: 'counter', last_id: 7, updated_at: 1 }).execute();
     process.stdout.write('committed');
     setInterval(() => {}, 1000);`,
    file,
  );
  await once(writer.stdout ?? writer, 'data');
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  expect(await counted(await open(file))).toBe(7);
});

test('durability decides how a commit is synced', async () => {
  const folder = await tempDir();
  const synchronous = async (durability: SqliteOptions['durability']) => {
    const handle = await open(join(folder, `${durability}.db`), { durability });
    return (await handle.db.executeQuery(CompiledQuery.raw('pragma synchronous'))).rows;
  };
  expect(await synchronous('process')).toEqual([{ synchronous: 1 }]);
  expect(await synchronous('power')).toEqual([{ synchronous: 2 }]);
});

test('a boolean is bound as 0 or 1', async () => {
  const handle = await openNew();
  const row = await sql<{ yes: number; no: number }>`select ${true} as yes, ${false} as no`.execute(
    handle.db,
  );
  expect(row.rows).toEqual([{ yes: 1, no: 0 }]);
});

test('more statements than the cache holds, and a stream over one of them', async () => {
  const handle = await openNew();
  for (let n = 0; n < 600; n++) await sql`select ${n} as n, ${sql.lit(n)} as literal`.execute(handle.db);
  await handle.db
    .insertInto('settings')
    .values(['a', 'b'].map((key) => ({ workspace: 'default', key, value: '', updated_at: 1 })))
    .execute();
  const keys: string[] = [];
  for await (const row of handle.db.selectFrom('settings').select('key').orderBy('key').stream())
    keys.push(row.key);
  expect(keys).toEqual(['a', 'b']);
});

test('a transaction that SQLite itself gave up fails with the reason, and the next one works', async () => {
  const handle = await openNew();
  const failed = transact(handle.db, async (tx) => {
    await sql`rollback`.execute(tx);
    throw new Error('the disk is full');
  });
  await expect(failed).rejects.toThrow('the disk is full');
  await startCounter(handle);
});

test('a file that is no database is refused by name', async () => {
  const file = join(await tempDir(), 'notes.db');
  await writeFile(file, 'this is not a database, however long one looks at it'.repeat(100));
  await expect(openSqlite({ file, durability: 'process' })).rejects.toMatchObject({
    code: 'dataFileUnreadable',
    details: { file },
  });
});

test('a failing migration leaves nothing of the whole run, and the next start does it again', async () => {
  const file = join(await tempDir(), 'tidemill.db');
  const good = {
    name: '001-good',
    up: (db: { schema: DatabaseHandle['db']['schema'] }) =>
      db.schema.createTable('good').addColumn('id', 'text').execute(),
  };
  const bad = {
    name: '002-bad',
    async up() {
      throw new Error('half way');
    },
  };
  await expect(openSqlite({ file, durability: 'process', migrations: [good, bad] })).rejects.toThrow(
    'half way',
  );
  const handle = await open(file, { migrations: [good] });
  expect((await sql`select name from migrations`.execute(handle.db)).rows).toEqual([{ name: '001-good' }]);
});

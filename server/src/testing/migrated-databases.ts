// Databases that have their tables already: forty migrations cost more than most suites do with them.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { openPostgres } from '../adapters/db/postgres.ts';
import { openSqlite } from '../adapters/db/sqlite.ts';
import { runFolderVariable, schemasOf } from './run-folder.ts';

const runFolder = process.env[runFolderVariable];

/** Puts an empty database with all tables there, unless a file is there already. */
export async function copyMigrated(file: string): Promise<void> {
  if (!runFolder || existsSync(file)) return;
  await mkdir(dirname(file), { recursive: true });
  await copyFile(await migratedFile(runFolder), file);
}

let made: Promise<string> | undefined;

/** Each worker may make it; what is there is whole, because it is renamed. */
function migratedFile(folder: string): Promise<string> {
  made ??= (async () => {
    const file = join(folder, 'migrated.db');
    if (existsSync(file)) return file;
    const own = join(folder, `${randomBytes(6).toString('hex')}.db`);
    await (await openSqlite({ file: own, durability: 'process' })).close();
    await rename(own, file);
    return file;
  })();
  return made;
}

/** A schema that is a suite's own while it has it: all tables, no rows, every sequence at its start. */
export interface BorrowedSchema {
  readonly name: string;
  /** Emptied for the worker's next suite; dropped when this one has changed its tables. */
  giveBack(): Promise<void>;
}

interface FreeSchema {
  readonly name: string;
  readonly shape: string;
}

const free: FreeSchema[] = [];

export async function borrowSchema(url: string): Promise<BorrowedSchema> {
  const schema = free.pop() ?? (await makeSchema(url));
  return {
    name: schema.name,
    giveBack: () =>
      withClient(url, async (client) => {
        if (runFolder && (await shapeOf(client, schema.name)) === schema.shape) {
          await empty(client, schema.name);
          free.push(schema);
        } else await client.query(`drop schema if exists ${schema.name} cascade`);
      }),
  };
}

async function makeSchema(url: string): Promise<FreeSchema> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  if (runFolder) {
    await mkdir(schemasOf(runFolder), { recursive: true });
    await writeFile(join(schemasOf(runFolder), name), '');
  }
  await (await openPostgres({ url, schema: name, connections: 1 })).close();
  return { name, shape: await withClient(url, (client) => shapeOf(client, name)) };
}

/** Every relation and column, and the migrations that made them. */
async function shapeOf(client: pg.Client, schema: string): Promise<string> {
  const { rows } = await client.query<{ shape: string }>(
    `select (select md5(string_agg(concat_ws(' ', c.relname, c.oid, a.attname, a.attnum), ',' order by c.oid, a.attnum))
       from pg_class c left join pg_attribute a on a.attrelid = c.oid where c.relnamespace = $1::regnamespace)
     || (select string_agg(name, ',' order by name) from ${schema}.migrations) as shape`,
    [schema],
  );
  return rows[0]?.shape ?? '';
}

/** Append-only; who owns them may say otherwise. */
const guarded = ['audit', 'audit_heads'];

/** Only what holds something is truncated: an untouched table costs a look, a truncated one a new file. */
async function empty(client: pg.Client, schema: string): Promise<void> {
  await client.query(`set lock_timeout = '20s'; set search_path to ${schema}`);
  const guard = (state: 'enable' | 'disable') =>
    client.query(guarded.map((table) => `alter table ${table} ${state} trigger user`).join(';'));
  await guard('disable');
  await client.query(`do $$
    declare
      name text;
      is_used boolean;
      used text[] := '{}';
    begin
      for name in select tablename from pg_tables where schemaname = '${schema}' and tablename <> 'migrations' loop
        execute format('select exists (select from %I)', name) into is_used;
        if is_used then used := used || quote_ident(name); end if;
      end loop;
      if used <> '{}' then execute 'truncate ' || array_to_string(used, ', ') || ' cascade'; end if;
      for name in select sequencename from pg_sequences where schemaname = '${schema}' and last_value is not null loop
        execute format('alter sequence %I restart', name);
      end loop;
    end $$`);
  await guard('enable');
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

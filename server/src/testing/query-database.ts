import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { postgresUrl } from './each-database.ts';

/** A schema of the test's own on the real PostgreSQL, to be read from outside; gone when the test ends. */
export async function openQueryDatabase() {
  const schema = `rows_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(`create schema ${schema}`);
  await client.query(`set search_path to ${schema}`);
  onTestFinished(async () => {
    await client.query(`drop schema ${schema} cascade`);
    await client.end();
  });
  const url = new URL(postgresUrl);
  return { schema, url: url.href, run: (sql: string) => client.query(sql) };
}

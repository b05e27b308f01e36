import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, describe } from 'vitest';
import { isPostgresThere, postgresUrl } from './each-database.ts';

/** Gives what a whole server needs to run on the suite's kind of database: with PostgreSQL, a database of its own. */
export type DatabaseOptions = () => Promise<{ readonly postgres?: string }>;

/** Runs a suite of whole servers once per kind of database. */
export function describeEachPlatform(name: string, suite: (options: DatabaseOptions) => void): void {
  describe(`${name} [sqlite]`, () => suite(async () => ({})));
  describe.skipIf(!isPostgresThere)(`${name} [postgres]`, () => {
    const made: string[] = [];
    afterAll(async () => {
      for (const database of made) await command(`drop database if exists ${database} with (force)`);
    });
    suite(async () => {
      const database = `test_${randomBytes(8).toString('hex')}`;
      made.push(database);
      await command(`create database ${database}`);
      const url = new URL(postgresUrl);
      url.pathname = `/${database}`;
      return { postgres: url.href };
    });
  });
}

async function command(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

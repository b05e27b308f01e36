import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { isPostgresThere, postgresUrl } from '../../testing/each-database.ts';
import { keepStatistics } from './postgres-statistics.ts';

test.skipIf(!isPostgresThere)('a table that filled up is known to the planner soon after', async () => {
  const schema = `test_${randomBytes(8).toString('hex')}`;
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 2, options: `-c search_path=${schema}` });
  await pool.query(`create schema ${schema}`);
  await pool.query('create table filled (a integer)');
  const statistics = keepStatistics(pool, 50);
  await pool.query('insert into filled select * from generate_series(1, 5000)');
  const known = async () => {
    const { rows } = await pool.query("select reltuples from pg_class where oid = 'filled'::regclass");
    return Number(rows[0]?.reltuples);
  };
  await vi.waitFor(async () => expect(await known()).toBe(5000), { timeout: 20_000 });
  await statistics.close();
  await pool.query(`drop schema ${schema} cascade`);
  await pool.end();
});

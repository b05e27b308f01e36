// Called by Vitest around each run (`globalSetup`): a folder that its workers share, and the end of what they made.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** Names the folder of the run; workers inherit it. Unset outside of a run of Vitest. */
export const runFolderVariable = 'TIDEMILL_TEST_RUN';
/** In it: a file by the name of each schema that a worker has made and keeps for its next suite. */
export const schemasOf = (folder: string): string => join(folder, 'schemas');

export async function setup(): Promise<void> {
  process.env[runFolderVariable] = await mkdtemp(join(tmpdir(), 'tidemill-run-'));
}

export async function teardown(): Promise<void> {
  const folder = process.env[runFolderVariable];
  if (!folder) return;
  await dropSchemas(await readdir(schemasOf(folder)).catch(() => []));
  await rm(folder, { recursive: true, force: true });
}

async function dropSchemas(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const connectionString =
    process.env.TIDEMILL_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres';
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    for (const name of names) await client.query(`drop schema if exists ${name} cascade`);
  } finally {
    await client.end();
  }
}

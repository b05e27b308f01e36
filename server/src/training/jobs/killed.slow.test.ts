import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { CommandJob } from '@tidemill/contract';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { listMarked } from '../../adapters/executor/process-tree.ts';
import { isPostgresThere, postgresUrl } from '../../testing/each-database.ts';
import { type KillableServer, startKillableServer } from '../../testing/killable-server.ts';
import { createTestPlatform, owner, type TestPlatform } from '../../testing/platform.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { isEnded, until } from '../../testing/training-wing.ts';

/**
 * The lock is held by all that an attempt started, also by what left its group: whoever begins while anything of another
 * attempt lives says so.
 */
const script = `exec 9>> "$0/$TIDEMILL_JOB_ID.lock"
  flock -n 9 || echo "twice $TIDEMILL_JOB_ID" >> "$0/log"
  echo "begin $TIDEMILL_JOB_ID" >> "$0/log"
  setsid sleep 60 &
  sleep "$1"; echo "end $TIDEMILL_JOB_ID" >> "$0/log"; exit "$2"`;

const count = 16;
/** Some fail: their end must be told once as well. */
const jobsOf = (notes: string): CommandJob[] =>
  Array.from({ length: count }, (_, i) => ({
    experiment: 'killed',
    command: ['sh', '-c', script, notes, `0.${2 + (i % 5)}`, i % 4 === 3 ? '3' : '0'],
    resources: { cpu: 0.25 },
  }));

async function prepare() {
  const root = await tempDir();
  const notes = join(root, 'notes');
  await mkdir(notes);
  return { root, notes };
}

const moment = () => pause(100 + Math.random() * 900);

/** Every job has one end, and nothing of two attempts was alive at the same time. */
async function expectEach(platform: TestPlatform, notes: string): Promise<void> {
  const { jobs, audit, experiments } = platform.services;
  const { items } = await jobs.list({ limit: 100 }, owner);
  expect(items).toHaveLength(count);
  for (const { id } of items) await until(jobs, id, owner, isEnded, 100_000);
  const log = (await readFile(join(notes, 'log'), 'utf8')).split('\n');
  expect(log.filter((line) => line.startsWith('twice'))).toEqual([]);
  for (const { id, spec, runId } of items) {
    const job = await jobs.get({ id }, owner);
    const isBad = (spec.command as string[]).at(-1) === '3';
    expect([job.state, (await experiments.getRun({ id: runId ?? '' }, owner)).status]).toEqual(
      isBad ? ['failed', 'FAILED'] : ['succeeded', 'FINISHED'],
    );
    if (isBad) expect(job.error).toMatch(/exit code 3/);
    const ends = await audit.list({ subject: `job:${id}`, action: 'job.finished' }, owner);
    expect(ends.items).toHaveLength(1);
    // An attempt that came to its end may not have been told when the server died.
    const [begun, ended] = ['begin', 'end'].map(
      (word) => log.filter((line) => line === `${word} ${id}`).length,
    );
    expect(ended).toBeGreaterThanOrEqual(1);
    expect(begun).toBeLessThanOrEqual(job.attempt);
    expect(await listMarked(`TIDEMILL_JOB_ID=${id}`)).toEqual([]);
  }
}

test('kill -9 over and over: every job comes to its one end, and never runs twice at once', async () => {
  const { root, notes } = await prepare();
  const dataFolder = join(root, 'data');
  await mkdir(dataFolder);
  let server = await startKillableServer(dataFolder, 'jobs.submitAll', jobsOf(notes));
  for (let round = 0; round < 3; round++) {
    await moment();
    await server.kill();
    server = await startKillableServer(dataFolder, 'serve');
  }
  await moment();
  await server.kill();
  const platform = await createTestPlatform({ dataFolder });
  onTestFinished(() => platform.close());
  await expectEach(platform, notes);
}, 200_000);

test.skipIf(!isPostgresThere)(
  'two servers on one database, killed in turn: what one leaves the other goes on with',
  async () => {
    const { root, notes } = await prepare();
    const options = { postgres: await createDatabase(), leaseMs: 1_500 };
    const folders = ['a', 'b', 'c'].map((name) => join(root, name));
    for (const folder of folders) await mkdir(folder);
    const [first = '', second = '', third = ''] = folders;
    const servers: KillableServer[] = [
      await startKillableServer(first, 'jobs.submitAll', jobsOf(notes), options),
      await startKillableServer(second, 'serve', {}, options),
    ];
    for (let round = 0; round < 3; round++) {
      await moment();
      await servers[round % 2]?.kill();
      servers[round % 2] = await startKillableServer(folders[round % 2] ?? '', 'serve', {}, options);
    }
    await moment();
    for (const server of servers) await server.kill();
    const platform = await createTestPlatform({ dataFolder: third, ...options });
    onTestFinished(() => platform.close());
    await expectEach(platform, notes);
  },
  200_000,
);

/** Servers find the schema by themselves, so a database of the test's own. */
async function createDatabase(): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(`create database ${name}`);
  onTestFinished(async () => {
    await client.query(`drop database ${name} with (force)`);
    await client.end();
  });
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}

import { spawnSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandJob, Job } from '@tidemill/contract';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { callerIn, textOf } from '../../testing/data-wing.ts';
import { createTestPlatform, owner } from '../../testing/platform.ts';
import { isAlive } from '../../testing/process-state.ts';
import { createTempDir, tempDir } from '../../testing/temp-dir.ts';
import {
  buildTrainingCsv,
  commitCsv,
  createTrainingWing,
  isEnded,
  type TrainingWing,
  until,
} from '../../testing/training-wing.ts';

const caller = callerIn('hostile');
let wing: TrainingWing;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const folder = await createTempDir();
  const database = await openSqlite({ file: join(folder.path, 'tidemill.db'), durability: 'process' });
  wing = await createTrainingWing(database);
  closing.push(
    () => wing.close(),
    () => database.close(),
    () => folder.remove(),
  );
});
afterAll(async () => {
  for (const close of closing) await close();
});

const run = async (script: string, change: Partial<CommandJob> = {}): Promise<Job> => {
  const spec = { experiment: 'hostile', command: ['sh', '-c', script], resources: { cpu: 0.1 }, ...change };
  const { id } = await wing.jobs.submitCommand(spec, caller);
  return until(wing.jobs, id, caller, isEnded);
};
const said = async ({ id }: Job, offset = 0) =>
  textOf((await wing.jobs.logs({ id, offset }, caller)).content);
const artifactsOf = async ({ runId }: Job) =>
  (await wing.experiments.artifactFiles(runId ?? '', '', caller.workspace))
    .map(({ path }) => path)
    .filter((path) => !path.startsWith('tidemill/'));

test('a command that takes away its folder of outputs has none', async () => {
  const ended = await run('rm -rf outputs checkpoints inputs params.json');
  expect(ended).toMatchObject({ state: 'succeeded', error: null });
});

test('a working folder that is gone is named as the cause', async () => {
  const ended = await run('true', { workingDirectory: '/no/such/folder' });
  expect(ended.error).toMatch(/folder '\/no\/such\/folder' .*not there/);
  const file = await run('true', { workingDirectory: '/etc/passwd' });
  expect(file.error).toMatch(/'\/etc\/passwd' is no folder/);
});

test('output files with names that no artifact can have are left out, and the log says so', async () => {
  const script = `cd outputs; echo 1 > good; echo 2 > "$(printf 'a\\nb')"; echo 3 > 'c#d'; echo 4 > 'e\\f'
    echo 5 > "$(printf 'g\\377h')"; echo 6 > 'C:x'; echo 7 > '%2e%2e'; mkdir -- '-x'; echo 8 > '-x/ü €'`;
  const ended = await run(script);
  expect(ended).toMatchObject({ state: 'succeeded', error: null });
  expect(await artifactsOf(ended)).toEqual(['-x/ü €', 'good']);
  const errors = await textOf((await wing.jobs.logs({ id: ended.id, stream: 'stderr' }, caller)).content);
  expect(errors).toMatch(/6 files of outputs.*'C:x'/);
});

test('whoever forks and leaves is ended with the command', async () => {
  const script = `setsid sh -c 'echo $$ > stray; exec sleep 300' & (sh -c 'echo $$ > child; exec sleep 300' &)
    while [ ! -s stray ] || [ ! -s child ]; do sleep 0.02; done; cp stray child outputs/`;
  const ended = await run(script);
  expect(ended.state).toBe('succeeded');
  const pids = await Promise.all(
    ['stray', 'child'].map(async (name) => Number(await readFile(join(wing.folder, 'jobs', ended.id, name)))),
  );
  await vi.waitUntil(() => !pids.some(isAlive), { timeout: 20_000 });
});

test('SIGTERM may be ignored and the output closed: it ends all the same', async () => {
  const script = `trap '' TERM; exec >&- 2>&-; echo $$ > pid; while :; do sleep 0.1; done`;
  const ended = await run(script, { timeoutSeconds: 0.3 });
  expect(ended).toMatchObject({ state: 'failed', error: expect.stringMatching(/longer than 0.3 seconds/) });
});

test('a program that is not there is named as the user wrote it', async () => {
  const { error } = await run('', { command: ['no-such-program', '--x'] });
  expect(error).toMatch(/^The command 'no-such-program --x' ended with exit code 127 .*not found/);
  expect(error).not.toContain(wing.folder);
});

test('an input that was deleted meanwhile is told by name', async () => {
  await commitCsv(wing, 'moment', buildTrainingCsv(20, 3, 900), caller);
  const blocker = { experiment: 'hostile', command: ['sleep', '60'], resources: { cpu: 2 } };
  const { id: first } = await wing.jobs.submitCommand(blocker, caller);
  const reader = { ...blocker, command: ['true'], inputs: ['moment@latest'] };
  const waiting = await wing.jobs.submitCommand(reader, caller);
  expect(waiting).toMatchObject({ state: 'queued', spec: { inputs: ['moment@1'] } });
  await wing.datasets.delete({ name: 'moment' }, caller);
  await wing.jobs.cancel({ id: first }, caller);
  const gone = await until(wing.jobs, waiting.id, caller, isEnded);
  expect(gone.error).toMatch(/input 'moment@1' was deleted after the job was submitted/);
});

test('exit code 137 says what it mostly means', async () => {
  expect((await run('exit 137')).error).toMatch(/137 \(killed by SIGKILL/);
});

test('garbage and a line without an end are kept as bytes, and quoted within bounds', async () => {
  const ended = await run(`head -c 300000 /dev/zero | tr '\\0' x >&2; head -c 5000 /dev/urandom; exit 1`);
  expect(ended.state).toBe('failed');
  expect(ended.error?.length).toBeLessThan(600);
  const size = (await stat(join(wing.folder, 'jobs', ended.id, 'stdout.log'))).size;
  expect(size).toBe(5000);
  const noisy = await run(`printf '\\377\\376\\000\\033[31mred\\a' >&2; exit 1`);
  expect(noisy.error).not.toMatch(/\p{Cc}/u);
  expect(noisy.error).toContain('red');
});

test('what is very long is shortened in its middle, which a line says', async () => {
  const ended = await run(`echo first; head -c 100000000 /dev/zero | tr '\\0' y; echo; echo last`);
  expect(ended.state).toBe('succeeded');
  const size = (await stat(join(wing.folder, 'jobs', ended.id, 'stdout.log'))).size;
  expect(size).toBeLessThan(70_000_000);
  const start = (await said(ended, 16 * 1_048_576)).slice(0, 100);
  expect(start).toMatch(/bytes are left out here/);
  expect((await said(ended, -5)).trim()).toBe('last');
}, 60_000);

test('many small files all become artifacts', async () => {
  const ended = await run('cd outputs; for i in $(seq 1000); do echo $i > f$i; done');
  expect(ended.state).toBe('succeeded');
  expect(await artifactsOf(ended)).toHaveLength(1000);
}, 60_000);

test('names of variables and parameters are only names', async () => {
  const parameters = JSON.parse('{"__proto__": 1, "constructor": "a", "a b/ü": true, "--x": null}');
  const environment = JSON.parse('{"MULTI": "one\\ntwo", "TIDEMILL_JOB_ID": "mine", "__proto__": "p"}');
  const script =
    'cat "$TIDEMILL_PARAMS"; printf %s "$MULTI" > outputs/multi; echo $TIDEMILL_JOB_ID > outputs/id';
  const ended = await run(script, { parameters, environment });
  expect(ended).toMatchObject({ error: null, state: 'succeeded' });
  expect(Object.entries(JSON.parse(await said(ended)).params)).toEqual(Object.entries(parameters));
  const [id, multi] = await wing.experiments.artifactFiles(ended.runId ?? '', '', caller.workspace);
  expect(Buffer.from(await wing.blobs.read(id?.sha256 ?? '')).toString()).toBe(`${ended.id}\n`);
  expect(Buffer.from(await wing.blobs.read(multi?.sha256 ?? '')).toString()).toBe('one\ntwo');
});

test.each([
  ['a variable with an equals sign', { environment: { 'A=B': 'x' } }],
  ['a variable without a name', { environment: { '': 'x' } }],
  ['a zero byte in a variable', { environment: { A: 'x\0y' } }],
  ['a parameter that no run can have', { parameters: { 'a\nb': 1 } }],
  ['a zero byte in the command', { command: ['true', 'x\0y'] }],
])('%s is refused at submission', async (_name, change) => {
  const before = (await wing.jobs.list({}, caller)).items.length;
  await expect(run('true', change)).rejects.toMatchObject({ status: 400 });
  expect((await wing.jobs.list({}, caller)).items).toHaveLength(before);
});

/** A small disk; only an administrator of the machine can make one. */
async function mountDisk(bytes: number): Promise<string | null> {
  const path = await tempDir();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
  if (status !== 0) return null;
  onTestFinished(() => void spawnSync('umount', ['-l', path]));
  return path;
}

test('a job that fills the disk fails, and takes nothing else with it', async ({ skip }) => {
  const dataFolder = await mountDisk(60_000_000);
  if (dataFolder === null) return skip('no disk can be mounted here');
  const platform = await createTestPlatform({ dataFolder });
  onTestFinished(() => platform.close());
  const { jobs } = platform.services;
  const runThere = async (script: string) => {
    const command = ['sh', '-c', script];
    const { id } = await jobs.submitCommand({ experiment: 'full', command }, owner);
    return until(jobs, id, owner, isEnded);
  };
  expect(await runThere('head -c 200000000 /dev/zero > checkpoints/epoch')).toMatchObject({
    state: 'failed',
    error: expect.stringMatching(/outputs and checkpoints were removed.*ended with exit code 1/),
  });
  expect(await runThere('head -c 200000000 /dev/zero > outputs/big')).toMatchObject({
    state: 'failed',
    error: expect.stringMatching(/The disk was full when it wrote/),
  });
  expect(await runThere('head -c 200000000 /dev/zero')).toMatchObject({ state: 'failed' });
  expect(await runThere('echo fine')).toMatchObject({ state: 'succeeded' });
}, 30_000);

test('values that are no numbers are kept, and a sweep says why such a trial failed', async () => {
  const { id } = await wing.sweeps.search(
    {
      experiment: 'hostile',
      space: { x: { type: 'float', low: 0, high: 1 } },
      goals: [{ metric: 'loss', direction: 'minimize' }],
      ...{ budget: { trials: 1 }, parallel: 1, pruner: { type: 'median' as const } },
      command: { command: ['sh', '-c', 'until [ -e outputs/go ]; do sleep 0.05; done'] },
    },
    caller,
  );
  const trial = await vi.waitUntil(
    async () => {
      const [first] = (await wing.sweeps.get({ id }, caller)).trials;
      const job = first?.jobId && (await wing.jobs.get({ id: first.jobId }, caller));
      return job && job.state === 'running' ? first : undefined;
    },
    { timeout: 20_000 },
  );
  for (const [step, value] of [0.5, Number.POSITIVE_INFINITY, Number.NaN].entries())
    await wing.experiments.logBatch({ id: trial.runId, metrics: [{ key: 'loss', value, step }] }, caller);
  const go = join(wing.folder, 'jobs', trial.jobId ?? '', 'outputs', 'go');
  await vi.waitUntil(
    () =>
      writeFile(go, '').then(
        () => true,
        () => false,
      ),
    { timeout: 20_000 },
  );
  const sweep = await vi.waitUntil(
    async () => {
      const found = await wing.sweeps.get({ id }, caller);
      return isEnded(found) ? found : undefined;
    },
    { timeout: 20_000 },
  );
  expect(sweep).toMatchObject({
    state: 'failed',
    error: expect.stringMatching(/its loss is NaN|not a number/),
  });
});

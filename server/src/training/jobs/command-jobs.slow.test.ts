import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandJob } from '@tidemill/contract';
import { afterEach, expect, test, vi } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { callerIn, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { isAlive } from '../../testing/process-state.ts';
import {
  buildTrainingCsv,
  commitCsv,
  createTrainingWing,
  isEnded,
  type TrainingWing,
  until,
} from '../../testing/training-wing.ts';

const shell = (script: string, change: Partial<CommandJob> = {}): CommandJob => ({
  experiment: 'commands',
  command: ['sh', '-c', script],
  ...change,
});

describeEachDatabase('command jobs', (open) => {
  let wing: TrainingWing;
  let seed = 100;
  afterEach(() => wing.close());

  async function prepare(workspace: string) {
    wing = await createTrainingWing(await open());
    return callerIn(workspace);
  }

  /** What the command left, without what is recorded beside it. */
  async function outputsOf(runId: string, caller: Caller) {
    const files = await wing.experiments.artifactFiles(runId, '', caller.workspace);
    return files.filter(({ path }) => !path.startsWith('tidemill/'));
  }

  const pidIn = (id: string, name = 'pid'): Promise<number> =>
    vi.waitUntil(
      async () =>
        Number(await readFile(join(wing.folder, 'jobs', id, name), 'utf8').catch(() => '')) || undefined,
      { timeout: 20_000 },
    );

  test('a command meets its inputs, its run and its environment, and leaves artifacts and logs', async () => {
    const caller = await prepare('meets');
    await commitCsv(wing, 'prices', buildTrainingCsv(20, 3, ++seed), caller);
    vi.stubEnv('TIDEMILL_DATABASE', 'postgres://secret');
    const script = `cat params.json; mkdir -p outputs/plots; cp inputs/*.parquet outputs/seen.parquet
      env > outputs/plots/env.txt; echo "so be it" >&2`;
    const { id, runId } = await wing.jobs.submitCommand(
      shell(script, { inputs: ['prices'], environment: { ROUNDS: '3' } }),
      caller,
    );
    const ended = await until(wing.jobs, id, caller, isEnded);
    vi.unstubAllEnvs();
    expect(ended).toMatchObject({ state: 'succeeded', spec: { inputs: ['prices@1'] }, error: null });

    const folder = join(wing.folder, 'jobs', id);
    const parameters = JSON.parse(await textOf((await wing.jobs.logs({ id }, caller)).content));
    expect(parameters).toEqual({
      ...{ job: id, run: runId, experiment: 'commands', outputs: join(folder, 'outputs') },
      ...{ seed: null, params: {}, checkpoints: join(folder, 'checkpoints') },
      inputs: { 'prices@1': join(folder, 'inputs', 'prices@1.parquet') },
    });
    expect(await textOf((await wing.jobs.logs({ id, stream: 'stderr' }, caller)).content)).toBe('so be it\n');
    const end = await wing.jobs.logs({ id, stream: 'stderr', offset: -3 }, caller);
    expect([end.size, await textOf(end.content)]).toEqual([3, 'it\n']);

    const run = await wing.experiments.getRun({ id: runId ?? '' }, caller);
    expect(run).toMatchObject({
      status: 'FINISHED',
      inputs: [{ name: 'prices', source: 'dataset:prices@1' }],
    });
    const files = await outputsOf(run.id, caller);
    expect(files.map(({ path }) => path)).toEqual(['plots/env.txt', 'seen.parquet']);
    const parquet = await wing.blobs.localPath(files[1]?.sha256 ?? '');
    expect((await wing.analytics.describeFile(parquet)).rows).toBe(20);

    const env = Object.fromEntries(
      Buffer.from(await wing.blobs.read(files[0]?.sha256 ?? ''))
        .toString()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    );
    expect(env).toMatchObject({ ROUNDS: '3', MLFLOW_RUN_ID: run.id, MLFLOW_EXPERIMENT_ID: run.experimentId });
    expect(env).toMatchObject({ TIDEMILL_URL: 'http://127.0.0.1:4600', TIDEMILL_JOB_FOLDER: folder });
    expect(env.MLFLOW_TRACKING_URI).toBe(env.TIDEMILL_URL);
    expect(env).not.toHaveProperty('TIDEMILL_DATABASE');
    // What was copied for the command does not stay; what it said does.
    expect([existsSync(join(folder, 'inputs')), existsSync(join(folder, 'stdout.log'))]).toEqual([
      false,
      true,
    ]);
  });

  test('a command that is over soon has its cost', async () => {
    const caller = await prepare('cost');
    const work = 'i=0; while [ $i -lt 800000 ]; do i=$((i+1)); done';
    const { id } = await wing.jobs.submitCommand(shell(work), caller);
    const { progress, state } = await until(wing.jobs, id, caller, isEnded);
    expect(state).toBe('succeeded');
    expect(progress.cpuSeconds).toBeGreaterThanOrEqual(0.02);
    expect(progress.peakMemoryBytes).toBeGreaterThan(0);
  });

  test.each([
    [
      'an exit code',
      shell('echo first >&2; echo "no such column" >&2; exit 3'),
      /exit code 3. It last said: no such column/,
    ],
    ['a signal', shell('kill -KILL $$'), /was ended by SIGKILL. It said nothing/],
    ['a missing program', shell('', { command: ['no-such-program', 'x'] }), /code 127.*not found/],
    ['a missing folder', shell('true', { workingDirectory: '/no/such' }), /could not be started/],
    [
      'a timeout',
      shell('echo begun; sleep 60', { timeoutSeconds: 0.2 }),
      /took longer than 0.2 seconds.*begun/,
    ],
  ])('%s fails the job with its cause', async (name, spec, message) => {
    const caller = await prepare(`fails-${name.replaceAll(' ', '-')}`);
    const { id, runId } = await wing.jobs.submitCommand(spec, caller);
    const ended = await until(wing.jobs, id, caller, isEnded);
    expect(ended).toMatchObject({ state: 'failed', attempt: 1, error: expect.stringMatching(message) });
    expect(await wing.experiments.getRun({ id: runId ?? '' }, caller)).toMatchObject({ status: 'FAILED' });
  });

  test('as many attempts as allowed, the log of all of them', async () => {
    const caller = await prepare('attempts');
    const script = 'echo try; test -e tried && exit 0; touch tried; echo half > outputs/part; exit 1';
    const { id, runId } = await wing.jobs.submitCommand(shell(script, { maximumAttempts: 2 }), caller);
    const ended = await until(wing.jobs, id, caller, isEnded);
    expect(ended).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(await textOf((await wing.jobs.logs({ id }, caller)).content)).toBe('try\ntry\n');
    const files = await outputsOf(runId ?? '', caller);
    expect(files.map(({ path }) => path)).toEqual(['part']);
  });

  const store = async (text: string) => (await wing.jobs.putFile({ content: Buffer.from(text) })).sha256;

  test('code, plain files, parameters and a seed are there, and the run says so', async () => {
    const caller = await prepare('code');
    const code = [
      {
        path: 'train.sh',
        sha256: await store('#!/bin/sh\n. lib/say.sh; say "$1"; cat "$TIDEMILL_PARAMS"'),
        executable: true,
      },
      { path: 'lib/say.sh', sha256: await store('say() { echo "$1 $PYTHONHASHSEED" >&2; }') },
    ];
    const files = [{ path: 'extra.csv', sha256: await store('a,b\n1,2\n') }];
    const diff = await store('--- a\n+++ b\n');
    const revision = {
      commit: 'a'.repeat(40),
      branch: 'main',
      repository: 'https://example.org/x.git',
      diff,
    };
    const { id, runId } = await wing.jobs.submitCommand(
      shell('', {
        command: ['./train.sh', 'hello'],
        code,
        files,
        revision,
        seed: 7,
        parameters: { lr: 0.1, act: 'relu', deep: true },
      }),
      caller,
    );
    expect(await until(wing.jobs, id, caller, isEnded)).toMatchObject({ state: 'succeeded', error: null });
    expect(await textOf((await wing.jobs.logs({ id, stream: 'stderr' }, caller)).content)).toBe('hello 7\n');
    const parameters = JSON.parse(await textOf((await wing.jobs.logs({ id }, caller)).content));
    expect(parameters).toMatchObject({
      ...{ seed: 7, params: { lr: 0.1, act: 'relu', deep: true } },
      inputs: { 'extra.csv': join(wing.folder, 'jobs', id, 'inputs', 'extra.csv') },
    });
    const run = await wing.experiments.getRun({ id: runId ?? '' }, caller);
    expect(run.parameters).toEqual({ lr: '0.1', act: 'relu', deep: 'true' });
    expect(run.tags).toMatchObject({
      ...{ 'mlflow.source.git.commit': 'a'.repeat(40), 'mlflow.source.git.branch': 'main' },
      ...{ 'tidemill.command': './train.sh hello', 'tidemill.seed': '7' },
    });
    const all = [...code, ...files].map(({ sha256 }) => sha256);
    expect((await wing.jobs.usedBlobs([...all, diff, '0'.repeat(64)])).sort()).toEqual([...all, diff].sort());
  });

  test.each([
    ['a file that is not stored', [{ path: 'a', sha256: 'f'.repeat(64) }], 'jobFileMissing'],
    ['a way out', [{ path: '../a', sha256: 'f'.repeat(64) }], 'jobFileInvalid'],
    ['an absolute path', [{ path: '/a', sha256: 'f'.repeat(64) }], 'jobFileInvalid'],
    [
      'a file that is a folder',
      ['a', 'a/b'].map((path) => ({ path, sha256: 'f'.repeat(64) })),
      'jobFileInvalid',
    ],
    ['a path twice', ['a', 'a'].map((path) => ({ path, sha256: 'f'.repeat(64) })), 'jobFileInvalid'],
  ])('%s is refused, and no run is left', async (name, code, refusal) => {
    const caller = await prepare(`refused-${name.replaceAll(' ', '-')}`);
    await expect(wing.jobs.submitCommand(shell('true', { code }), caller)).rejects.toMatchObject({
      code: refusal,
    });
    expect((await wing.jobs.list({}, caller)).items).toEqual([]);
  });

  test('what a failed attempt kept as a checkpoint is there in the next, and in a retry', async () => {
    const caller = await prepare('checkpoints');
    const script = 'cd checkpoints; ls | wc -l; touch "step-$(ls | wc -l)"; test $(ls | wc -l) -ge 3';
    const { id } = await wing.jobs.submitCommand(shell(script, { maximumAttempts: 2 }), caller);
    expect(await until(wing.jobs, id, caller, isEnded)).toMatchObject({ state: 'failed', attempt: 2 });
    const again = await wing.jobs.retry({ id }, caller);
    expect(await until(wing.jobs, again.id, caller, isEnded)).toMatchObject({
      state: 'succeeded',
      attempt: 1,
    });
    expect(again.runId).not.toBe((await wing.jobs.get({ id }, caller)).runId);
    expect(await textOf((await wing.jobs.logs({ id: again.id }, caller)).content)).toBe('2\n');
    await expect(wing.jobs.retry({ id: again.id }, caller)).rejects.toMatchObject({ code: 'jobNotRetried' });
  });

  test('jobs run as far as there is room, the more urgent first', async () => {
    const caller = await prepare('room');
    const order = join(wing.folder, 'order');
    const go = join(wing.folder, 'go');
    const wait = `echo $$ > pid; while [ ! -e ${go} ]; do sleep 0.05; done`;
    const full = await wing.jobs.submitCommand(shell(wait, { resources: { cpu: 2 } }), caller);
    await pidIn(full.id);
    const note = (name: string) => shell(`echo ${name} >> ${order}`, { resources: { cpu: 2 } });
    const late = await wing.jobs.submitCommand({ ...note('usual') }, caller);
    const soon = await wing.jobs.submitCommand({ ...note('urgent'), priority: 5 }, caller);
    expect(await wing.jobs.get(late, caller)).toMatchObject({ state: 'queued' });
    await writeFile(go, '');
    for (const { id } of [late, soon])
      expect(await until(wing.jobs, id, caller, isEnded)).toMatchObject({ state: 'succeeded' });
    expect(await readFile(order, 'utf8')).toBe('urgent\nusual\n');
  });

  test('who asks for more than there is, is told; graphics processors are dealt out', async () => {
    const caller = await prepare('needs');
    const submitting = wing.jobs.submitCommand(shell('true', { resources: { gpu: 2 } }), caller);
    await expect(submitting).rejects.toMatchObject({ code: 'jobTooLarge' });
    const { id } = await wing.jobs.submitCommand(
      shell('echo "on $CUDA_VISIBLE_DEVICES"', { resources: { gpu: 1 } }),
      caller,
    );
    expect(await until(wing.jobs, id, caller, isEnded)).toMatchObject({ state: 'succeeded' });
    expect(await textOf((await wing.jobs.logs({ id }, caller)).content)).toBe('on 0\n');
  });

  test('memory is a hard limit, and the job says what it took', async () => {
    const caller = await prepare('memory');
    const hungry = `${process.execPath} -e "const a = []; setInterval(() => a.push(Buffer.alloc(2e7, 1)), 20)" & wait`;
    const { id, runId } = await wing.jobs.submitCommand(
      shell(hungry, { resources: { memoryBytes: 300_000_000 } }),
      caller,
    );
    const ended = await until(wing.jobs, id, caller, isEnded);
    expect(ended).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/killed, as it took 0\.\d\d GiB of memory and may take 0\.28 GiB/),
    });
    expect(await wing.experiments.getRun({ id: runId ?? '' }, caller)).toMatchObject({ status: 'FAILED' });
  });

  test('a job leaves a curve of what it takes', async () => {
    const caller = await prepare('usage');
    const { id, runId } = await wing.jobs.submitCommand(shell('sleep 1.6'), caller);
    const ended = await until(wing.jobs, id, caller, isEnded);
    expect(ended.progress.peakMemoryBytes).toBeGreaterThan(100_000);
    const { items } = await wing.experiments.metricHistory(
      { id: runId ?? '', key: 'system/job_memory_megabytes' },
      caller,
    );
    expect(items[0]?.value).toBeGreaterThan(0.1);
  });

  test('output is read from where the last look ended, or only its end', async () => {
    const caller = await prepare('offsets');
    const { id } = await wing.jobs.submitCommand(shell('printf 0123456789'), caller);
    await until(wing.jobs, id, caller, isEnded);
    const from = async (offset: number) => textOf((await wing.jobs.logs({ id, offset }, caller)).content);
    expect(await Promise.all([0, 4, 10, 99, -3, -99].map(from))).toEqual([
      ...['0123456789', '456789', '', '', '789', '0123456789'],
    ]);
  });

  test('cancelling ends the whole tree', async () => {
    const caller = await prepare('cancel');
    const { id, runId } = await wing.jobs.submitCommand(
      shell('echo $$ > pid; (sh -c "echo \\$\\$ > child; sleep 60") & wait'),
      caller,
    );
    const pids = [await pidIn(id), await pidIn(id, 'child')];
    expect(pids.map(isAlive)).toEqual([true, true]);
    await wing.jobs.cancel({ id }, caller);
    await vi.waitUntil(() => !pids.some(isAlive), { timeout: 20_000 });
    expect(await wing.experiments.getRun({ id: runId ?? '' }, caller)).toMatchObject({ status: 'KILLED' });
    expect(await wing.jobs.get({ id }, caller)).toMatchObject({ state: 'cancelled' });
  });

  test('an unknown input is refused at submission; a learner has no output', async () => {
    const caller = await prepare('unknown');
    const submitting = wing.jobs.submitCommand(shell('true', { inputs: ['nothing@2'] }), caller);
    await expect(submitting).rejects.toMatchObject({ code: 'datasetNotFound' });
    await expect(wing.jobs.logs({ id: 'job_0' }, caller)).rejects.toMatchObject({ code: 'jobNotFound' });
  });

  test('links in outputs are not followed', async () => {
    const caller = await prepare('links');
    const script = 'ln -s /etc/passwd outputs/passwd; ln -s /etc outputs/etc; echo ok > outputs/ok';
    const { id, runId } = await wing.jobs.submitCommand(shell(script), caller);
    expect(await until(wing.jobs, id, caller, isEnded)).toMatchObject({ state: 'succeeded' });
    const files = await outputsOf(runId ?? '', caller);
    expect(files.map(({ path }) => path)).toEqual(['ok']);
  });
});

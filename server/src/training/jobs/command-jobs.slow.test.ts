import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandJob } from '@tidemill/contract';
import { afterEach, expect, test, vi } from 'vitest';
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
      inputs: { 'prices@1': join(folder, 'inputs', 'prices@1.parquet') },
    });
    expect(await textOf((await wing.jobs.logs({ id, stream: 'stderr' }, caller)).content)).toBe('so be it\n');

    const run = await wing.experiments.getRun({ id: runId ?? '' }, caller);
    expect(run).toMatchObject({
      status: 'FINISHED',
      inputs: [{ name: 'prices', source: 'dataset:prices@1' }],
    });
    const files = await wing.experiments.artifactFiles(run.id, '', caller.workspace);
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
    const files = await wing.experiments.artifactFiles(runId ?? '', '', caller.workspace);
    expect(files.map(({ path }) => path)).toEqual(['part']);
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
    await vi.waitUntil(() => !pids.some(isAlive), { timeout: 10_000 });
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
    const files = await wing.experiments.artifactFiles(runId ?? '', '', caller.workspace);
    expect(files.map(({ path }) => path)).toEqual(['ok']);
  });
});

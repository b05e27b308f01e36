import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CommandJob } from '@tidemill/contract';
import { afterEach, expect, test, vi } from 'vitest';
import { listMarked } from '../../adapters/executor/process-tree.ts';
import { callerIn, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { onlyWheelsOf, writeWheel } from '../../testing/tiny-wheel.ts';
import { createTrainingWing, isEnded, type TrainingWing, until } from '../../testing/training-wing.ts';

/** Making an environment by Python alone takes seconds, on a busy machine many. */
const patience = 120_000;

describeEachDatabase('environments of commands', (open) => {
  let wing: TrainingWing;
  afterEach(() => wing.close());

  async function prepare(workspace: string) {
    wing = await createTrainingWing(await open());
    await writeWheel(wing.folder, 'tiny', '1.0');
    return callerIn(workspace);
  }

  async function toJob(files: Record<string, string>, change: Partial<CommandJob> = {}): Promise<CommandJob> {
    const code = [];
    for (const [path, text] of Object.entries(files))
      code.push({ path, sha256: (await wing.jobs.putFile({ content: Buffer.from(text) })).sha256 });
    const environment = onlyWheelsOf(wing.folder);
    return { experiment: 'environments', command: ['python3', 'train.py'], code, environment, ...change };
  }

  const say = 'import os, sys, tiny; print(tiny.version, sys.prefix == os.environ["VIRTUAL_ENV"])';

  test('a command finds what its code asks for; what cannot be had is told', {
    timeout: patience,
  }, async () => {
    const caller = await prepare('asks');
    const files = { 'train.py': say, 'requirements.txt': 'tiny\n', 'more.txt': 'tiny==1.0\nnone-such==3\n' };
    const endOf = async (job: CommandJob) => {
      const { id } = await wing.jobs.submitCommand(job, caller);
      return until(wing.jobs, id, caller, isEnded, patience);
    };
    const ended = await endOf(await toJob(files));
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    const logs = async (stream: 'stdout' | 'stderr') =>
      textOf((await wing.jobs.logs({ id: ended.id, stream }, caller)).content);
    expect(await logs('stdout')).toBe('1.0 True\n');
    expect(await logs('stderr')).toMatch(/tiny-1\.0|tiny==1\.0/);

    expect(await endOf(await toJob(files, { dependencies: 'more.txt' }))).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/'more\.txt' asks for could not be made.*none-such/s),
    });
    expect(await endOf(await toJob(files, { dependencies: 'none' }))).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/No module named 'tiny'/),
    });
    const unknown = wing.jobs.submitCommand(await toJob(files, { dependencies: 'x.txt' }), caller);
    await expect(unknown).rejects.toMatchObject({ code: 'environmentFileInvalid' });
  });

  test('a build ends with its job: in time, or when it is cancelled', { timeout: patience }, async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const caller = await prepare('ends');
    const links = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const job = await toJob(
      { 'train.py': say, 'requirements.txt': 'tiny\n' },
      { environment: { PIP_NO_INDEX: '1', PIP_FIND_LINKS: links, UV_FIND_LINKS: links } },
    );
    const { id } = await wing.jobs.submitCommand(job, caller);
    const building = await until(wing.jobs, id, caller, ({ progress }) => 'environment' in progress);
    expect(building.progress.environment).toMatch(/^requirements\.txt, by (?:uv|pip)$/);
    const processes = () => listMarked(`TIDEMILL_JOB_ID=${id}`);
    await vi.waitUntil(async () => (await processes()).length > 0, { timeout: 20_000 });
    await wing.jobs.cancel({ id }, caller);
    await vi.waitUntil(async () => (await processes()).length === 0, { timeout: 20_000 });

    const short = await wing.jobs.submitCommand({ ...job, timeoutSeconds: 0.5 }, caller);
    expect(await until(wing.jobs, short.id, caller, isEnded)).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/took longer than 0\.5 seconds/),
    });
    silent.closeAllConnections();
    silent.close();
  });
});

import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, type } from 'node:os';
import { join } from 'node:path';
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
    expect(ended.progress.environment).toMatch(
      /^CPython 3\.\S+, \d packages, from requirements\.txt by (uv|pip)$/,
    );

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

  test('what a command ran in is kept with its run, and found out again when it changed', {
    timeout: patience,
  }, async () => {
    const caller = await prepare('kept');
    const packages = join(wing.folder, 'packages');
    const install = async (name: string, version: string) => {
      const info = join(packages, `${name}-${version}.dist-info`);
      await mkdir(info, { recursive: true });
      await writeFile(join(info, 'METADATA'), `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`);
    };
    const diff = (await wing.jobs.putFile({ content: Buffer.from('--- a\n+++ b\n') })).sha256;
    const job = await toJob(
      { 'train.py': 'print(1)', 'json.py': 'raise SystemExit(3)' },
      { environment: { PYTHONPATH: packages }, revision: { commit: 'a'.repeat(40), diff } },
    );
    const filesOf = async () => {
      const { id, runId } = await wing.jobs.submitCommand(job, caller);
      expect(await until(wing.jobs, id, caller, isEnded, patience)).toMatchObject({ state: 'succeeded' });
      const files = await wing.experiments.artifactFiles(runId ?? '', 'tidemill', caller.workspace);
      expect(files.map(({ path }) => path)).toEqual([
        ...['tidemill/code.diff', 'tidemill/environment.json', 'tidemill/requirements.lock'],
      ]);
      return Promise.all(
        files.map(async ({ sha256 }) => Buffer.from(await wing.blobs.read(sha256)).toString()),
      );
    };
    await install('first', '1.5');
    const [difference, environment, lock] = await filesOf();
    expect(difference).toBe('--- a\n+++ b\n');
    expect(JSON.parse(environment ?? '')).toMatchObject({
      python: { implementation: 'CPython', version: expect.stringMatching(/^3\./) },
      ...{ madeFrom: null, system: { name: type() }, cpu: { cores: cpus().length } },
    });
    expect(lock).toMatch(/^first==1\.5$/m);
    expect(await filesOf()).toEqual([difference, environment, lock]);
    await install('second', '0.1');
    const [, , later] = await filesOf();
    expect(later).toMatch(/^second==0\.1$/m);
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

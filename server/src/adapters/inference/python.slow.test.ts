import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { readSavedModel, savePythonModels } from '../../testing/python-models.ts';
import { createTempDir } from '../../testing/temp-dir.ts';
import { localExecutor } from '../executor/local.ts';
import { listMarked } from '../executor/process-tree.ts';
import { localEnvironments } from '../python-environments/local.ts';
import type { Runtime } from './inference.ts';
import { describeRuntime } from './inference-suite.ts';
import { createPythonRuntimes, type PythonOptions } from './python.ts';

const python = process.env.TIDEMILL_TEST_PYTHON ?? '';
if (python === '')
  console.warn('SKIPPED: models of Python. npm test makes their environment; see CONTRIBUTING.md.');
const temp = await createTempDir();
const saved = join(temp.path, 'saved');
const patience = 120_000;
vi.setConfig({ testTimeout: patience, hookTimeout: patience });

const build = (change: Partial<PythonOptions> = {}) =>
  createPythonRuntimes({
    executor: localExecutor(),
    environments: localEnvironments({ folder: join(temp.path, 'environments') }),
    environment: { PATH: process.env.PATH ?? '', HOME: temp.path },
    buildEnvironment: { PIP_NO_INDEX: '1', UV_OFFLINE: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    folder: join(temp.path, 'models'),
    python,
    ...change,
  });
const shared = build();
const odd = () => readSavedModel(join(saved, 'odd'), ['deed']);
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const deed = (runtime: Runtime, kind: number, rows = 1) =>
  runtime.predict(new Float32Array(rows).fill(kind), rows, 1);

describe.skipIf(python === '')('models of Python', () => {
  beforeAll(async () => {
    await mkdir(saved);
    await savePythonModels(python, saved);
  });
  afterAll(async () => {
    await shared.close();
    await temp.remove();
  });

  describeRuntime('python', () => shared.open(readSavedModel(join(saved, 'exact'), ['a', 'b'])));

  it('answer as scikit-learn does: columns of each type, probabilities, arrays', async () => {
    const expected = JSON.parse(await readFile(join(saved, 'expected.json'), 'utf8')) as {
      columns: Record<string, number[]>;
      probabilities: number[][];
    };
    const names = Object.keys(expected.columns);
    const columns = new Map(names.map((name) => [name, Float64Array.from(expected.columns[name] ?? [])]));
    const runtime = await shared.open(readSavedModel(join(saved, 'houses'), names));
    const rows = expected.probabilities.length;
    const outputs = await runtime.predictTable?.(columns, rows);
    expect(outputs?.names).toEqual(['0', '1']);
    const given = expected.probabilities.map((_, row) => outputs?.columns.map((column) => column[row]));
    expect(given).toEqual(expected.probabilities);
    columns.set('rooms', new Float64Array(rows).fill(2.5));
    await expect(runtime.predictTable?.(columns, rows)).rejects.toMatchObject({
      code: 'modelInputInvalid',
      message: expect.stringContaining("'rooms' must hold int64"),
    });
    await runtime.close();
    const array = await shared.open(readSavedModel(join(saved, 'array'), ['']));
    expect([...(await array.predict(Float32Array.of(90, 5, 1, 5, 1, 9), 2, 3))]).toEqual([1, 0]);
    await array.close();
  });

  it('tell their own exceptions, and go on after whatever they do', async () => {
    const runtime = await shared.open(odd());
    const { pid } = runtime.describe();
    await expect(deed(runtime, 1)).rejects.toMatchObject({
      code: 'modelRaised',
      details: {
        type: 'ValueError',
        message: 'no such street',
        frames: expect.stringMatching(/(?:dynamic-code>|python_models\.py):\d+ in predict$/),
      },
    });
    expect([...(await deed(runtime, 2, 2))]).toEqual([20, 20]);
    expect([...(await deed(runtime, 5))]).toEqual([Number.NaN]);
    await expect(deed(runtime, 6, 3)).rejects.toThrow('answered with 4 predictions for 3 rows');
    await expect(deed(runtime, 7)).rejects.toThrow("text such as 'dog'");
    await expect(deed(runtime, 8)).rejects.toMatchObject({
      code: 'modelRaised',
      details: { type: 'SystemExit' },
    });
    expect([...(await deed(runtime, 9, 2))]).toEqual([1, 2, 1, 2]);
    await expect(deed(runtime, 10)).rejects.toMatchObject({ code: 'modelOutputInvalid' });
    const many = Array.from({ length: 50 }, (_, i) => deed(runtime, 20 + i));
    expect((await Promise.all(many)).map(([value]) => value)).toEqual(many.map((_, i) => 10 * (20 + i)));
    expect(runtime.describe()).toMatchObject({ state: 'ready', restarts: 0, pid });
    await runtime.close();
  });

  it('come back when killed, stuck or out of memory, and take with them what they started', async () => {
    const own = build({ memoryBytes: 700 * 1024 ** 2, requestMs: 8000, maxWaiting: 2 });
    onTestFinished(() => own.close());
    const runtime = await own.open(odd());
    const ready = () => vi.waitUntil(() => runtime.describe().state === 'ready', { timeout: 60_000 });
    const { pid = 0 } = runtime.describe();
    const mark =
      (await readFile(`/proc/${pid}/environ`, 'utf8'))
        .split('\0')
        .find((line) => line.startsWith('TIDEMILL_WORKER=')) ?? '';
    const killed = deed(runtime, 4);
    const next = deed(runtime, 20);
    const stop = new AbortController();
    const aborted = runtime.predict(Float32Array.of(20), 1, 1, stop.signal);
    await expect(deed(runtime, 20)).rejects.toThrow('2 predictions wait for it');
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'computeCancelled' });
    // The worker, its guardian, and the child that left the group.
    await vi.waitUntil(async () => (await listMarked(mark)).length === 3, { timeout: 20_000 });
    process.kill(pid, 'SIGKILL');
    await expect(killed).rejects.toThrow('SIGKILL');
    await expect(next).rejects.toMatchObject({ code: 'runtimeUnavailable' });
    await vi.waitUntil(async () => (await listMarked(mark)).length === 0, { timeout: 20_000 });
    await ready();
    await expect(deed(runtime, 3)).rejects.toThrow('more than 700 MiB of memory');
    await ready();
    await expect(deed(runtime, 4)).rejects.toThrow('it took longer than 8 seconds for 1 rows');
    await ready();
    expect([...(await deed(runtime, 20))]).toEqual([200]);
    expect(runtime.describe()).toMatchObject({ restarts: 3, lastEnd: expect.stringContaining('8 seconds') });
    await runtime.close();
  });

  it('answer side by side; one that leaks, dies or loops takes nothing from the others', async () => {
    const own = build({ memoryBytes: 700 * 1024 ** 2, requestMs: 60_000 });
    onTestFinished(() => own.close());
    const runtime = await own.open({ ...odd(), workers: 2 });
    const other = await own.open(readSavedModel(join(saved, 'exact'), ['a', 'b']));
    const { pid } = other.describe();
    expect(runtime.describe()).toMatchObject({ state: 'ready', workers: { ready: 2, of: 2 } });
    // One leaks; the second worker has less to do, and answers all the others meanwhile.
    const leaking = deed(runtime, 3);
    leaking.catch(() => undefined);
    for (let i = 20; i < 40; i += 1) expect([...(await deed(runtime, i))]).toEqual([10 * i]);
    await expect(leaking).rejects.toThrow('more than 700 MiB of memory');
    expect(runtime.describe()).toMatchObject({
      ...{ state: 'ready', workers: { ready: 1, of: 2 } },
      lastEnd: expect.stringContaining('700 MiB'),
    });
    expect([...(await deed(runtime, 20))]).toEqual([200]);
    // `os._exit` in the middle of a request, by the only one that is there.
    await expect(deed(runtime, 11)).rejects.toThrow('exit code 7');
    await vi.waitUntil(() => runtime.describe().workers?.ready === 2, { timeout: 60_000 });
    // A child that lives on, holding what it inherited.
    expect([...(await deed(runtime, 12))]).toEqual([120]);
    expect([...(await other.predict(Float32Array.of(1, 1), 1, 2))]).toEqual([6]);
    expect(other.describe()).toMatchObject({ restarts: 0, pid });
    await Promise.all([runtime.close(), other.close()]);
  });

  it('end when nobody wants them any more, and when the server is killed', async () => {
    const own = build({ idleMs: 50 });
    const runtime = await own.open(readSavedModel(join(saved, 'exact'), ['a', 'b']));
    const { pid = 0 } = runtime.describe();
    await runtime.close();
    await vi.waitUntil(() => !isAlive(pid), { timeout: 20_000 });
    const holder = spawn(process.execPath, [
      join(import.meta.dirname, '../../testing/python-holder.ts'),
      ...[saved, 'odd', python],
    ]);
    const [first] = (await once(holder.stdout, 'data')) as [Buffer];
    const held = Number(first.toString());
    expect(isAlive(held)).toBe(true);
    holder.kill('SIGKILL');
    await vi.waitUntil(() => !isAlive(held), { timeout: 20_000 });
  });

  it('are not run when their folder is not what was registered', async () => {
    const source = readSavedModel(join(saved, 'exact'), ['a', 'b']);
    const own = build({ folder: join(temp.path, 'tampered') });
    onTestFinished(() => own.close());
    await (await own.open(source)).close();
    await own.close();
    const stray = join(temp.path, 'tampered', source.digest, 'sklearn.py');
    await writeFile(stray, 'raise SystemExit');
    await expect(own.open(source)).rejects.toThrow("'sklearn.py'");
    await rm(stray);
    await appendFile(join(temp.path, 'tampered', source.digest, 'python_model.pkl'), 'x');
    await expect(own.open(source)).rejects.toMatchObject({ code: 'modelFolderTampered' });
  });

  it('say why they cannot be loaded, and why their environment cannot be made', async () => {
    const broken = readSavedModel(join(saved, 'houses'), ['a']);
    const without = {
      ...broken,
      digest: 'without',
      files: broken.files.filter(({ path }) => path !== 'model.pkl'),
    };
    await expect(shared.open(without)).rejects.toMatchObject({
      code: 'modelUnreadable',
      message: expect.stringContaining('model.pkl'),
    });
    const own = build({ python: null });
    onTestFinished(() => own.close());
    const asks = async (name: string, files: Record<string, string>) => {
      const folder = join(temp.path, name);
      await mkdir(folder);
      for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
      return own.open(readSavedModel(folder, ['a']));
    };
    await expect(asks('nothing', { MLmodel: '' })).rejects.toThrow(
      'neither requirements.txt nor python_env.yaml',
    );
    await expect(
      asks('older', { 'requirements.txt': 'mlflow', 'python_env.yaml': 'python: 3.2.1' }),
    ).rejects.toThrow(/Python 3\.2(?:\.1)? is wanted|3\.2/);
    const conda = 'dependencies:\n- pip\n- no-such-package-of-ours=1.0\n- pip:\n  - mlflow\n';
    const refused = asks('unknown', { 'conda.yaml': conda });
    await expect(refused).rejects.toMatchObject({ code: 'modelEnvironmentNotBuilt' });
    await expect(refused).rejects.toThrow(
      /'conda\.yaml' of the model unknown@1(?:.|\n)*no-such-package-of-ours==1\.0/,
    );
    await expect(refused).rejects.not.toThrow('Traceback');
  });
});

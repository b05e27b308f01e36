import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { textOf } from '../../../testing/data-wing.ts';
import { createTestPlatform } from '../../../testing/platform.ts';
import { createTempDir } from '../../../testing/temp-dir.ts';
import { isEnded, until } from '../../../testing/training-wing.ts';
import { commandFolder } from './folder.ts';
import { notebookOf, notebookPackages, runNotebook } from './notebook.ts';

const call = promisify(execFile);
const temp = await createTempDir();
afterAll(() => temp.remove());
const folder = commandFolder(temp.path, 'job');
await mkdir(folder.code, { recursive: true });

/** `bin` of a Python with what runs notebooks; null where the packages are not to be had. */
async function createPython(packages: readonly string[]): Promise<string | null> {
  const path = join(temp.path, packages.join('-') || 'bare');
  const bin = join(path, 'bin');
  if (packages.length === 0) await call('python3', ['-m', 'venv', '--without-pip', path]);
  else await call('python3', ['-m', 'venv', path]);
  if (packages.length === 0) return bin;
  const install = ['-m', 'pip', 'install', '-q', ...packages];
  return call(join(bin, 'python'), install).then(
    () => bin,
    () => null,
  );
}

const patience = 200_000;
const python = await createPython(notebookPackages);

const cell = (source: string, tags: readonly string[] = []) => ({
  ...{ cell_type: 'code', execution_count: null, metadata: { tags }, outputs: [], source },
});

async function run(bin: string, path: string, cells: object[] | null, params: Record<string, unknown>) {
  const kernelspec = { name: 'of-its-author', language: 'python', display_name: 'any' };
  const notebook = { cells: cells ?? undefined, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 4 };
  await mkdir(dirname(join(folder.code, path)), { recursive: true });
  await writeFile(join(folder.code, path), JSON.stringify(notebook));
  await writeFile(folder.parameters, JSON.stringify({ params }));
  const [program = '', ...args] = await runNotebook(path, folder);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, TIDEMILL_PARAMS: folder.parameters };
  const result = await call(program, args, { cwd: folder.code, env }).catch((error) => error);
  return { code: result.code ?? 0, stdout: String(result.stdout), stderr: String(result.stderr).trim() };
}

const copyOf = async (path: string) => JSON.parse(await readFile(join(folder.outputs, path), 'utf8'));

test('a command of one word that ends in .ipynb is a notebook', () => {
  expect(notebookOf({ command: ['a/b.ipynb'] })).toBe('a/b.ipynb');
  expect(notebookOf({ command: ['jupyter', 'b.ipynb'] })).toBeNull();
});

test.skipIf(!python)(
  'it runs in its folder with the parameters that were given',
  { timeout: patience },
  async () => {
    const cells = [
      cell('rate = 1\nname = "x"', ['parameters']),
      cell('import os\nprint(rate, name, os.getcwd())'),
    ];
    const ended = await run(python ?? '', 'sub/analysis.ipynb', cells, { rate: 0.5 });
    expect(ended).toMatchObject({ code: 0, stdout: `0.5 x ${join(folder.code, 'sub')}\n` });
    const copy = await copyOf('sub/analysis.ipynb');
    expect(copy.cells.map(({ metadata }: { metadata: { tags: string[] } }) => metadata.tags)).toEqual([
      ...[['parameters'], ['injected-parameters'], []],
    ]);
    expect(copy.cells[2].outputs).toMatchObject([{ name: 'stdout' }]);
  },
);

test.skipIf(!python)('a cell that fails is named, and the copy is kept', { timeout: patience }, async () => {
  const ended = await run(python ?? '', 'fails.ipynb', [cell('x = 1'), cell('\nx / 0'), cell('x')], {});
  expect(ended.code).toBe(1);
  expect(ended.stderr.split('\n').at(-1)).toBe(
    "Cell 2 ('x / 0') failed: ZeroDivisionError: division by zero",
  );
  expect((await copyOf('fails.ipynb')).cells[1].outputs).toMatchObject([{ ename: 'ZeroDivisionError' }]);
});

test.skipIf(!python)('what cannot be run is told in a line', { timeout: patience }, async () => {
  expect((await run(python ?? '', 'no.ipynb', null, {})).stderr).toMatch(/^no\.ipynb is no notebook: .*$/);
  expect((await run(python ?? '', 'n.ipynb', [], { 'a-b': 1 })).stderr).toMatch(
    /'a-b' cannot name a variable/,
  );
});

test('where nothing runs notebooks, it says what to install', { timeout: patience }, async () => {
  const bare = await createPython([]);
  const ended = await run(bare ?? '', 'a.ipynb', [], {});
  expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/pip install nbclient ipykernel/) });
});

test.skipIf(python === null)(
  'run as a job where tokens are asked for, it has one, which the copy and the log do not show',
  async () => {
    const platform = await createTestPlatform({ host: '0.0.0.0' });
    onTestFinished(() => platform.close());
    const { jobs, experiments } = platform.services;
    const place = join(temp.path, 'as-a-job');
    await mkdir(place);
    const code =
      'import os\nfor name in ("TIDEMILL_TOKEN", "MLFLOW_TRACKING_TOKEN"):\n    print(name, len(os.environ[name]), os.environ[name])';
    const text = JSON.stringify({ cells: [cell(code)], metadata: {}, nbformat: 4, nbformat_minor: 4 });
    await writeFile(join(place, 'tells.ipynb'), text);
    const { id, runId } = await jobs.submitCommand(
      {
        ...{ experiment: 'notebooks', command: ['tells.ipynb'], workingDirectory: place },
        environment: { VIRTUAL_ENV: dirname(python ?? '') },
      },
      platform.caller,
    );
    const ended = await until(jobs, id, platform.caller, isEnded, patience);
    expect([ended.state, ended.error]).toEqual(['succeeded', null]);
    const shown = `51 tdm_${'*'.repeat(47)}\n`;
    const told = [`TIDEMILL_TOKEN ${shown}`, `MLFLOW_TRACKING_TOKEN ${shown}`];
    expect(await textOf((await jobs.logs({ id }, platform.caller)).content)).toBe(told.join(''));
    const copy = await experiments.findArtifactText(runId ?? '', 'tells.ipynb', 'default');
    expect(JSON.parse(copy ?? '').cells[0].outputs[0].text.join('')).toBe(told.join(''));
  },
  patience,
);

import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { createTempDir } from '../../testing/temp-dir.ts';
import { onlyWheelsOf, writeWheel } from '../../testing/tiny-wheel.ts';
import { localEnvironments } from './local.ts';
import { findProgram } from './programs.ts';
import type { BuildStep, EnvironmentRequest, PythonEnvironment } from './python-environments.ts';

const call = promisify(execFile);
const temp = await createTempDir();
afterAll(() => temp.remove());

const own = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
const forPip = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('PIP_')));
const wheels = join(temp.path, 'wheels');
await mkdir(wheels);
for (const version of ['1.0', '2.0']) await writeWheel(wheels, 'tiny', version);

const runStep = async ({ command, cwd, env }: BuildStep): Promise<void> => {
  const [program = '', ...args] = command;
  await call(program, args, { cwd, env: { ...env } });
};

/** A PATH with Python and nothing else, so that whether there is a `uv` is ours to say. */
const bare = join(temp.path, 'bare');
await mkdir(bare);
const python = (await call('python3', ['-c', 'import sys; print(sys.executable)'])).stdout.trim();
await symlink(python, join(bare, 'python3'));

const uv = await findUv();
const tools = [
  { tool: 'pip', PATH: bare },
  { tool: 'uv', PATH: [dirname(uv ?? ''), bare].join(delimiter) },
] as const;

/** The one of this machine, or one that pip brings; null where neither is to be had. */
async function findUv(): Promise<string | null> {
  const found = await findProgram(['uv'], own);
  if (found) return found;
  const folder = join(temp.path, 'uv');
  await call('python3', ['-m', 'venv', folder]);
  const install = ['-m', 'pip', 'install', '-q', 'uv'];
  return call(join(folder, 'bin', 'python'), install, { env: { ...own, ...forPip } }).then(
    () => join(folder, 'bin', 'uv'),
    () => null,
  );
}

let number = 0;
async function project(files: Record<string, string>): Promise<string> {
  const folder = join(temp.path, `project-${number++}`);
  await mkdir(folder);
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  return folder;
}

const environments = localEnvironments({ folder: join(temp.path, 'environments') });
const builds: string[] = [];
const request = (change: Partial<EnvironmentRequest> & { PATH: string }): EnvironmentRequest => {
  const { PATH, ...rest } = change;
  return {
    ...{ folder: '', file: 'requirements.txt', kind: 'requirements', extra: [], run: runStep },
    env: { ...own, PATH, ...onlyWheelsOf(wheels) },
    onBuild: async (by) => void builds.push(by),
    signal: new AbortController().signal,
    ...rest,
  };
};

const versionIn = async ({ folder }: PythonEnvironment): Promise<string> =>
  (await call(join(folder, 'bin', 'python'), ['-c', 'import tiny; print(tiny.version)'])).stdout.trim();

const script = `# /// script
# requires-python = ">=3.9"
# dependencies = ["tiny==1.0"]
# ///
import tiny
`;
const pyproject = (needs: string, python = '>=3.9') =>
  `[project]\nname = "app"\nversion = "1"\nrequires-python = "${python}"\ndependencies = ["${needs}"]\n`;

/** A new environment by Python alone takes seconds, and this machine may be busy. */
const patience = 150_000;

for (const { tool, PATH } of tools)
  test.skipIf(tool === 'uv' && !uv)(
    `${tool} makes one of each kind of file, once`,
    { timeout: patience },
    async () => {
      const folder = await project({
        'requirements.txt': '-r more.txt # others\n',
        'more.txt': 'tiny==1.0\n',
        'pyproject.toml': pyproject('tiny==2.0'),
        'train.py': script,
      });
      builds.length = 0;
      const listed = request({ folder, PATH });
      const [first, second] = await Promise.all([environments.ensure(listed), environments.ensure(listed)]);
      expect(second).toEqual(first);
      expect(await environments.ensure(listed)).toEqual({ ...first, tool });
      expect(builds).toEqual([tool]);
      expect(await versionIn(first)).toBe('1.0');
      const asScript = request({ folder, PATH, file: 'train.py', kind: 'script' });
      expect(await versionIn(await environments.ensure(asScript))).toBe('1.0');
      const asProject = request({ folder, PATH, file: 'pyproject.toml', kind: 'project' });
      expect(await versionIn(await environments.ensure(asProject))).toBe('2.0');
    },
  );

test.skipIf(!uv)('a lock is followed, whatever is newer, and more can be had beside it', async () => {
  const [, { PATH }] = tools;
  const folder = await project({ 'pyproject.toml': pyproject('tiny==1.0') });
  await runStep({
    command: [uv ?? '', 'lock'],
    cwd: folder,
    env: { ...own, PATH, ...onlyWheelsOf(wheels) },
  });
  await writeFile(join(folder, 'pyproject.toml'), pyproject('tiny'));
  await writeWheel(wheels, 'other', '1.0');
  const made = await environments.ensure(
    request({ folder, PATH, file: 'uv.lock', kind: 'lock', extra: ['other'] }),
  );
  expect(await versionIn(made)).toBe('1.0');
  await call(join(made.folder, 'bin', 'python'), ['-c', 'import other']);
});

/** The quicker one, where it makes no difference. */
const { PATH: quick } = tools[uv ? 1 : 0];

test('what the files name counts too: other lists, packages of the folder', {
  timeout: patience,
}, async () => {
  const folder = await project({
    'requirements.txt': '-r more.txt\n',
    'more.txt': '--requirement=last.txt',
    'last.txt': './tiny-1.0-py3-none-any.whl\n',
  });
  await writeWheel(folder, 'tiny', '1.0');
  const asked = request({ folder, PATH: quick });
  const first = await environments.ensure(asked);
  await rm(folder, { recursive: true });
  expect(await versionIn(first)).toBe('1.0');
  await mkdir(folder);
  await writeFile(join(folder, 'requirements.txt'), 'tiny==2.0');
  expect(await versionIn(await environments.ensure(asked))).toBe('2.0');
});

test('what a build that was killed left is not taken for an environment', { timeout: patience }, async () => {
  const folder = await project({ 'requirements.txt': 'tiny==1.0\n# of its own\n' });
  const failing = request({ folder, PATH: quick, run: () => Promise.reject(new Error('killed')) });
  await expect(environments.ensure(failing)).rejects.toThrow('killed');
  const asked = request({ folder, PATH: quick });
  const first = await environments.ensure(asked);
  await rm(first.folder, { recursive: true });
  await mkdir(join(temp.path, 'environments', `${first.digest}-half`));
  const again = await environments.ensure(asked);
  expect(again.folder).not.toBe(first.folder);
  expect(await versionIn(again)).toBe('1.0');
});

test('whoever waits for the build of another may leave, and it goes on', { timeout: patience }, async () => {
  const folder = await project({ 'requirements.txt': 'tiny==2.0\n# waited for\n' });
  const going = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const slow = request({
    ...{ folder, PATH: quick },
    run: async (step) => {
      begun.resolve();
      await going.promise;
      await runStep(step);
    },
  });
  const first = environments.ensure(slow);
  await begun.promise;
  const leaving = new AbortController();
  const second = environments.ensure({ ...slow, signal: leaving.signal });
  leaving.abort(new Error('no longer wanted'));
  await expect(second).rejects.toThrow('no longer wanted');
  going.resolve();
  expect(await versionIn(await first)).toBe('2.0');
});

test('what cannot be is said in words', { timeout: patience }, async () => {
  const folder = await project({
    'requirements.txt': '-r none.txt\n',
    'pyproject.toml': pyproject('tiny', '>=4.0'),
  });
  await expect(environments.ensure(request({ folder, PATH: bare }))).rejects.toThrow(/none\.txt/);
  const project4 = request({ folder, PATH: bare, file: 'pyproject.toml', kind: 'project' });
  await expect(environments.ensure(project4)).rejects.toThrow(/needs Python >=4\.0, and this is Python 3/);
  await expect(environments.ensure(request({ folder, PATH: temp.path }))).rejects.toMatchObject({
    code: 'environmentNotBuilt',
  });
  expect((await readdir(join(temp.path, 'environments'))).filter((name) => /-half$/.test(name))).toHaveLength(
    1,
  );
});

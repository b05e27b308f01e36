import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';
import { createTurns } from '../../base/turns.ts';
import { pipSteps, uvSteps } from './build-steps.ts';
import { createInspector } from './inspect.ts';
import { ask, findProgram } from './programs.ts';
import type { EnvironmentRequest, PythonEnvironment, PythonEnvironments } from './python-environments.ts';
import { readSources } from './sources.ts';

export interface LocalOptions {
  /** Holds the environments, each in a folder of its own, and a file per digest that says which one is whole. */
  readonly folder: string;
}

/** Whoever changes how environments are made changes this, so that none of the old ones is taken for a new one. */
const version = 1;
const day = 86_400_000;
/** An environment that nobody asked for in this time goes when another is built. */
const keptMs = 30 * day;
const identify = 'import sys, sysconfig; print(sys.version, sys.base_prefix, sysconfig.get_platform())';

/** Virtual environments on this disk. They hold their own path, so each is built where it stays and named when whole. */
export function localEnvironments({ folder: root }: LocalOptions): PythonEnvironments {
  const inTurn = createTurns();
  const nameOf = (digest: string) => join(root, `${digest}.json`);

  async function find(digest: string): Promise<PythonEnvironment | null> {
    const text = await readFile(nameOf(digest), 'utf8').catch(() => null);
    if (text === null) return null;
    const found = JSON.parse(text) as PythonEnvironment;
    // The interpreter it was made from may be gone by now.
    if (!(await stat(join(found.folder, 'bin', 'python')).catch(() => null))) return null;
    await utimes(nameOf(digest), new Date(), new Date());
    return found;
  }

  async function build(request: EnvironmentRequest, plan: Plan): Promise<PythonEnvironment> {
    const { digest, uv, python, local } = plan;
    const tool = uv ? 'uv' : 'pip';
    const folder = join(root, `${digest}-${randomBytes(4).toString('hex')}`);
    await request.onBuild(tool);
    await mkdir(root, { recursive: true });
    try {
      const source = local ? `${folder}-code` : request.folder;
      if (local) await cp(request.folder, source, { recursive: true });
      const place = { folder: source, target: folder, python };
      for (const step of uv ? uvSteps(uv, request, place) : pipSteps(request, place)) await request.run(step);
      const made = { folder, digest, tool } as const;
      await writeFile(`${folder}.json`, JSON.stringify(made));
      await rename(`${folder}.json`, nameOf(digest));
      return made;
    } catch (error) {
      for (const path of [folder, `${folder}-code`]) await rm(path, { recursive: true, force: true });
      throw error;
    }
  }

  /** What was not asked for in a long time, and what killed builds have left. */
  async function prune(): Promise<void> {
    const names = await readdir(root);
    const old: string[] = [];
    const whole = new Set<string>();
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      const { mtimeMs } = await stat(join(root, name));
      const text = await readFile(join(root, name), 'utf8');
      if (mtimeMs < Date.now() - keptMs) old.push(name);
      else whole.add((JSON.parse(text) as PythonEnvironment).folder);
    }
    for (const name of names.filter((each) => !each.endsWith('.json'))) {
      const path = join(root, name);
      const { mtimeMs } = await stat(path);
      if (!whole.has(path.replace(/-code$/, '')) && mtimeMs < Date.now() - day) old.push(name);
    }
    for (const name of old) await rm(join(root, name), { recursive: true, force: true });
  }

  return {
    inspect: createInspector(),

    async find(request) {
      const { digest } = await planBuild(request);
      return { digest, folder: (await find(digest))?.folder ?? null };
    },

    async ensure(request) {
      const plan = await planBuild(request);
      const found = await find(plan.digest);
      if (found) return found;
      const turn = inTurn(plan.digest, async () => {
        request.signal.throwIfAborted();
        const meanwhile = await find(plan.digest);
        if (meanwhile) return meanwhile;
        const built = await build(request, plan);
        await prune();
        return built;
      });
      return Promise.race([turn, aborted(request.signal, turn)]);
    },
  };
}

/** Whoever waits for the build of another must not wait any longer than it wants to. */
const aborted = (signal: AbortSignal, until: Promise<unknown>): Promise<never> =>
  new Promise((_resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    const forget = () => signal.removeEventListener('abort', leave);
    until.then(forget, forget);
  });

interface Plan {
  readonly digest: string;
  readonly uv: string | null;
  readonly python: string;
  readonly local: boolean;
}

/** @throws environmentNotBuilt when there is no Python that it could stand on */
async function planBuild(request: Omit<EnvironmentRequest, 'run' | 'onBuild'>): Promise<Plan> {
  const { folder, file, kind, extra, env, signal } = request;
  const fail = (tool: string, log: string) => errors.environmentNotBuilt({ file, tool, log });
  const options = { cwd: folder, env, signal };
  const uv = await findProgram(['uv'], env);
  const minor = request.python?.split('.').slice(0, 2).join('.');
  let python = await findProgram([...(minor ? [`python${minor}`] : []), 'python3', 'python'], env);
  if (uv) {
    const wanted = minor
      ? [minor]
      : kind === 'script'
        ? ['--script', file]
        : ['--project', join(folder, file, '..')];
    const found = await ask([uv, 'python', 'find', ...wanted], options);
    signal.throwIfAborted();
    if (!found.ok) throw fail('uv', found.stderr.trim());
    python = found.stdout.trim();
  }
  if (!python) throw fail('venv', 'no python3 is on the PATH');
  const identity = await ask([python, '-c', identify], options);
  signal.throwIfAborted();
  if (!identity.ok) throw fail(python, identity.stderr.trim());
  if (minor && !identity.stdout.startsWith(`${minor}.`))
    throw fail(python, `Python ${request.python} is wanted, and this is ${identity.stdout.split(' ')[0]}`);
  const { digest: sources, local } = await readSources(request);
  const parts = [version, uv ? 'uv' : 'pip', kind, identity.stdout, sources, extra];
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return { digest, uv, python, local };
}

/** Which Python a command meets, and what is installed in it. */
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ask, findProgram } from './programs.ts';
import type { InspectRequest, PythonInspection } from './python-environments.ts';

/** First of all it leaves the folder it is run in alone: a `json.py` there is not the one it needs. */
const report = `
import sys
sys.path.pop(0)
import json, os, platform
from importlib.metadata import distributions
packages = {}
for each in distributions():
    name = each.metadata["Name"]
    if not name or name.lower() in packages:
        continue
    line = f"{name}=={each.version}"
    try:
        origin = json.loads(each.read_text("direct_url.json") or "null")
    except ValueError:
        origin = None
    if origin:
        vcs = origin.get("vcs_info")
        url = f"{vcs['vcs']}+{origin['url']}@{vcs['commit_id']}" if vcs else origin["url"]
        line = f"{name} @ {url}"
    packages[name.lower()] = line
print(json.dumps({
    "executable": sys.executable,
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "folders": [each for each in sys.path if os.path.isdir(each)],
    "packages": [packages[name] for name in sorted(packages)],
}))
`;

interface Report extends Omit<PythonInspection, 'fingerprint'> {
  /** Where it looks for packages. */
  readonly folders: readonly string[];
}

/** A program that is a script, as pyenv's are, may stand for another Python a while later. */
const scriptMs = 30_000;
const mostKept = 64;

interface Known {
  readonly report: Report;
  readonly fingerprint: string;
  readonly until: number;
}

/** Asks an interpreter once, and again only when what is installed in it has changed. */
export function createInspector() {
  const known = new Map<string, Known>();

  return async function inspect(request: InspectRequest): Promise<PythonInspection | null> {
    const { cwd, env, signal } = request;
    const program = await programOf(request);
    if (!program) return null;
    const { key, isScript } = await identify(program, request);
    const before = known.get(key);
    if (before && before.until > Date.now() && (await fingerprintOf(before.report)) === before.fingerprint)
      return toInspection(before);
    const answer = await ask([program, '-c', report], { cwd, env, signal });
    if (!answer.ok) return null;
    const found = JSON.parse(answer.stdout) as Report;
    const until = isScript ? Date.now() + scriptMs : Number.POSITIVE_INFINITY;
    const now = { report: found, fingerprint: await fingerprintOf(found), until };
    known.delete(key);
    known.set(key, now);
    for (const oldest of [...known.keys()].slice(0, -mostKept)) known.delete(oldest);
    return toInspection(now);
  };
}

const toInspection = ({ report: { folders: _, ...rest }, fingerprint }: Known): PythonInspection => ({
  ...rest,
  fingerprint,
});

/** That of the command if it names one, else what `python` means to what it starts. */
async function programOf({ command, cwd, env }: InspectRequest): Promise<string | null> {
  const [first = ''] = command;
  if (!/^(?:python|pypy)[\d.]*$/.test(basename(first))) return findProgram(['python', 'python3'], env);
  return first.includes('/') ? resolve(cwd, first) : findProgram([first], env);
}

async function identify(program: string, { cwd, env }: InspectRequest) {
  const found = await stat(program).catch(() => null);
  const file = await open(program).catch(() => null);
  const { buffer } = (await file?.read(Buffer.alloc(2), 0, 2, 0)) ?? { buffer: Buffer.alloc(2) };
  await file?.close();
  const isScript = buffer.toString('latin1') === '#!';
  const wanted = isScript ? await readFile(join(cwd, '.python-version'), 'utf8').catch(() => '') : '';
  const { PYTHONPATH, PYTHONHOME, VIRTUAL_ENV, PYENV_VERSION } = env;
  const parts = [
    program,
    found?.mtimeMs,
    found?.size,
    wanted,
    PYTHONPATH,
    PYTHONHOME,
    VIRTUAL_ENV,
    PYENV_VERSION,
  ];
  return { key: JSON.stringify(parts), isScript };
}

/** Installing, changing or removing a package makes or removes an entry in one of the folders. */
async function fingerprintOf({ executable, version, folders }: Report): Promise<string> {
  const hash = createHash('sha256').update(`${executable}\0${version}\0`);
  for (const folder of folders) {
    const found = await stat(folder).catch(() => null);
    const names = found?.isDirectory() ? await readdir(folder) : [];
    const installed = names.filter((name) => /\.(?:dist-info|egg-info|egg-link|pth)$/.test(name)).sort();
    // Folders of code change all the time; only those with packages are looked at by their time.
    const time = installed.length > 0 ? found?.mtimeMs : '';
    hash.update(`${folder}\0${time}\0${installed.join('\0')}\0`);
  }
  return hash.digest('hex');
}

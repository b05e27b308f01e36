/** How an environment comes to be, step by step, by uv or by what Python brings along. */
import { join } from 'node:path';
import type { BuildStep, EnvironmentRequest } from './python-environments.ts';

export interface BuildPlace {
  /** A copy of the request's folder where it is part of the environment, else the folder itself. */
  readonly folder: string;
  /** What the environment is to be. */
  readonly target: string;
  /** The interpreter it stands on. */
  readonly python: string;
}

const pythonOf = (target: string): string => join(target, 'bin', 'python');

export function uvSteps(uv: string, request: EnvironmentRequest, place: BuildPlace): BuildStep[] {
  const { file, kind, extra } = request;
  const { folder: cwd, target } = place;
  const install = [uv, 'pip', 'install', '--python', pythonOf(target)];
  const locked: BuildStep = {
    command: [uv, 'sync', '--frozen', '--no-install-workspace', '--python', pythonOf(target)],
    cwd: join(cwd, file, '..'),
    env: { ...request.env, UV_PROJECT_ENVIRONMENT: target },
  };
  const create = { command: [uv, 'venv', '--python', place.python, target], cwd, env: request.env };
  if (kind === 'frozen') install.push('--no-deps');
  if (kind !== 'lock')
    return [create, { command: [...install, '-r', file, ...extra], cwd, env: request.env }];
  const more = { command: [...install, ...extra], cwd, env: request.env };
  return [create, locked, ...(extra.length > 0 ? [more] : [])];
}

/**
 * Writes what a `pyproject.toml` or a script's comment asks for as a list that pip reads. Runs in the new environment,
 * whose pip brings what older Pythons lack.
 */
const listRequirements = `
import re, sys
try:
    import tomllib
except ImportError:
    from pip._vendor import tomli as tomllib
from pip._vendor.packaging.specifiers import SpecifierSet
source, kind, target = sys.argv[1:]
text = open(source, encoding="utf-8").read()
if kind == "script":
    block = re.search(r"(?m)^# /// script\\s*$\\s(?P<content>(^#(| .*)$\\s)+)^# ///\\s*$", text)["content"]
    text = "".join(line[2:] if line.startswith("# ") else line[1:] for line in block.splitlines(keepends=True))
try:
    table = tomllib.loads(text)
except tomllib.TOMLDecodeError as error:
    sys.exit(f"{source}: {error}")
if kind != "script":
    table = table.get("project", {})
needs = table.get("requires-python")
have = "%d.%d.%d" % sys.version_info[:3]
if needs and not SpecifierSet(needs).contains(have, prereleases=True):
    sys.exit(f"{source} needs Python {needs}, and this is Python {have}")
with open(target, "w", encoding="utf-8") as file:
    file.writelines(f"{each}\\n" for each in table.get("dependencies", []))
`;

export function pipSteps(request: EnvironmentRequest, place: BuildPlace): BuildStep[] {
  const { kind, extra, env } = request;
  const { folder: cwd, target } = place;
  const file = kind === 'lock' ? join(request.file, '..', 'pyproject.toml') : request.file;
  const isList = kind === 'requirements' || kind === 'frozen';
  const list = isList ? file : join(target, 'requirements.txt');
  const step = (...command: string[]): BuildStep => ({ command, cwd, env });
  return [
    step(place.python, '-m', 'venv', target),
    ...(isList ? [] : [step(pythonOf(target), '-c', listRequirements, file, kind, list)]),
    step(
      ...[pythonOf(target), '-m', 'pip', 'install', '--no-input', '--progress-bar=off'],
      ...(kind === 'frozen' ? ['--no-deps'] : []),
      ...['-r', list, ...extra],
    ),
  ];
}

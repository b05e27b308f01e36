/** Which of a command's files says what its Python environment has to hold. */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import type { EnvironmentFileKind } from '../../../adapters/python-environments/python-environments.ts';
import { errors } from '../../../base/errors.ts';
import type { CommandSpec } from '../rules.ts';

export interface EnvironmentFile {
  /** Relative to the folder it was found in. */
  readonly file: string;
  readonly kind: EnvironmentFileKind;
}

/** Begin and end of inline metadata, as PEP 723 has it. */
const inline = /^# \/\/\/ script\s*$\s(?:^#(?: .*)?$\s)+^# \/\/\/\s*$/m;

const textOf = (folder: string, file: string): Promise<string> =>
  readFile(join(folder, file), 'utf8').catch(() => '');
const isThere = (folder: string, file: string): Promise<boolean> =>
  stat(join(folder, file)).then(
    (found) => found.isFile(),
    () => false,
  );

/** Null for a command that takes the Python it finds. @throws environmentFileInvalid */
export async function findEnvironmentFile(
  folder: string,
  { command, dependencies = 'auto', code }: Pick<CommandSpec, 'command' | 'dependencies' | 'code'>,
): Promise<EnvironmentFile | null> {
  if (dependencies === 'none') return null;
  if (dependencies !== 'auto') return nameFile(folder, normalize(dependencies));
  // A folder that somebody works in has its environment already.
  if (code === null) return null;
  for (const word of command)
    if (word.endsWith('.py') && inline.test(await textOf(folder, word)))
      return { file: normalize(word), kind: 'script' };
  const project = await textOf(folder, 'pyproject.toml');
  if (project !== '' && (await isThere(folder, 'uv.lock'))) return { file: 'uv.lock', kind: 'lock' };
  if (hasDependencies(project)) return { file: 'pyproject.toml', kind: 'project' };
  return (await isThere(folder, 'requirements.txt'))
    ? { file: 'requirements.txt', kind: 'requirements' }
    : null;
}

async function nameFile(folder: string, file: string): Promise<EnvironmentFile> {
  if (!(await isThere(folder, file)))
    throw errors.environmentFileInvalid({ file, reason: 'it is not there' });
  if (file.endsWith('.py')) {
    if (inline.test(await textOf(folder, file))) return { file, kind: 'script' };
    throw errors.environmentFileInvalid({
      file,
      reason: "it has no comment that begins with '# /// script'",
    });
  }
  if (basename(file) === 'pyproject.toml') return { file, kind: 'project' };
  if (basename(file) !== 'uv.lock') return { file, kind: 'requirements' };
  if (await isThere(folder, join(dirname(file), 'pyproject.toml'))) return { file, kind: 'lock' };
  throw errors.environmentFileInvalid({ file, reason: 'there is no pyproject.toml beside it' });
}

/** Many a `pyproject.toml` only holds settings of tools, or leaves the dependencies to another file. */
function hasDependencies(text: string): boolean {
  const [, section = ''] = text.split(/^\[project\]\s*$/m);
  return /^dependencies\s*=/m.test(section.split(/^\[/m)[0] ?? '');
}

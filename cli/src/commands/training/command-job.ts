import { basename, resolve } from 'node:path';
import type { CommandJob } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { hashOf, type LocalFile, listCode, readRevision, sendFiles, toJobFile } from '../../code-folder.ts';
import { sizeOf } from '../../files.ts';
import { repeated, toBytes, toInteger, toNumber, toRecord, toTextPairs } from '../../parse.ts';
import type { Session } from '../../session.ts';

export interface CommandOptions {
  experiment: string;
  name?: string;
  seed?: number;
  /** `--code FOLDER`, or false for `--no-code`. */
  code?: string | false;
  inPlace?: boolean;
  directory?: string;
  input?: string[];
  file?: string[];
  param?: string[];
  env?: string[];
  dependencies?: string;
  /** The shell's own environment, of either kind. */
  activeVenv?: string;
  activeConda?: string;
  cpu?: number;
  memory?: number;
  gpu?: number;
  priority?: number;
  timeout?: number;
  attempts?: number;
  cache?: boolean;
}

export const addCommandOptions = (command: Command): Command =>
  command
    .option('--code <folder>', 'its code: a copy of this folder goes along (default: the present one)')
    .option('--no-code', 'without code, in an empty folder')
    .option('--in-place', "in this folder itself, which must be on the server's machine")
    .option('--directory <folder>', "the same for another folder of the server's machine")
    .option(
      '--input <reference>',
      'dataset version (prices@2) or model (model:forecaster@7) it reads (repeatable)',
      repeated,
    )
    .option('--file <path>', 'file of yours it reads (repeatable)', repeated)
    .option('-p, --param <key=value>', 'parameter, found in params.json (repeatable)', repeated)
    .option('--env <key=value>', 'environment variable (repeatable)', repeated)
    .option(
      '--dependencies <file>',
      'make its Python environment from this file of the code (requirements.txt, pyproject.toml, uv.lock, a script with inline metadata), from what there is (auto, the default), or not at all (none)',
    )
    .addOption(new Option('--active-venv <folder>').env('VIRTUAL_ENV').hideHelp())
    .addOption(new Option('--active-conda <folder>').env('CONDA_PREFIX').hideHelp())
    .option('--cpu <number>', 'cores it needs (default 1)', toNumber)
    .option('--memory <size>', 'memory it may take, such as 4GiB: beyond, it is killed', toBytes)
    .option('--gpu <number>', 'graphics processors it needs', toInteger)
    .option('--priority <number>', '-100 to 100; the greater first', toSigned)
    .option('--timeout <seconds>', 'end it then', toNumber)
    .option('--attempts <number>', 'at most so many', toInteger);

const toSigned = (text: string): number =>
  text.startsWith('-') ? -toInteger(text.slice(1)) : toInteger(text);

/** The job as the server takes it; its files are stored by then. */
export async function toCommandJob(
  session: Session,
  words: readonly string[],
  options: CommandOptions,
): Promise<CommandJob> {
  const { experiment, name, seed, input, param, cpu, memory, gpu, priority, timeout, attempts } = options;
  const { dependencies } = options;
  const folder = folderOf(options);
  const code = folder === null ? null : await listCode(folder);
  const files = await listInputs(options.file ?? []);
  await send(session, code ?? [], files);
  return {
    experiment,
    command: [...words],
    name,
    seed,
    ...(code && { code: code.map(toJobFile), revision: await storeRevision(session, folder ?? '.') }),
    ...(files.length > 0 && { files: files.map(toJobFile) }),
    workingDirectory: options.inPlace ? process.cwd() : options.directory,
    inputs: input,
    parameters: param && (toRecord(param) as CommandJob['parameters']),
    environment: toEnvironment(session, options),
    dependencies,
    resources: { cpu, memoryBytes: memory, gpu },
    priority,
    timeoutSeconds: timeout,
    maximumAttempts: attempts,
    ...(options.cache && { cache: true }),
  };
}

const loopback: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** What `--env` says, and the environment that is active here when the server is on this machine. */
function toEnvironment(
  session: Session,
  { env, activeVenv, activeConda }: CommandOptions,
): CommandJob['environment'] {
  const given = env && toTextPairs(env);
  const isLocal = loopback.includes(new URL(session.url).hostname);
  if (isLocal && activeVenv) return { VIRTUAL_ENV: activeVenv, ...given };
  return isLocal && activeConda ? { CONDA_PREFIX: activeConda, ...given } : given;
}

/** The folder whose files go along; null when none do. */
function folderOf({ code, inPlace, directory }: CommandOptions): string | null {
  if (typeof code === 'string') return resolve(code);
  return code === false || inPlace || directory !== undefined ? null : process.cwd();
}

async function listInputs(paths: readonly string[]): Promise<LocalFile[]> {
  const files: LocalFile[] = [];
  for (const path of paths) {
    await sizeOf(path);
    files.push({ path: basename(path), sha256: await hashOf(path), from: path });
  }
  return files;
}

async function send(
  session: Session,
  code: readonly LocalFile[],
  files: readonly LocalFile[],
): Promise<void> {
  const sent = await sendFiles(session.client, [...code, ...files]);
  if (code.length > 0)
    session.say(`code: ${code.length} files, ${sent === 0 ? 'all known already' : `${sent} sent`}`);
}

async function storeRevision(session: Session, folder: string): Promise<CommandJob['revision']> {
  const found = await readRevision(folder);
  if (!found || found.diff === '') return found?.revision;
  const { sha256 } = await session.client.jobs.putFile({ content: Buffer.from(found.diff) });
  return { ...found.revision, diff: sha256 };
}

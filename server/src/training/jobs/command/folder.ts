import { mkdir, open, readdir, rename, rm, stat, statfs, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../../../base/errors.ts';
import { maskTokens } from '../../../base/token-mask.ts';

/** Where a command job lives on disk: what it is given, what it leaves, what it says. */
export interface CommandFolder {
  readonly path: string;
  readonly code: string;
  readonly inputs: string;
  readonly outputs: string;
  /** Stays from attempt to attempt. */
  readonly checkpoints: string;
  readonly parameters: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Who the running command is; see leftover-process.ts. */
  readonly process: string;
}

export function commandFolder(root: string, id: string): CommandFolder {
  const path = join(root, id);
  return {
    path,
    code: join(path, 'code'),
    inputs: join(path, 'inputs'),
    outputs: join(path, 'outputs'),
    checkpoints: join(path, 'checkpoints'),
    parameters: join(path, 'params.json'),
    stdout: join(path, 'stdout.log'),
    stderr: join(path, 'stderr.log'),
    process: join(path, 'process'),
  };
}

/** What an earlier attempt left behind goes, except its checkpoints and what it said. */
export async function clearFolder(folder: CommandFolder): Promise<void> {
  for (const path of [folder.code, folder.inputs, folder.outputs]) {
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true });
  }
  await mkdir(folder.checkpoints, { recursive: true });
  await rm(folder.process, { force: true });
}

/** Plain files below a folder, as paths with forward slashes; links are not followed, as they may lead anywhere. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    // The command may have taken the folder away.
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

const segment = /^(?!\.{1,2}$)[^/\\\p{Cc}]{1,255}$/u;

/** Paths of files that are to lie in one folder. @throws jobFileInvalid */
export function assertPaths(paths: readonly string[]): void {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/');
    if (!path.isWellFormed() || !parts.every((part) => segment.test(part)))
      throw errors.jobFileInvalid({ path, reason: "it is no path such as 'src/train.py'" });
    for (let i = 1; i < parts.length; i++) folders.add(parts.slice(0, i).join('/'));
  }
  const seen = new Set<string>();
  for (const path of paths) {
    if (seen.has(path)) throw errors.jobFileInvalid({ path, reason: 'it is there twice' });
    if (folders.has(path)) throw errors.jobFileInvalid({ path, reason: 'it is also a folder of others' });
    seen.add(path);
  }
}

const tailBytes = 4096;
const tailLength = 300;
/** Terminals are told colours by them; texts of a database hold no control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
const colours = /\u001b\[[\d;?]*[A-Za-z]/g;

/** The last line that says something, for messages; '' when there is none. */
export const lastLine = (path: string): Promise<string> => lastLines(path, 1);

/** The last lines, cut where they are long. */
export async function lastLines(path: string, count: number): Promise<string> {
  const file = await open(path).catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer.toString('utf8').trimEnd().split(/\r?\n/).slice(-count);
    return lines.map(toPlainText).join('\n');
  } finally {
    await file.close();
  }
}

const toPlainText = (line: string): string =>
  maskTokens(line)
    .replace(colours, '')
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, tailLength)
    .toWellFormed();

const mebibyte = 1_048_576;
export const keptHead = 16 * mebibyte;
export const keptTail = 48 * mebibyte;

/** Keeps beginning and end of a very long output, with a line between them that says what is missing. */
export async function shorten(path: string): Promise<void> {
  const file = await open(path).catch(() => null);
  if (!file) return;
  try {
    const { size } = await file.stat();
    if (size <= keptHead + keptTail + mebibyte) return;
    const short = await open(`${path}.short`, 'w');
    try {
      await copyRange(file, short, 0, keptHead);
      const missing = size - keptHead - keptTail;
      await short.write(`\n[${missing} bytes are left out here]\n`);
      await copyRange(file, short, size - keptTail, keptTail);
    } finally {
      await short.close();
    }
    await rename(`${path}.short`, path);
  } finally {
    await file.close();
  }
}

/** What the server needs to go on writing down what happens. */
const reserveBytes = 8 * mebibyte;

export async function isShortOfRoom({ path }: CommandFolder): Promise<boolean> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize < reserveBytes;
}

/**
 * What filled the disk goes, or not even the failure could be written down: outputs, what the next attempt is given
 * anew, and all but the beginning of logs; checkpoints only where that is not enough. Says what it was.
 */
export async function makeRoom(folder: CommandFolder): Promise<'outputs' | 'outputs and checkpoints'> {
  for (const path of [folder.outputs, folder.inputs, folder.code])
    await rm(path, { recursive: true, force: true });
  for (const path of [folder.stdout, folder.stderr]) {
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    if (size > keptHead) await truncate(path, keptHead);
  }
  if (!(await isShortOfRoom(folder))) return 'outputs';
  await rm(folder.checkpoints, { recursive: true, force: true });
  return 'outputs and checkpoints';
}

type File = Awaited<ReturnType<typeof open>>;

async function copyRange(from: File, to: File, start: number, length: number): Promise<void> {
  const buffer = Buffer.alloc(mebibyte);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, length - done), start + done);
    if (bytesRead === 0) return;
    await to.write(buffer, 0, bytesRead);
    done += bytesRead;
  }
}

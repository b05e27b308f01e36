import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a command job lives on disk: what it is given, what it leaves, what it says. */
export interface CommandFolder {
  readonly path: string;
  readonly inputs: string;
  readonly outputs: string;
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
    inputs: join(path, 'inputs'),
    outputs: join(path, 'outputs'),
    parameters: join(path, 'params.json'),
    stdout: join(path, 'stdout.log'),
    stderr: join(path, 'stderr.log'),
    process: join(path, 'process'),
  };
}

/** What an earlier attempt left behind goes, except what it said. */
export async function clearFolder(folder: CommandFolder): Promise<void> {
  for (const path of [folder.inputs, folder.outputs]) {
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true });
  }
  await rm(folder.process, { force: true });
}

/** Plain files below a folder, as paths with forward slashes; links are not followed, as they may lead anywhere. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

const tailBytes = 4096;
const tailLength = 300;

/** The last line that says something, for messages; '' when there is none. */
export async function lastLine(path: string): Promise<string> {
  const file = await open(path).catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    await file.read(buffer, 0, buffer.length, size - buffer.length);
    const line = buffer.toString('utf8').trimEnd().split(/\r?\n/).at(-1) ?? '';
    return line.trim().slice(0, tailLength);
  } finally {
    await file.close();
  }
}

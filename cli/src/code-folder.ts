/** The folder that a command is run in, as files to be sent: what git knows of and does not ignore, or all of it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, parse, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import type { Client, CodeRevision, JobFile } from '@tidemill/sdk';
import { failures } from './failure.ts';
import { formatBytes } from './table.ts';

const call = promisify(execFile);
const mostFiles = 10_000;
const mostBytes = 200 * 1_048_576;
const filesAtOnce = 8;
/** What no code needs of a folder that git does not look after. */
const leftOut =
  /^(?:\.git|\.hg|\.svn|\.venv|venv|env|node_modules|__pycache__|\.tidemill|\.tox|\.mypy_cache|\.pytest_cache|\.ipynb_checkpoints|\.DS_Store|\.env)$/;

export interface LocalFile extends JobFile {
  /** Where it lies on this machine. */
  readonly from: string;
}

const git = async (folder: string, ...args: string[]): Promise<string | null> =>
  call('git', ['-C', folder, ...args], { maxBuffer: 256 * 1_048_576 }).then(
    ({ stdout }) => stdout,
    () => null,
  );

/** Every file of the folder. @throws codeTooLarge, codeFolderUnclear */
export async function listCode(folder: string): Promise<LocalFile[]> {
  const root = await realpath(folder);
  if (root === homedir() || root === parse(root).root) throw failures.codeFolderUnclear(root);
  const listed = await git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard');
  const paths = listed === null ? await walk(root) : [...new Set(listed.split('\0').filter(Boolean))];
  const sizes: { path: string; size: number; mode: number }[] = [];
  for (const path of paths) {
    const found = await lstat(join(root, path)).catch(() => null);
    // Deleted but not committed, a link, or a repository within.
    if (found?.isFile()) sizes.push({ path, size: found.size, mode: found.mode });
  }
  assertSmall(root, sizes);
  const files: LocalFile[] = [];
  for (const { path, mode } of sizes) {
    const from = join(root, path);
    files.push({ path, sha256: await hashOf(from), executable: (mode & 0o100) !== 0, from });
  }
  return files;
}

async function walk(root: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [root];
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
      // Gone while we looked.
      if (error.code === 'ENOENT' && folder !== root) return [];
      throw error;
    });
    for (const entry of entries) {
      if (leftOut.test(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) found.push(relative(root, path).split(sep).join('/'));
    }
    // A folder that nobody meant: told from what was seen, not after an hour of looking.
    if (found.length > mostFiles) break;
  }
  return found.sort();
}

function assertSmall(root: string, files: readonly { path: string; size: number }[]): void {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length <= mostFiles && bytes <= mostBytes) return;
  const largest = files.toSorted((a, b) => b.size - a.size).slice(0, 3);
  throw failures.codeTooLarge(
    root,
    files.length > mostFiles ? `more than ${mostFiles} files` : `${formatBytes(bytes)} of files`,
    largest.map(({ path, size }) => `${path} (${formatBytes(size)})`).join(', '),
  );
}

export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}

export const toJobFile = ({ path, sha256, executable }: LocalFile): JobFile => ({
  path,
  sha256,
  ...(executable && { executable }),
});

/**
 * Commit, branch and what is not committed; undefined outside a repository. `of: 'folder'`: the last commit that changed
 * something in it.
 */
export async function readRevision(
  folder: string,
  of: 'repository' | 'folder' = 'repository',
): Promise<{ readonly revision: Omit<CodeRevision, 'diff'>; readonly diff: string } | undefined> {
  const newest = of === 'folder' ? ['log', '-1', '--format=%H', '--', '.'] : ['rev-parse', 'HEAD'];
  const commit = (await git(folder, ...newest))?.trim();
  if (!commit) return undefined;
  const [branch, remote, prefix, diff] = await Promise.all([
    git(folder, 'rev-parse', '--abbrev-ref', 'HEAD'),
    git(folder, 'config', '--get', 'remote.origin.url'),
    git(folder, 'rev-parse', '--show-prefix'),
    git(folder, 'diff', '--binary', 'HEAD', '--', '.'),
  ]);
  const repository = remote?.trim() && withoutPassword(remote.trim());
  const below = prefix?.trim().replace(/\/$/, '');
  return {
    revision: {
      commit,
      ...(branch?.trim() && branch.trim() !== 'HEAD' && { branch: branch.trim() }),
      ...(repository && { repository }),
      ...(below && { folder: below }),
    },
    diff: diff ?? '',
  };
}

const withoutPassword = (address: string): string => address.replace(/^(\w+:\/\/)[^@/]*@/, '$1');

/** Stores those of the files that the server does not have yet. Gives back how many those were. */
export async function sendFiles(client: Client, files: readonly LocalFile[]): Promise<number> {
  const { sha256s } = await client.jobs.missingFiles({
    sha256s: [...new Set(files.map(({ sha256 }) => sha256))],
  });
  const missing = new Set(sha256s);
  const toSend = [...new Map(files.map((file) => [file.sha256, file])).values()].filter(({ sha256 }) =>
    missing.has(sha256),
  );
  const queue = toSend.values();
  const worker = async () => {
    for (const { from, path, sha256 } of queue) {
      const stored = await client.jobs.putFile({ content: createReadStream(from) });
      if (stored.sha256 !== sha256) throw failures.fileChanged(path);
    }
  };
  await Promise.all(Array.from({ length: filesAtOnce }, worker));
  return toSend.length;
}

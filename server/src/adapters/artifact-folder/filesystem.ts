import { randomUUID } from 'node:crypto';
import {
  type BigIntStats,
  close,
  constants,
  createReadStream,
  createWriteStream,
  fstat,
  open,
} from 'node:fs';
import { lstat, mkdir, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { errors } from '../../base/errors.ts';
import { toFileUri } from '../../base/file-uri.ts';
import type { ArtifactFolder, FolderEntry } from './artifact-folder.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = (fd: number): Promise<BigIntStats> => promisify(fstat)(fd, { bigint: true });
/** Not through a link, and without waiting for whoever writes into a pipe. */
const careful = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Unfinished writes, on the same disk for the rename. No experiment's number looks like this. */
const unfinished = '.tidemill-unfinished';
const readBytes = 1 << 18;
const sizesAtOnce = 32;
const staleAfter = 24 * 3_600_000;

/** Makes the folder when it is missing. @throws configInvalid */
export async function openFilesystemFolder(path: string): Promise<ArtifactFolder> {
  await makeFolder(path).catch((cause: unknown) => {
    const reason = `the folder ${path} is not there and cannot be made (${codeOf(cause)})`;
    throw errors.configInvalid({ variable: '--artifact-root (TIDEMILL_ARTIFACT_ROOT)', reason }, cause);
  });
  const root = await realpath(path);
  await removeStale(join(root, unfinished));

  /** Null when there is nothing. @throws artifactPathInvalid */
  async function find(own: string): Promise<string | null> {
    const full = toFull(root, own);
    const real = await ifThere(own, realpath(full));
    if (real !== null && real !== full) throw refused(own, 'it leads through a symbolic link');
    return real;
  }

  /** One by one: made at once, they would be made behind a link too. */
  async function makeFolders(own: string): Promise<void> {
    if (own === '' || own === '.') return;
    await makeFolders(posix.dirname(own));
    const found = await find(own);
    if (found === null) await mkdir(toFull(root, own)).catch(unless('EEXIST'));
    const made = await find(own);
    if (made === null || !(await lstat(made)).isDirectory())
      throw refused(own, 'there is a file of that name, and one name cannot be a file and a folder');
  }

  async function* walk(own: string, below = ''): AsyncGenerator<string> {
    const full = await find(posix.join(own, below));
    const entries = full === null ? [] : await entriesOf(own, full);
    for (const entry of entries) {
      const path = posix.join(below, entry.name);
      if (entry.isDirectory()) yield* walk(own, path);
      else if (entry.isFile()) yield path;
      else throw refused(posix.join(own, path), 'it is a symbolic link or no regular file');
    }
  }

  /** Whoever may write here may change what a name means between two looks, so the name is judged again when it is open. */
  async function openRegular(own: string): Promise<{ fd: number; file: BigIntStats } | null> {
    const full = await find(own);
    const fd = full === null ? null : await ifThere(own, openFile(full, careful));
    if (full === null || fd === null) return null;
    try {
      const file = await statFile(fd);
      const named = (await find(own)) === null ? null : await stat(full, { bigint: true });
      if (file.isFile() && named?.ino === file.ino && named.dev === file.dev) return { fd, file };
    } catch (error) {
      await closeFile(fd);
      throw error;
    }
    await closeFile(fd);
    return null;
  }

  return {
    uri: toFileUri(path),

    async open(own, part) {
      const opened = await openRegular(own);
      if (!opened) return null;
      const { fd, file } = opened;
      const size = Number(file.size);
      const [start, end] = part ? [part.first, part.last] : [0, size - 1];
      const etag = [file.size, file.mtimeNs, file.ino].map((value) => value.toString(36)).join('-');
      // A file that grows meanwhile is read as far as it was announced.
      const isEmpty = end < start;
      if (isEmpty) await closeFile(fd);
      const content = isEmpty
        ? Readable.from([])
        : createReadStream('', { fd, start, end, highWaterMark: readBytes });
      return { size, etag, content };
    },

    async list(own) {
      const full = await find(own);
      const entries = full === null ? [] : await entriesOf(own, full);
      const known = entries.filter((entry) => entry.isFile() || entry.isDirectory());
      const listed: FolderEntry[] = [];
      for (let start = 0; start < known.length; start += sizesAtOnce) {
        const some = known.slice(start, start + sizesAtOnce).map(async (entry) => {
          const directory = entry.isDirectory();
          const found = directory ? null : await ifThere(own, lstat(join(full ?? '', entry.name)));
          return { name: entry.name, directory, size: found?.size ?? null };
        });
        listed.push(...(await Promise.all(some)));
      }
      return listed;
    },

    walk: (own) => walk(own),

    async write(own, content) {
      const full = toFull(root, own);
      const temporary = join(root, unfinished, randomUUID());
      await makeFolders(unfinished);
      try {
        await pipeline(content, createWriteStream(temporary, { flags: 'wx' }));
        await makeFolders(posix.dirname(own));
        await rename(temporary, full).catch((error: unknown) => {
          if (codeOf(error) === 'ENAMETOOLONG') throw refused(own, 'a name in it is too long for the disk');
          if (!['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
          throw refused(own, 'there is a folder of that name, and one name cannot be a file and a folder');
        });
      } finally {
        await rm(temporary, { force: true });
      }
    },

    async remove(own) {
      const full = await find(own);
      if (full === null) return 0;
      const count = (await lstat(full)).isDirectory() ? await countEntries(full) : 1;
      // Does not follow links: of one in there, the link goes.
      await rm(full, { recursive: true, force: true }).catch((error: unknown) => {
        if (!['EACCES', 'EPERM'].includes(codeOf(error))) throw error;
        throw refused(own, 'the server may not remove it');
      });
      return count;
    },

    async removeEmpty(own) {
      const full = await find(own);
      if (full !== null) await rmdir(full).catch(unless('ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'));
    },
  };
}

/** Not by `recursive`, which never ends where the system makes no folders, as in /proc. */
async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path);
  const found = await stat(path).catch(unless('ENOENT'));
  if (found?.isDirectory()) return;
  if (!found && parent !== path) await makeFolder(parent);
  await mkdir(path);
}

/** Whatever was judged before: the folder itself and all outside it are nobody's path. */
function toFull(root: string, own: string): string {
  const full = join(root, own);
  if (!full.startsWith(join(root, '/')) || own.split('/').includes('..'))
    throw refused(own, 'it does not lie in the artifact root');
  return full;
}

/** What a killed server left; a younger one may be another server's. */
async function removeStale(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const found = await lstat(join(folder, name));
    if (found.isFile() && found.mtimeMs < Date.now() - staleAfter)
      await rm(join(folder, name), { force: true });
  }
}

async function entriesOf(own: string, full: string) {
  const entries = await ifThere(own, readdir(full, { withFileTypes: true }));
  return (entries ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function countEntries(full: string): Promise<number> {
  let count = 0;
  for (const entry of await readdir(full, { withFileTypes: true }))
    count += entry.isDirectory() ? await countEntries(join(full, entry.name)) : 1;
  return count;
}

/** Null for what is not there, or is something else than was asked for. */
async function ifThere<T>(own: string, promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENXIO', 'ENAMETOOLONG'].includes(codeOf(error))) return null;
    if (codeOf(error) === 'ELOOP') throw refused(own, 'it leads through a symbolic link');
    if (codeOf(error) === 'EACCES') throw refused(own, 'the server may not read it');
    throw error;
  }
}

const unless =
  (...codes: readonly string[]) =>
  (error: unknown): void => {
    if (!codes.includes(codeOf(error))) throw error;
  };

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';
const refused = (path: string, reason: string) =>
  errors.artifactPathInvalid({ path: path.slice(0, 200), reason });

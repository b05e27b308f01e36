import { randomUUID } from 'node:crypto';
import { createReadStream, open as openByName } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errors } from '../../base/errors.ts';
import { FileStream } from '../../base/file-stream.ts';
import { createTurns } from '../../base/turns.ts';
import { assertBlobId, type Blobs, isBlobId, type StoredBlob } from './blobs.ts';
import { hashFile, readOnly, writeHashed } from './hashed-file.ts';
import { partFiles } from './part-files.ts';

export interface FilesystemBlobsOptions {
  readonly root: string;
  /** `power` syncs each blob to the disk before it can be seen. Default: `process`. */
  readonly durability?: 'process' | 'power';
}

/** A plain descriptor: streams over the handles of `fs/promises` cost twice as much. */
const openFile = promisify(openByName);
/** After this long, an unfinished write belongs to nobody alive. */
const staleAfter = 24 * 3_600_000;
/** Longer than any upload may take: its row says when it ends, this only clears what lost its row. */
const stalePartsAfter = 7 * staleAfter;

/** `<root>/sha256/ab/cd/<hex>`; unfinished writes lie in `<root>/unfinished`, on the same disk for the rename. */
export async function openFilesystemBlobs(options: FilesystemBlobsOptions): Promise<Blobs> {
  const { root, durability = 'process' } = options;
  const isSynced = durability === 'power';
  const unfinished = join(root, 'unfinished');
  await mkdir(unfinished, { recursive: true });
  await removeStale(unfinished);

  // Renewing a blob and deleting it because it is old must not meet. This process alone writes here.
  const inTurn = createTurns();
  const toPath = (sha256: string) => {
    assertBlobId(sha256);
    return join(root, 'sha256', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  };
  const put: Blobs['put'] = async (content) => {
    const temporary = join(unfinished, randomUUID());
    try {
      const blob = await writeHashed(temporary, content, isSynced);
      await inTurn(blob.sha256, () => moveInto(temporary, toPath(blob.sha256), isSynced));
      return blob;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  };
  const giveAway = async (path: string): Promise<StoredBlob> => {
    const blob = await hashFile(path);
    await chmod(path, readOnly);
    if (isSynced) await syncToDisk(path);
    await inTurn(blob.sha256, () => moveInto(path, toPath(blob.sha256), isSynced));
    return blob;
  };
  const copyAndRemove = async (path: string): Promise<StoredBlob> => {
    const blob = await put(createReadStream(path));
    await rm(path);
    return blob;
  };

  const parts = partFiles({ folder: join(root, 'parts'), unfinished, isSynced, put });
  await parts.dropOlder(stalePartsAfter);

  return {
    put,
    parts,
    putFile: (path, { move = false } = {}) =>
      move
        ? giveAway(path).catch((error: unknown) => {
            if (codeOf(error) === 'EXDEV') return copyAndRemove(path);
            throw error;
          })
        : put(contentOf(path)),
    get: async (sha256, part) => new FileStream(await found(sha256, openFile(toPath(sha256), 'r')), part),
    read: async (sha256) => found(sha256, readFile(toPath(sha256))),
    stat: async (sha256) => findFile(toPath(sha256)),
    async localPath(sha256) {
      const path = toPath(sha256);
      await found(sha256, stat(path));
      return path;
    },
    verify: async (sha256) => (await found(sha256, hashFile(toPath(sha256)))).sha256 === sha256,
    delete: async (sha256) => rm(toPath(sha256), { force: true }),
    async keep(sha256s) {
      const now = new Date();
      for (const sha256 of new Set(sha256s))
        await inTurn(sha256, () => found(sha256, utimes(toPath(sha256), now, now)));
    },
    deleteOlder: (sha256, milliseconds) =>
      inTurn(sha256, async () => {
        const file = await findFile(toPath(sha256));
        if (!file || file.storedAt > Date.now() - milliseconds) return null;
        await rm(toPath(sha256), { force: true });
        return file.size;
      }),
    list: (after = '') => listBlobs(join(root, 'sha256'), after),
  };
}

/** Opened when first read: a stream that fails before anybody listens would end the process. */
async function* contentOf(path: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path);
}

/** Always renames, also onto what is there: that mends a damaged blob and tells `gc` that this one is wanted again. */
async function moveInto(from: string, to: string, isSynced: boolean): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  }
  if (isSynced) await syncToDisk(dirname(to));
}

async function syncToDisk(path: string): Promise<void> {
  const file = await open(path);
  await file.sync().finally(() => file.close());
}

async function found<T>(sha256: string, result: Promise<T>): Promise<T> {
  return result.catch((error: unknown) => {
    throw codeOf(error) === 'ENOENT' ? errors.blobNotFound({ sha256 }, error) : error;
  });
}

async function findFile(path: string): Promise<{ size: number; storedAt: number } | null> {
  try {
    const { size, ctimeMs } = await stat(path);
    // The change time is the rename's; a moved file keeps its own modification time.
    return { size, storedAt: Math.floor(ctimeMs) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** The folders' names are the first digits of the ids in them: whole folders before `after` are not even read. */
async function* listBlobs(folder: string, after: string, prefix = ''): AsyncGenerator<string> {
  for (const name of (await namesIn(folder)).sort()) {
    if (prefix.length === 4) {
      if (isBlobId(name) && name > after) yield name;
    } else if (`${prefix}${name}` >= after.slice(0, prefix.length + name.length)) {
      yield* listBlobs(join(folder, name), after, `${prefix}${name}`);
    }
  }
}

/** None where the folder is missing (nothing stored yet) or is no folder (not ours). */
async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  });
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const file = await stat(path).catch(() => null);
    if (file !== null && Date.now() - file.mtimeMs > staleAfter) await rm(path, { force: true });
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** A model folder on this disk, looked at before any of its code runs. */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative } from 'node:path';
import { errors } from '../../base/errors.ts';

export interface ModelFiles {
  /** What messages call the model: `prices@3`. */
  readonly model: string;
  /** Of the whole folder. */
  readonly digest: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** Where a file with these contents lies on this disk. */
  readonly localPath: (sha256: string) => Promise<string>;
}

/**
 * Laid out once, and compared with what was registered each time: what runs is what was judged and approved.
 * @throws modelFolderTampered naming the first file that is missing, changed, or not of the model
 */
export async function layOutFolder(root: string, source: ModelFiles): Promise<string> {
  const folder = join(root, source.digest);
  if (!(await stat(folder).catch(() => null))) {
    const fresh = `${folder}.part`;
    await rm(fresh, { recursive: true, force: true });
    for (const { path, sha256 } of source.files) {
      if (isAbsolute(path) || normalize(path).startsWith('..'))
        throw tampered(source, folder, path, 'leaves it');
      await mkdir(dirname(join(fresh, path)), { recursive: true });
      await copyFile(await source.localPath(sha256), join(fresh, path), constants.COPYFILE_FICLONE);
    }
    await rename(fresh, folder);
  }
  await verifyFolder(folder, source);
  return folder;
}

async function verifyFolder(folder: string, source: ModelFiles): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = new Set(
    entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name))),
  );
  for (const { path, sha256 } of source.files) {
    if (!found.delete(normalize(path))) throw tampered(source, folder, path, 'is missing');
    if ((await digestOf(join(folder, path))) !== sha256)
      throw tampered(source, folder, path, 'is not what was registered');
  }
  const [more] = found;
  if (more !== undefined) throw tampered(source, folder, more, 'was not registered with it');
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}

const tampered = ({ model }: ModelFiles, folder: string, path: string, what: string) =>
  errors.modelFolderTampered({ model, folder, path, what });

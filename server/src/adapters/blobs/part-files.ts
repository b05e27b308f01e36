import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../../base/errors.ts';
import type { BlobPart, BlobParts, StoredBlob } from './blobs.ts';
import { writeHashed } from './hashed-file.ts';

export interface PartFilesOptions {
  /** Of all uploads; each has its folder below, each part its file `<number>.<sha256>`. */
  readonly folder: string;
  readonly unfinished: string;
  readonly isSynced: boolean;
  readonly put: (content: AsyncIterable<Uint8Array>) => Promise<StoredBlob>;
}

const readBytes = 1 << 18;

/** Parts as files: what lies there is the whole truth, so an upload goes on after a restart. */
export function partFiles({ folder, unfinished, isSynced, put }: PartFilesOptions): BlobParts {
  const folderOf = (upload: string) => {
    if (!/^[0-9a-f]{32}$/.test(upload)) throw errors.uploadNotFound({ upload: upload.slice(0, 100) });
    return join(folder, upload);
  };
  const pathOf = (upload: string, { number, sha256 }: BlobPart) =>
    join(folderOf(upload), `${number}.${sha256}`);

  return {
    async open(upload) {
      await mkdir(folderOf(upload), { recursive: true });
    },

    async put(upload, number, content) {
      const temporary = join(unfinished, randomUUID());
      try {
        const { sha256, size } = await writeHashed(temporary, content, isSynced);
        // Fails when the upload was dropped meanwhile: its folder is gone.
        await rename(temporary, pathOf(upload, { number, sha256 })).catch((error: unknown) => {
          throw isMissing(error) ? errors.uploadNotFound({ upload }, error) : error;
        });
        return { sha256, size };
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },

    async join(upload, parts) {
      for (const part of parts) {
        const isThere = /^[0-9a-f]{64}$/.test(part.sha256) && (await exists(pathOf(upload, part)));
        if (!isThere) throw errors.uploadPartMissing({ upload, part: part.number });
      }
      return put(contentOf(parts.map((part) => pathOf(upload, part))));
    },

    drop: (upload) => rm(folderOf(upload), { recursive: true, force: true }),

    async dropOlder(milliseconds) {
      const before = Date.now() - milliseconds;
      for (const upload of await readdir(folder).catch(() => [])) {
        const found = await stat(join(folder, upload)).catch(() => null);
        if (found && found.mtimeMs < before) await rm(join(folder, upload), { recursive: true, force: true });
      }
    },
  };
}

async function* contentOf(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield* createReadStream(path, { highWaterMark: readBytes });
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { atMost } from '../../base/at-most.ts';
import { errors } from '../../base/errors.ts';
import { openFileCache } from '../../base/file-cache.ts';
import { createTurns } from '../../base/turns.ts';
import { openS3, type S3Options } from '../s3/s3.ts';
import { assertBlobId, type Blobs, isBlobId, type StoredBlob } from './blobs.ts';
import { hashFile, type Source, writeHashed } from './hashed-file.ts';
import { partFiles } from './part-files.ts';
import {
  describeFailure,
  headObject,
  listKeys,
  openObject,
  restampObject,
  type S3Place,
  uploadFile,
} from './s3-objects.ts';

export interface S3BlobsOptions extends Omit<S3Options, 'lookup'> {
  readonly bucket: string;
  /** Within the bucket: nothing, or a path without slashes at its ends. */
  readonly prefix: string;
  /** On this machine: what is on its way up, parts of uploads, and copies of what was read. */
  readonly folder: string;
  readonly cacheBytes?: number;
  readonly partBytes?: number;
  readonly copyBytes?: number;
}

const mebibyte = 2 ** 20;
const day = 24 * 3_600_000;
/** A version has thousands of chunks, and a query wants them all. */
const copiesAtOnce = 16;

/**
 * `<prefix>/sha256/<hex>` in a bucket. Content is hashed into a file on this machine first, so it goes up under its
 * name, checked, and may be sent again. The age of a blob is the store's `LastModified`, in whole seconds of its clock.
 * Deleting what is old looks first and deletes then: within this process nothing comes in between, but two servers
 * with one bucket must not both collect garbage.
 * @throws configInvalid where the store cannot be read and written
 */
export async function openS3Blobs(options: S3BlobsOptions): Promise<Blobs> {
  const { bucket, folder, cacheBytes = 10 * 1024 * mebibyte } = options;
  const { partBytes = 16 * mebibyte, copyBytes = 5 * 1024 * mebibyte } = options;
  const { sdk, client } = await openS3({ attempts: 5, ...options });
  const place: S3Place = { sdk, client, bucket, partBytes, copyBytes };
  const root = options.prefix === '' ? 'sha256/' : `${options.prefix}/sha256/`;
  const unfinished = join(folder, 'unfinished');
  await assertUsable(place, root);
  // Nobody else works here: what lies there belonged to a process that is gone.
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  // Readers are handed a path and open it later: an hour is longer than any query may take.
  const cache = await openFileCache({
    folder: join(folder, 'copies'),
    maxBytes: cacheBytes,
    maxFiles: 100_000,
    keepMs: 3_600_000,
  });
  const inTurn = createTurns();
  const copying = atMost(copiesAtOnce);
  const toKey = (sha256: string) => {
    assertBlobId(sha256);
    return `${root}${sha256}`;
  };

  /** `path` is ours and used up: it becomes the copy that readers get. */
  async function store(path: string, blob: StoredBlob): Promise<StoredBlob> {
    await inTurn(blob.sha256, () => uploadFile(place, toKey(blob.sha256), path, blob));
    const copy = await cache.take(blob.sha256, (to) => rename(path, to));
    copy.release();
    return blob;
  }

  async function put(content: Source): Promise<StoredBlob> {
    const temporary = join(unfinished, randomUUID());
    try {
      return await store(temporary, await writeHashed(temporary, content, false));
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** A copy of our own, or the file itself once it is given away: it must not change under the upload. */
  async function putFile(path: string, move: boolean): Promise<StoredBlob> {
    const temporary = join(unfinished, randomUUID());
    try {
      await (move ? moveFile(path, temporary) : copyFile(path, temporary));
      return await store(temporary, await hashFile(temporary));
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async function download(sha256: string, to: string): Promise<void> {
    const written = await writeHashed(to, await openObject(place, toKey(sha256)), false);
    if (written.sha256 !== sha256) throw errors.blobDamaged({ sha256, found: written.sha256 });
  }

  async function find(sha256: string): Promise<{ size: number; storedAt: number } | null> {
    const head = await headObject(place, toKey(sha256));
    return head && { size: head.ContentLength ?? 0, storedAt: head.LastModified?.getTime() ?? 0 };
  }

  async function remove(sha256: string): Promise<void> {
    await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key: toKey(sha256) }));
    await cache.drop(sha256);
  }

  const partsFolder = join(folder, 'parts');
  const parts = partFiles({ folder: partsFolder, unfinished, isSynced: false, put });
  await parts.dropOlder(7 * day);

  return {
    put,
    parts,
    putFile: (path, { move = false } = {}) => putFile(path, move),
    get: async (sha256, part) =>
      Readable.from(await openObject(place, toKey(sha256), part), { objectMode: false }),
    read: async (sha256) => buffer(await openObject(place, toKey(sha256))),
    stat: async (sha256) => find(sha256),
    async localPath(sha256) {
      assertBlobId(sha256);
      const copy = await cache.take(sha256, (to) => copying(() => download(sha256, to)));
      copy.release();
      return copy.path;
    },
    async verify(sha256) {
      const temporary = join(unfinished, randomUUID());
      try {
        const content = await openObject(place, toKey(sha256));
        return (await writeHashed(temporary, content, false)).sha256 === sha256;
      } finally {
        await rm(temporary, { force: true });
      }
    },
    async delete(sha256) {
      const key = toKey(sha256);
      await inTurn(key.slice(-64), () => remove(sha256));
    },
    async keep(sha256s) {
      for (const sha256 of new Set(sha256s))
        await inTurn(sha256, async () => restampObject(place, toKey(sha256)));
    },
    deleteOlder: (sha256, milliseconds) =>
      inTurn(sha256, async () => {
        const found = await find(sha256);
        if (!found || found.storedAt > Date.now() - milliseconds) return null;
        await remove(sha256);
        return found.size;
      }),
    async *list(after = '') {
      for await (const id of listKeys(place, root, after)) if (isBlobId(id)) yield id;
    },
  };
}

/** Said at the start, not at the first upload: whether the bucket is there and these keys may write and delete in it. */
async function assertUsable({ sdk, client, bucket }: S3Place, root: string): Promise<void> {
  const Key = `${root}.can-write`;
  try {
    await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }));
    await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key, Body: 'yes' }));
    await client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key }));
  } catch (error) {
    client.destroy();
    const reason = describeFailure(error, bucket);
    throw errors.configInvalid({ variable: '--blobs (TIDEMILL_BLOBS)', reason }, error);
  }
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await copyFile(from, to);
    await rm(from);
  }
}

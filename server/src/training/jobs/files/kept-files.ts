/**
 * The files that a job was handed, for a reader. A path is looked up among those the job names and never opened as one:
 * `..` and links lead nowhere.
 */
import { posix } from 'node:path';
import {
  type Download,
  type Input,
  type jobsEndpoints,
  mostJobFileText,
  type Page,
  type Reply,
} from '@tidemill/contract';
import type { Blobs } from '../../../adapters/blobs/blobs.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import { inParallel } from '../../../base/in-parallel.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../../base/page.ts';
import { filesOf, type JobRecord } from '../rules.ts';
import { jobFileStore } from './store.ts';

type Request<N extends 'listFiles' | 'getFile'> = Input<(typeof jobsEndpoints)[N]>;
type FileText = Reply<(typeof jobsEndpoints)['getFile']>;
type KeptFile = Reply<(typeof jobsEndpoints)['listFiles']>['items'][number];

export interface KeptFilesDependencies {
  readonly db: Db;
  readonly blobs: Pick<Blobs, 'stat' | 'get'>;
  getRecord(id: string, workspace: string): Promise<JobRecord>;
}

const atOnce = 16;
/** Where git, too, looks for a zero byte. */
const headBytes = 8000;

export function createKeptFiles({ db, blobs, getRecord }: KeptFilesDependencies) {
  const ownerOf = async (id: string, { workspace }: Caller): Promise<string> => {
    const job = await getRecord(id, workspace);
    return job.kind === 'command' ? filesOf(job) : job.id;
  };

  async function find({ id, path, role = 'code' }: Request<'getFile'>, caller: Caller) {
    const owner = await ownerOf(id, caller);
    const file = isText(path) ? await jobFileStore(db).find(owner, role, path) : null;
    const found = file && (await blobs.stat(file.sha256));
    if (!file || !found) throw errors.jobFileNotFound({ job: id, path, role });
    return { path, sha256: file.sha256, executable: file.executable ?? false, size: found.size };
  }

  return {
    async list(
      { id, role = 'code', ...input }: Request<'listFiles'>,
      caller: Caller,
    ): Promise<Page<KeptFile>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      const rows = await jobFileStore(db).page(await ownerOf(id, caller), role, limit + 1, after);
      const { items, nextCursor } = toPage(rows, limit, ({ path }) => path);
      const withSize = async ({ path, sha256, executable = false }: (typeof items)[number]) => ({
        ...{ path, sha256, executable },
        size: (await blobs.stat(sha256))?.size ?? null,
      });
      return { items: await inParallel(items, atOnce, withSize), nextCursor };
    },

    /** @throws jobFileNotFound */
    async text(input: Request<'getFile'>, caller: Caller): Promise<FileText> {
      const file = await find(input, caller);
      const length = Math.min(file.size, mostJobFileText);
      const bytes = length === 0 ? Buffer.alloc(0) : await readStart(file.sha256, length);
      const isWhole = length === file.size;
      const text = toText(bytes, isWhole);
      return { ...file, isBinary: text === null, text, isWhole: isWhole && text !== null };
    },

    /** As bytes and nothing else: no browser is to take it for a page of ours. @throws jobFileNotFound */
    async download(input: Request<'getFile'>, caller: Caller): Promise<Download> {
      const { path, sha256, size } = await find(input, caller);
      return {
        ...{ size, sha256, etag: sha256, fileName: posix.basename(path) },
        content: await blobs.get(sha256),
        mediaType: 'application/octet-stream',
        slice: (first, last) => blobs.get(sha256, { first, last }),
      };
    },
  };

  async function readStart(sha256: string, length: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of await blobs.get(sha256, { first: 0, last: length - 1 })) parts.push(part);
    return Buffer.concat(parts);
  }
}

/** Null for what is no text; a letter that was cut at the end is left out. */
function toText(bytes: Buffer, isWhole: boolean): string | null {
  if (bytes.subarray(0, headBytes).includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return null;
  }
}

import { createHash } from 'node:crypto';
import { createReadStream, open } from 'node:fs';
import { copyFile, link, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Download, ReadFormat } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import { type CachedFile, type FileCache, openFileCache } from '../../base/file-cache.ts';
import { FileStream } from '../../base/file-stream.ts';

export interface Selection {
  readonly columns?: readonly string[] | undefined;
  readonly where?: string | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

export interface Export extends Selection {
  /** Of the version: with selection, format and `writerRevision` it names the bytes. */
  readonly digest: string;
  readonly format: ReadFormat;
}

type Opened = Required<Pick<Download, 'content' | 'size' | 'etag' | 'sha256' | 'slice'>>;
type Part = { readonly first: number; readonly last: number };

/** To be raised with whatever changes the bytes of an export: DuckDB, the Arrow writer, the way values are written. */
const writerRevision = 1;
const limits = { maxBytes: 10 * 2 ** 30, maxFiles: 1000 };
const rememberedDigests = 10_000;
const openFile = promisify(open);

/** Unknown before the file is made where a condition chooses the rows: `random() < 0.1` is another choice each time. */
export const exportTag = (request: Export): string | undefined =>
  request.where === undefined ? keyOf(request) : undefined;

const keyOf = ({ digest, format, columns, where, limit, offset }: Export): string => {
  const named = [
    digest,
    writerRevision,
    format,
    columns ?? null,
    where ?? null,
    limit ?? null,
    offset ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(named)).digest('hex');
};

/**
 * Versions as files of other formats and selections, made once and kept while there is room: what a client reads in
 * parts, over hours perhaps, is one file. Readers at the same time share the making, which ends with the last of them.
 */
export function createExports({ analytics, folder }: { analytics: Analytics; folder: string }) {
  let opened: Promise<FileCache> | undefined;
  const digests = new Map<string, string>();

  async function make(request: Export, table: TableSource, to: string, signal: AbortSignal): Promise<void> {
    const { format, columns, where, limit, offset } = request;
    const part = {
      ...(columns?.length && { columns }),
      ...(limit !== undefined && { limit }),
      ...(offset !== undefined && { offset }),
    };
    const [only, ...others] = table.paths;
    const isOneFile = only !== undefined && others.length === 0 && !table.columns && !table.lines;
    if (format === 'parquet' && isOneFile && where === undefined && Object.keys(part).length === 0)
      return linkOrCopy(only, to);
    if (where === undefined) return analytics.exportFile({ table, format, to, signal, ...part });
    const chosen = `${to}.chosen`;
    try {
      // The condition is the user's, so it runs where it can read nothing but this table.
      const sql = `select * from data where (${where}\n)`;
      await analytics.sandboxedCopy({ sql, tables: { data: table }, to: chosen, signal });
      await analytics.exportFile({ table: { paths: [chosen] }, format, to, signal, ...part });
    } finally {
      await rm(chosen, { force: true });
    }
  }

  async function sha256Of(tag: string, path: string): Promise<string> {
    const known = digests.get(tag);
    if (known !== undefined) return known;
    const hash = createHash('sha256');
    for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
    const sha256 = hash.digest('hex');
    digests.set(tag, sha256);
    const [oldest] = digests.keys();
    if (digests.size > rememberedDigests && oldest !== undefined) digests.delete(oldest);
    return sha256;
  }

  return {
    /** All of them, of whatever version. */
    async clear(): Promise<void> {
      opened ??= openFileCache({ folder, ...limits });
      await (await opened).clear(async () => true);
    },

    /** `source` is asked only if the file must be made. */
    async open(request: Export, source: () => Promise<TableSource>, signal?: AbortSignal): Promise<Opened> {
      opened ??= openFileCache({ folder, ...limits });
      const cache = await opened;
      const tag = keyOf(request);
      const take = () =>
        cache.take(
          tag,
          async (to, abort) => {
            digests.delete(tag);
            await make(request, await source(), to, abort);
          },
          signal,
        );
      const file = await take();
      try {
        const sha256 = await sha256Of(tag, file.path);
        return {
          size: file.size,
          sha256,
          etag: exportTag(request) ?? sha256,
          content: await streamOf(file),
          slice: async (first, last) => streamOf(await take(), { first, last }),
        };
      } catch (error) {
        file.release();
        throw error;
      }
    },
  };
}

export type Exports = ReturnType<typeof createExports>;

/** The file stays as long as somebody reads it. */
async function streamOf(file: CachedFile, part?: Part): Promise<FileStream> {
  try {
    return new FileStream(await openFile(file.path, 'r'), part).once('close', file.release);
  } catch (error) {
    file.release();
    throw error;
  }
}

/** A chunk that is the whole version is what an export would be: it takes no time and no space. */
async function linkOrCopy(path: string, to: string): Promise<void> {
  await link(path, to).catch(() => copyFile(path, to));
}

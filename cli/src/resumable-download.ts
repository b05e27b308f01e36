import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Download, TidemillClientError } from '@tidemill/sdk';
import { failures } from './failure.ts';
import { formatBytes } from './table.ts';

type From = { readonly offset: number; readonly etag: string };

export interface DownloadSource {
  /** The whole, or what follows the bytes that are there if they are of the same content. */
  open(from: From | undefined): Promise<Download>;
  say(text: string): void;
}

export interface Downloaded {
  readonly bytes: number;
  /** How many of them were there from before. */
  readonly resumedAt: number;
  readonly sha256: string;
}

interface Part {
  readonly path: string;
  readonly etag: string;
  readonly size: number;
}

/** Attempts in a row that bring nothing. */
const attempts = 6;
const firstPauseMs = 250;

/**
 * Writes a file whole and verified, or not at all. What has come lies beside it as `<name>.<ETag>.part`: a broken
 * connection, and a later call after a kill, go on from there.
 */
export async function downloadFile(output: string, source: DownloadSource): Promise<Downloaded> {
  const resumedAt = (await findPart(output))?.size ?? 0;
  for (let failed = 0; ; failed += 1) {
    const before = (await findPart(output))?.size ?? 0;
    try {
      const { part, sha256 } = await fetchRest(output, source);
      const { size } = await stat(part);
      const found = await hashOf(part);
      if (found !== (sha256 ?? found)) {
        await rm(part, { force: true });
        throw failures.downloadDamaged(output);
      }
      await rename(part, output);
      return { bytes: size, resumedAt: Math.min(resumedAt, size), sha256: found };
    } catch (error) {
      if (!(error instanceof BrokenOff)) throw error;
      const now = (await findPart(output))?.size ?? 0;
      if (now > before) failed = 0;
      if (failed + 1 >= attempts) throw error.cause;
      source.say(`The connection broke at ${formatBytes(now)}; trying again.`);
      await pause(firstPauseMs * 2 ** failed);
    }
  }
}

/** The connection's fault, not the file's. */
class BrokenOff extends Error {
  override readonly name = 'BrokenOff';
}

async function fetchRest(
  output: string,
  { open: ask, say }: DownloadSource,
): Promise<{ part: string; sha256: string | undefined }> {
  const there = await findPart(output);
  // Its last byte comes again: nobody can ask for what follows the end of a part that is whole already.
  const from = there && there.size > 0 ? { offset: there.size - 1, etag: there.etag } : undefined;
  const download = await ask(from).catch((error: unknown) => {
    const isLost = error instanceof TidemillClientError && (error.status === 0 || error.status >= 500);
    throw isLost ? new BrokenOff('', { cause: error }) : error;
  });
  const start = download.offset ?? 0;
  if (there && start === 0) await rm(there.path, { force: true });
  const part = `${output}.${download.etag ?? 'whole'}.part`;
  const file = await open(part, start > 0 ? 'r+' : 'w').catch((cause: unknown) => {
    throw failures.fileNotWritten(part, cause);
  });
  try {
    const end = await write(file, download, start, say);
    if (download.size !== undefined && end !== download.size)
      throw new BrokenOff('', { cause: new Error(`only ${end} of ${download.size} bytes came`) });
  } finally {
    await file.close();
  }
  return { part, sha256: download.sha256 };
}

async function write(
  file: FileHandle,
  { content, size }: Download,
  start: number,
  say: (text: string) => void,
): Promise<number> {
  let position = start;
  const tenthOf = (bytes: number) => (size ? Math.floor((10 * bytes) / size) : 0);
  const tells = size !== undefined && size >= tellsFrom;
  const pieces = content[Symbol.asyncIterator]();
  for (;;) {
    const next = await pieces.next().catch((cause: unknown) => {
      throw new BrokenOff('', { cause });
    });
    if (next.done) return position;
    const before = tenthOf(position);
    for (let taken = 0; taken < next.value.length; ) {
      const { bytesWritten } = await file.write(next.value, taken, next.value.length - taken, position);
      taken += bytesWritten;
      position += bytesWritten;
    }
    if (tells && tenthOf(position) > before) say(`${formatBytes(position)} of ${formatBytes(size)}`);
  }
}

const tellsFrom = 16_000_000;

/** What an earlier attempt left beside the file. */
async function findPart(output: string): Promise<Part | null> {
  const prefix = `${basename(output)}.`;
  const folder = dirname(output);
  for (const name of await readdir(folder).catch(() => [])) {
    const etag = name.startsWith(prefix)
      ? /^([\w-]+)\.part$/.exec(name.slice(prefix.length))?.[1]
      : undefined;
    if (etag === undefined || etag === 'whole') continue;
    const path = join(folder, name);
    return { path, etag, size: (await stat(path)).size };
  }
  return null;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest('hex');
}

/**
 * Append-only segments of one endpoint: lines of JSON in files that only grow, written by one writer in large pieces.
 * What was flushed survives `kill -9`; a line torn by it is cut off when the log is opened again.
 */
import { type FileHandle, mkdir, open, readdir, readFile, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../base/ids.ts';
import { type Block, createIdBlocks, type IdBlocks } from './id-blocks.ts';
import { dayOf, type SegmentKind } from './rules.ts';

export interface Segment {
  readonly id: string;
  /** UTC day it was begun. */
  readonly day: string;
  readonly path: string;
  /** Bytes and lines in the file. */
  size: number;
  rows: number;
  /** Lines that hold `options.marker`. */
  marked: number;
  readonly blocks: IdBlocks;
}

/** How a line begins that can be found by its id. */
const idStart = '{"id":';

export interface SegmentLogOptions<T> {
  readonly folder: string;
  readonly kind: SegmentKind;
  readonly toLine: (item: T) => string;
  readonly now: () => number;
  /** A text to count lines by. */
  readonly marker?: string;
  /** Lines that begin with it, as JSON writes a first field `id`, are found by that id. */
  readonly idOf?: (item: T) => string;
  /** Told after each write, with the number of lines written. */
  readonly onWritten?: (rows: number) => void;
  /** Told of lines that will not be in the file. */
  readonly onFailed?: (error: unknown, rows: number) => void;
  /** What could not be written stays in the buffer and is tried again, until that is full. */
  readonly keepsFailed?: boolean;
  readonly flushMs?: number;
  readonly flushItems?: number;
  readonly retryMs?: number;
  readonly maximumBytes?: number;
  /** Characters of lines that wait to be written; lines beyond are lost, and counted. 16 Mi. */
  readonly bufferedBytes?: number;
}

export interface SegmentLog<T> {
  /** Into the buffer, written at most `flushMs` later. Never waits, never throws; false where the buffer is full and it is lost. */
  append(item: T): boolean;
  /** Resolves when everything appended so far is in the file; rejects when it could not be written. */
  flush(): Promise<void>;
  segments(): readonly Segment[];
  /** Segments that no line will be added to any more. */
  full(): readonly Segment[];
  /** Ends the open segment, so that it becomes full. */
  rotate(): Promise<void>;
  /** No longer part of the log; the file stays until `removeSegment`. */
  detach(id: string): void;
  /** Lines that may be the one of an id, the newest first. */
  find(id: string, isWanted: (segment: Segment) => boolean): AsyncIterable<string>;
  /** Lines lost since the log was opened, lines and characters that wait, and why the last write failed if it did. */
  state(): LogState;
  close(): Promise<void>;
}

export interface LogState {
  readonly lost: number;
  readonly waitingRows: number;
  readonly waitingBytes: number;
  readonly problem: string | null;
}

const defaultBuffer = 16 * 2 ** 20;
const lengthOf = (line: string): number => line.length;

/** Opens what an earlier process left, mended; segments named in `sealed` were stored already and are deleted. */
export async function openSegmentLog<T>(
  options: SegmentLogOptions<T>,
  sealed: ReadonlySet<string> = new Set(),
): Promise<SegmentLog<T>> {
  const { folder, kind, toLine, idOf, now, flushMs = 50, flushItems = 512, retryMs = 1000 } = options;
  const { maximumBytes = 8 * 2 ** 20, bufferedBytes = defaultBuffer, marker, keepsFailed = false } = options;
  let segments = await findSegments(folder, kind, marker, idOf !== undefined, sealed);
  let current: { segment: Segment; file: FileHandle } | undefined;
  let lines: string[] = [];
  let ids: string[] = [];
  /** Of the lines that wait and those that are being written. */
  const waiting = { rows: 0, bytes: 0 };
  let lost = 0;
  let problem: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function openCurrent(): Promise<{ segment: Segment; file: FileHandle }> {
    const day = dayOf(now());
    if (current && (current.segment.size >= maximumBytes || current.segment.day !== day)) await endCurrent();
    if (current) return current;
    await mkdir(folder, { recursive: true });
    const id = newId('segment');
    const path = join(folder, `${kind}.${day}.${id}.ndjson`);
    const file = await open(path, 'a');
    const segment: Segment = { id, day, path, size: 0, rows: 0, marked: 0, blocks: createIdBlocks() };
    current = { segment, file };
    segments = [...segments, segment];
    return current;
  }

  async function endCurrent(): Promise<void> {
    const ended = current;
    current = undefined;
    await ended?.file.close();
  }

  /** Half a write would glue the next line to a torn one, so the file is cut back to its last whole line. */
  async function write(batch: readonly string[], names: readonly string[]): Promise<void> {
    const { segment, file } = await openCurrent();
    const text = batch.join('');
    const bytes = Buffer.from(text);
    // Mostly there is nothing but ASCII, and then each line has as many bytes as characters.
    const sizeOf = text.length === bytes.length ? lengthOf : Buffer.byteLength;
    try {
      await writeFully(file, bytes);
    } catch (error) {
      await truncate(segment.path, segment.size).catch(endCurrent);
      throw error;
    }
    segment.size += bytes.length;
    segment.rows += batch.length;
    names.forEach((id, i) => {
      segment.blocks.add(id, sizeOf(batch[i] as string));
    });
    if (marker) segment.marked += countOf(bytes, marker);
  }

  async function writeBuffer(): Promise<void> {
    next = undefined;
    const [batch, names] = [lines, ids];
    [lines, ids] = [[], []];
    if (batch.length === 0) return;
    try {
      await write(batch, names);
      problem = null;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      if (keepsFailed) {
        lines = batch.concat(lines);
        ids = names.concat(ids);
        timer ??= setTimeout(flushLater, retryMs);
      } else {
        settle(batch);
        lose(error, batch.length);
      }
      throw error;
    }
    settle(batch);
    options.onWritten?.(batch.length);
  }

  function settle(batch: readonly string[]): void {
    waiting.rows -= batch.length;
    waiting.bytes -= batch.reduce((sum, line) => sum + line.length, 0);
  }

  function lose(error: unknown, rows: number): void {
    lost += rows;
    options.onFailed?.(error, rows);
  }

  /** Whoever asks while a write runs shares the one after it. */
  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (!next) {
      next = last.then(writeBuffer);
      last = next.catch(() => {});
    }
    return next;
  }

  /** Nobody waits for it; `onFailed` has told. */
  function flushLater(): void {
    void flush().catch(() => {});
  }

  function enqueue(item: T): boolean {
    if (waiting.bytes >= bufferedBytes) {
      lose(new Error(problem ?? 'the disk is slower than the predictions'), 1);
      return false;
    }
    let line: string;
    try {
      line = toLine(item);
    } catch (error) {
      lose(error, 1);
      return false;
    }
    lines.push(line);
    if (idOf) ids.push(idOf(item));
    waiting.rows += 1;
    waiting.bytes += line.length;
    return true;
  }

  return {
    append(item) {
      const isKept = enqueue(item);
      // While a disk fails it is asked once per `retryMs`, not once per line.
      if (lines.length >= flushItems && problem === null) flushLater();
      else if (!next) timer ??= setTimeout(flushLater, flushMs);
      return isKept;
    },
    flush,
    segments: () => segments,
    full: () => segments.filter((segment) => segment !== current?.segment),
    async rotate() {
      const ended = flush().then(endCurrent);
      last = ended.catch(() => {});
      await ended;
    },
    detach(id) {
      segments = segments.filter((segment) => segment.id !== id);
    },
    async *find(id, isWanted) {
      for (const { path, blocks } of segments.filter(isWanted).toReversed())
        for (const block of blocks.find(id)) yield* linesOf(await readBlock(path, block), id);
    },
    state: () => ({ lost, waitingRows: waiting.rows, waitingBytes: waiting.bytes, problem }),
    async close() {
      await flush().catch(() => {});
      clearTimeout(timer);
      if (lines.length > 0) lose(new Error(problem ?? 'the log was closed'), lines.length);
      await endCurrent();
    },
  };
}

/** One that was sealed meanwhile is read as such. */
async function readBlock(path: string, { start, end }: Block): Promise<Buffer> {
  const file = await open(path).catch(() => null);
  if (!file) return Buffer.alloc(0);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function* linesOf(bytes: Buffer, id: string): Iterable<string> {
  const wanted = Buffer.from(idStart + JSON.stringify(id));
  for (let at = bytes.lastIndexOf(wanted); at >= 0; at = at === 0 ? -1 : bytes.lastIndexOf(wanted, at - 1))
    if (at === 0 || bytes[at - 1] === 0x0a) yield bytes.subarray(at, bytes.indexOf(0x0a, at)).toString();
}

export const removeSegment = (segment: Segment): Promise<void> => unlink(segment.path).catch(ignoreMissing);

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function writeFully(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, offset);
    offset += bytesWritten;
  }
}

async function findSegments(
  folder: string,
  kind: SegmentKind,
  marker: string | undefined,
  hasIds: boolean,
  sealed: ReadonlySet<string>,
): Promise<readonly Segment[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    ignoreMissing(error);
    return [];
  });
  const found: Segment[] = [];
  for (const name of names.sort()) {
    const [foundKind, day, id, ending] = name.split('.');
    if (foundKind !== kind || !day || !id || ending !== 'ndjson') continue;
    const path = join(folder, name);
    const segment = { id, day, path, size: 0, rows: 0, marked: 0, blocks: createIdBlocks() };
    if (sealed.has(id)) await removeSegment(segment);
    else found.push(await repair(segment, marker, hasIds));
  }
  return found;
}

/** Counts the lines, and cuts off what follows the last line end. */
async function repair(segment: Segment, marker: string | undefined, hasIds: boolean): Promise<Segment> {
  const content = await readFile(segment.path);
  segment.size = content.lastIndexOf(0x0a) + 1;
  if (segment.size < content.length) await truncate(segment.path, segment.size);
  segment.rows = countOf(content.subarray(0, segment.size), '\n');
  segment.marked = marker ? countOf(content.subarray(0, segment.size), marker) : 0;
  if (hasIds) addBlocks(segment.blocks, content.subarray(0, segment.size));
  return segment;
}

function addBlocks(blocks: IdBlocks, content: Buffer): void {
  for (let start = 0; start < content.length; ) {
    const end = content.indexOf(0x0a, start) + 1;
    const quoted = content.toString('utf8', start + idStart.length, Math.min(end, start + 2000));
    blocks.add(firstText(quoted), end - start);
    start = end;
  }
}

/** The JSON text that something begins with. */
const firstText = (text: string): string => String(JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(text)?.[0] ?? '""'));

function countOf(content: Buffer, text: string): number {
  let count = 0;
  for (let at = content.indexOf(text); at !== -1; at = content.indexOf(text, at + text.length)) count += 1;
  return count;
}

/**
 * Append-only segments of one endpoint: lines of JSON in files that only grow, written by one writer in large pieces.
 * What was flushed survives `kill -9`; a line torn by it is cut off when the log is opened again.
 */
import { type FileHandle, mkdir, open, readdir, readFile, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../base/ids.ts';
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
}

export interface SegmentLogOptions<T> {
  readonly folder: string;
  readonly kind: SegmentKind;
  readonly toLine: (item: T) => string;
  readonly now: () => number;
  /** A text to count lines by. */
  readonly marker?: string;
  /** Told after each write, with the number of lines written. */
  readonly onWritten?: (rows: number) => void;
  readonly onFailed?: (error: unknown, rows: number) => void;
  readonly flushMs?: number;
  readonly flushItems?: number;
  readonly maximumBytes?: number;
}

export interface SegmentLog<T> {
  /** Into the buffer, written at most `flushMs` later. Never waits, never throws. */
  append(item: T): void;
  /** Resolves when everything appended so far is in the file; rejects when it could not be written. */
  flush(): Promise<void>;
  segments(): readonly Segment[];
  /** Segments that no line will be added to any more. */
  full(): readonly Segment[];
  /** Ends the open segment, so that it becomes full. */
  rotate(): Promise<void>;
  /** No longer part of the log; the file stays until `removeSegment`. */
  detach(id: string): void;
  close(): Promise<void>;
}

/** Opens what an earlier process left, mended; segments named in `sealed` were stored already and are deleted. */
export async function openSegmentLog<T>(
  options: SegmentLogOptions<T>,
  sealed: ReadonlySet<string> = new Set(),
): Promise<SegmentLog<T>> {
  const { folder, kind, toLine, now, flushMs = 50, flushItems = 512, maximumBytes = 8 * 2 ** 20 } = options;
  let segments = await findSegments(folder, kind, options.marker, sealed);
  let current: { segment: Segment; file: FileHandle } | undefined;
  let items: T[] = [];
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
    const segment: Segment = { id, day, path, size: 0, rows: 0, marked: 0 };
    current = { segment, file: await open(path, 'a') };
    segments = [...segments, segment];
    return current;
  }

  async function endCurrent(): Promise<void> {
    const ended = current;
    current = undefined;
    await ended?.file.close();
  }

  /** Half a write would glue the next line to a torn one, so the file is cut back to its last whole line. */
  async function write(batch: T[]): Promise<void> {
    const { segment, file } = await openCurrent();
    const lines = batch.map(toLine);
    const bytes = Buffer.from(lines.join(''));
    try {
      await writeFully(file, bytes);
    } catch (error) {
      await truncate(segment.path, segment.size).catch(endCurrent);
      throw error;
    }
    segment.size += bytes.length;
    segment.rows += lines.length;
    const { marker } = options;
    if (marker) segment.marked += lines.reduce((count, line) => count + (line.includes(marker) ? 1 : 0), 0);
  }

  async function writeBuffer(): Promise<void> {
    next = undefined;
    const batch = items;
    items = [];
    if (batch.length === 0) return;
    try {
      await write(batch);
    } catch (error) {
      options.onFailed?.(error, batch.length);
      throw error;
    }
    options.onWritten?.(batch.length);
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
  const flushLater = () => void flush().catch(() => {});

  return {
    append(item) {
      items.push(item);
      if (items.length >= flushItems) flushLater();
      else timer ??= setTimeout(flushLater, flushMs);
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
    async close() {
      await flush().catch(() => {});
      await endCurrent();
    },
  };
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
    const segment = { id, day, path: join(folder, name), size: 0, rows: 0, marked: 0 };
    if (sealed.has(id)) await removeSegment(segment);
    else found.push(await repair(segment, marker));
  }
  return found;
}

/** Counts the lines, and cuts off what follows the last line end. */
async function repair(segment: Segment, marker: string | undefined): Promise<Segment> {
  const content = await readFile(segment.path);
  segment.size = content.lastIndexOf(0x0a) + 1;
  if (segment.size < content.length) await truncate(segment.path, segment.size);
  segment.rows = countOf(content.subarray(0, segment.size), '\n');
  segment.marked = marker ? countOf(content.subarray(0, segment.size), marker) : 0;
  return segment;
}

function countOf(content: Buffer, text: string): number {
  let count = 0;
  for (let at = content.indexOf(text); at !== -1; at = content.indexOf(text, at + text.length)) count += 1;
  return count;
}

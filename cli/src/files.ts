import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import type { Content, Download } from '@tidemill/sdk';
import { failures } from './failure.ts';
import { formatBytes } from './table.ts';

const progressFrom = 16_000_000;

/** A file's bytes as a stream (`-` is standard input); large ones tell how far they are. @throws fileNotFound */
export async function openContent(path: string, say: (text: string) => void): Promise<Content> {
  if (path === '-') return process.stdin;
  const size = await sizeOf(path);
  const stream = createReadStream(path);
  return size < progressFrom ? stream : withProgress(stream, size, say);
}

/** The size of a plain file. @throws fileNotFound, fileUnreadable */
export async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((cause) => {
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT'
      ? failures.fileNotFound(path)
      : failures.fileUnreadable(path, cause);
  });
  if (found.isDirectory()) throw failures.fileUnreadable(path, 'it is a folder');
  return found.size;
}

async function* withProgress(
  stream: AsyncIterable<Uint8Array>,
  size: number,
  say: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  let told = 0;
  for await (const bytes of stream) {
    yield bytes;
    sent += bytes.length;
    const tenth = Math.floor((10 * sent) / size);
    if (tenth > told) say(`sent ${formatBytes(sent)} of ${formatBytes(size)}`);
    told = Math.max(told, tenth);
  }
  say('all sent; the server is at work on it');
}

/** All text of a file, or of standard input for `-`. @throws fileNotFound, fileUnreadable */
export async function readText(path: string): Promise<string> {
  if (path === '-') return readAll(process.stdin);
  await sizeOf(path);
  return readFile(path, 'utf8').catch((cause) => {
    throw failures.fileUnreadable(path, cause);
  });
}

/** Writes a download to a file, whole or not at all; `-` is standard output. Returns the bytes written. */
export async function writeDownload(download: Download, path: string): Promise<number> {
  let size = 0;
  const counted = Readable.from(
    (async function* () {
      for await (const bytes of download.content) {
        size += bytes.length;
        yield bytes;
      }
    })(),
  );
  if (path === '-') {
    await pipeline(counted, process.stdout, { end: false });
    return size;
  }
  const part = `${path}.part`;
  const target = createWriteStream(part);
  try {
    await pipeline(counted, target);
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true });
    throw failures.fileNotWritten(path, cause);
  }
  return size;
}

/** Records of a JSON array, one JSON object, or one object per line; `-` is standard input. @throws jsonInvalid */
export async function readRecords(path: string): Promise<Record<string, unknown>[]> {
  const content = await readText(path);
  const found = parseRecords(content, path === '-' ? 'Standard input' : path);
  return found as Record<string, unknown>[];
}

function parseRecords(content: string, name: string): unknown[] {
  try {
    const whole: unknown = JSON.parse(content);
    return Array.isArray(whole) ? whole : [whole];
  } catch (cause) {
    const lines = content.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) throw failures.jsonInvalid(name, cause);
    return lines.map((line, i) => {
      try {
        return JSON.parse(line);
      } catch (lineCause) {
        throw failures.jsonInvalid(`Line ${i + 1} of ${name}`, lineCause);
      }
    });
  }
}

/** What a JSON file says, or the default export of a TypeScript or JavaScript module. @throws definitionInvalid */
export async function readDefinition<T extends object>(path: string): Promise<T> {
  await sizeOf(path);
  const value = extname(path) === '.json' ? await readJson(path) : await importDefault(path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as T;
  throw failures.definitionInvalid(path, 'its content is not an object.');
}

async function readJson(path: string): Promise<unknown> {
  const content = await readText(path);
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw failures.jsonInvalid(path, cause);
  }
}

async function importDefault(path: string): Promise<unknown> {
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (cause) {
    const isTypes = (cause as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION';
    const reason = isTypes
      ? `Node ${process.versions.node} does not read TypeScript. Use Node 22.18 or newer, or write it as .js.`
      : `${cause instanceof Error ? cause.message : cause}`;
    throw failures.definitionInvalid(path, reason, cause);
  }
  if (module.default !== undefined) return module.default;
  throw failures.definitionInvalid(
    path,
    'it has no default export. Write `export default defineProject({ … })`.',
  );
}

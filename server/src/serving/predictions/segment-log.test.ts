import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTempDir, tempDir } from '../../testing/temp-dir.ts';
import { openSegmentLog, removeSegment } from './segment-log.ts';

const day = Date.parse('2026-11-23T10:00:00Z');
const openLog = (folder: string, options: { maximumBytes?: number; now?: () => number } = {}) =>
  openSegmentLog<{ n: number }>({
    folder,
    kind: 'predictions',
    toLine: (item) => `${JSON.stringify(item)}\n`,
    now: () => day,
    marker: '"n":7}',
    ...options,
  });

async function linesIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.join('').split('\n').slice(0, -1);
}

test('what was flushed is in the file, in the order appended', async () => {
  const folder = await tempDir();
  const log = await openLog(folder);
  for (let n = 0; n < 2000; n++) log.append({ n });
  await log.flush();
  expect(await linesIn(folder)).toEqual(Array.from({ length: 2000 }, (_, n) => `{"n":${n}}`));
  await log.close();
});

test('the buffer is written without anybody asking', async () => {
  const folder = await tempDir();
  const log = await openLog(folder);
  log.append({ n: 1 });
  await expect.poll(() => linesIn(folder)).toEqual(['{"n":1}']);
  await log.close();
});

test('a torn last line is cut off when the log is opened, and whole lines are counted', async () => {
  const folder = await tempDir();
  const log = await openLog(folder);
  log.append({ n: 7 });
  log.append({ n: 8 });
  await log.close();
  const [name = ''] = await readdir(folder);
  await appendFile(join(folder, name), '{"n":9');

  const reopened = await openLog(folder);
  expect(reopened.segments()).toMatchObject([{ rows: 2, marked: 1 }]);
  expect(await linesIn(folder)).toEqual(['{"n":7}', '{"n":8}']);
  await reopened.close();
});

test('any cut of a segment leaves a prefix of its lines', async () => {
  const { path: folder, remove } = await createTempDir();
  const text = ['{"n":1}', '{"n":22,"t":"ä€"}', '{"n":333}', ''].join('\n');
  const bytes = Buffer.from(text);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), async (cut) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'predictions.2026-11-23.segment_1.ndjson'), bytes.subarray(0, cut));
      const log = await openLog(folder);
      const kept = await linesIn(folder);
      expect(text.startsWith(kept.map((line) => `${line}\n`).join(''))).toBe(true);
      expect(log.segments()[0]?.rows).toBe(kept.length);
      await log.close();
    }),
  );
  await remove();
});

test('a segment ends at its size and at the end of its day', async () => {
  const folder = await tempDir();
  let now = day;
  const log = await openLog(folder, { maximumBytes: 20, now: () => now });
  for (const n of [1, 2, 3, 4]) {
    log.append({ n });
    await log.flush();
  }
  expect(log.segments().map((segment) => segment.rows)).toEqual([3, 1]);
  now += 86_400_000;
  log.append({ n: 5 });
  await log.flush();
  expect(log.segments().map((segment) => segment.day)).toEqual(['2026-11-23', '2026-11-23', '2026-11-24']);
  expect(log.full()).toHaveLength(2);
  await log.close();
});

test('a segment stored elsewhere is deleted when the log is opened', async () => {
  const folder = await tempDir();
  const log = await openLog(folder);
  log.append({ n: 1 });
  await log.close();
  const [segment] = log.segments();
  const reopened = await openSegmentLog(
    { folder, kind: 'predictions', toLine: String, now: () => day },
    new Set([segment?.id ?? '']),
  );
  expect(reopened.segments()).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
  if (segment) await removeSegment(segment);
  await reopened.close();
});

test('a write that fails is told to whoever waits, and so is a line that cannot be made', async () => {
  const folder = await tempDir();
  const failures: number[] = [];
  const log = await openSegmentLog<{ n: number | bigint }>({
    folder: join(folder, 'file', 'inside'),
    kind: 'outcomes',
    toLine: (item) => JSON.stringify(item),
    now: () => day,
    onFailed: (_error, rows) => failures.push(rows),
  });
  await writeFile(join(folder, 'file'), '');
  log.append({ n: 1 });
  await expect(log.flush()).rejects.toThrow('ENOTDIR');
  expect(log.append({ n: 2n })).toBe(false);
  expect(failures).toEqual([1, 1]);
  expect(log.state()).toMatchObject({ lost: 2, waitingRows: 0, waitingBytes: 0 });
  await log.close();
});

test('a line is found by its id wherever it is, before and after a restart, the newest first', async () => {
  const folder = await tempDir();
  const options = {
    folder,
    kind: 'predictions',
    toLine: (item: object) => `${JSON.stringify(item)}\n`,
    idOf: ({ id }: { id: string }) => id,
    now: () => day,
    maximumBytes: 300_000,
  } as const;
  const ids = ['a"quoted', 'ü', '', ...Array.from({ length: 5000 }, (_, n) => `prediction_${n}-0`)];
  const log = await openSegmentLog<{ id: string; text: string }>(options);
  for (const [n, id] of ids.entries()) {
    log.append({ id, text: `{"id":"prediction_7-0" ${'x'.repeat(n % 300)}` });
    if (n % 700 === 0) await log.flush();
  }
  log.append({ id: 'prediction_3-0', text: 'again' });
  await log.flush();
  const found = async (from: typeof log, id: string) => {
    const texts: string[] = [];
    for await (const line of from.find(id, () => true)) texts.push(JSON.parse(line).text as string);
    return texts;
  };
  await log.close();
  const reopened = await openSegmentLog<{ id: string; text: string }>(options);
  for (const each of [log, reopened]) {
    expect(each.segments().length).toBeGreaterThan(2);
    for (const [n, id] of ids.entries())
      if (n % 50 === 0 || n < 10)
        expect((await found(each, id)).at(-1)).toBe(`{"id":"prediction_7-0" ${'x'.repeat(n % 300)}`);
    expect((await found(each, 'prediction_3-0'))[0]).toBe('again');
    expect(await found(each, 'prediction_9999-0')).toEqual([]);
  }
  await reopened.close();
});

/** Appends more than the disk takes, tells what became of it, and goes on when there is room again. */
const filler = `
  const { openSegmentLog } = await import(process.argv[1]);
  const log = await openSegmentLog({ folder: process.argv[2], kind: 'predictions', toLine: (n) => JSON.stringify({ n, text: 'x'.repeat(180) }) + '\\n',
    now: Date.now, keepsFailed: true, bufferedBytes: 100000, flushMs: 5, retryMs: 20 });
  const tell = (what) => process.stdout.write(JSON.stringify({ ...log.state(), ...what }) + '\\n');
  let slowest = 0;
  for (let n = 0; n < 5000; n++) {
    const began = performance.now();
    log.append(n);
    slowest = Math.max(slowest, performance.now() - began);
    if (n % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  tell({ slowest });
  process.once('SIGUSR2', async () => {
    while (log.state().waitingRows > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    log.append(5000);
    await log.flush();
    tell({});
    process.exit();
  });
  setInterval(() => {}, 1000);
`;

test('a full disk costs neither time nor memory without bound: what does not fit is counted, the rest is written when there is room', async () => {
  const folder = await tempDir();
  const module = new URL('./segment-log.ts', import.meta.url).href;
  const start = `ulimit -S -f 200; exec "$0" --input-type=module -e "$1" "$2" "$3"`;
  const child = spawn('bash', ['-c', start, process.execPath, filler, module, folder]);
  const said: Record<string, number | string>[] = [];
  child.stdout.on('data', (chunk) =>
    said.push(
      ...String(chunk)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ),
  );
  const ended = once(child, 'close');
  await expect.poll(() => said.length, { timeout: 20_000 }).toBe(1);
  const [full] = said;
  expect(full?.problem).toContain('EFBIG');
  expect(Number(full?.lost)).toBeGreaterThan(1000);
  expect(Number(full?.waitingBytes)).toBeLessThan(100_300);
  expect(Number(full?.slowest)).toBeLessThan(100);
  // A try in vain may be under way.
  await expect
    .poll(async () => (await linesIn(folder)).length + Number(full?.waitingRows) + Number(full?.lost))
    .toBe(5000);
  await promisify(execFile)('prlimit', ['--pid', String(child.pid), '--fsize=unlimited']);
  child.kill('SIGUSR2');
  await ended;
  const lines = (await linesIn(folder)).map((line) => (JSON.parse(line) as { n: number }).n);
  expect(said[1]).toMatchObject({ lost: full?.lost, problem: null, waitingRows: 0 });
  expect(lines.length + Number(full?.lost)).toBe(5001);
  expect(lines).toEqual([...lines].sort((a, b) => a - b));
  expect(lines.at(-1)).toBe(5000);
});

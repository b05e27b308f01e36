import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

test('a write that fails is told to whoever waits', async () => {
  const folder = await tempDir();
  await writeFile(join(folder, 'file'), '');
  const failures: number[] = [];
  const log = await openSegmentLog<number>({
    folder: join(folder, 'elsewhere'),
    kind: 'outcomes',
    toLine: () => {
      throw new Error('no line');
    },
    now: () => day,
    onFailed: (_error, rows) => failures.push(rows),
  });
  log.append(1);
  await expect(log.flush()).rejects.toThrow('no line');
  expect(failures).toEqual([1]);
  await log.close();
});

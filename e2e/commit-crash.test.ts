// kill -9 at every stage of a commit: what was there is there, what was not committed never was, and nothing is lost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '@tidemill/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../scripts/steps.ts';
import { openDataFolder, type Stage, stages } from '../server/src/testing/halting-commit.ts';
import { createTestPlatform } from '../server/src/testing/platform.ts';
import { startServer } from './cli-process.ts';

const caller = { actor: 'user:tester', role: 'admin', workspace: 'default' } as const;
const header = 'id,price,note\n';
const rowOf = (id: number, price: number): string => `${id},${price}.25,note ${id % 13}`;
const table = Array.from({ length: 30_000 }, (_, id) => rowOf(id, (id * 7_919) % 10_007));
/** Single rows changed all over, so that there are deltas, and a whole part replaced, so that there are plain chunks. */
const changed = table.map((row, id) => {
  if (id >= 10_000 && id < 18_000) return rowOf(id + 100_000, (id * 31) % 977);
  return id % 120 === 7 ? rowOf(id, 77_777) : row;
});
const textOf = (rows: readonly string[]): string => `${header}${rows.join('\n')}\n`;

let folder = '';
let data = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-crash-'));
  data = join(folder, 'data');
  await writeFile(join(folder, 'changed.csv'), textOf(changed));
  const server = await startServer(data);
  const content = new TextEncoder().encode(textOf(table));
  await createClient({ url: server.url }).datasets.commit({ name: 'prices', format: 'csv', content });
  await server.kill();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A process of its own that commits as far as the stage, and is killed there. */
async function killAt(stage: Stage): Promise<void> {
  const script = join(root, 'server/src/testing/halting-commit.ts');
  const words = [script, data, stage, join(folder, 'changed.csv')];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const reached = await Promise.race([once(lines, 'line'), ended]);
  child.kill('SIGKILL');
  await ended;
  expect(reached).toEqual([stage]);
}

/** Each version that the folder has, its rows read to the last. */
async function readAll(): Promise<string[]> {
  const opened = await openDataFolder(data);
  try {
    const { items } = await opened.datasets.listVersions({ name: 'prices' }, caller);
    const texts: string[] = [];
    for (const { version, rows, digest } of items.toReversed()) {
      const download = await opened.datasets.read(
        { name: 'prices', version: String(version), format: 'csv' },
        caller,
      );
      const parts: Uint8Array[] = [];
      for await (const part of download.content) parts.push(part);
      texts.push(Buffer.concat(parts).toString());
      expect(rows).toBe(table.length);
      expect(await opened.blobs.verify(digest)).toBe(true);
    }
    return texts;
  } finally {
    await opened.close();
  }
}

describe('a commit that is killed', () => {
  test.each(stages.filter((stage) => stage !== 'committed'))(
    'when %s leaves the version before, and no other',
    async (stage) => {
      await killAt(stage);
      const texts = await readAll();
      expect(texts).toHaveLength(1);
      expect(texts[0] === textOf(table)).toBe(true);
    },
  );

  test('after its transaction is there whole, though nobody was told', async () => {
    await killAt('committed');
    const texts = await readAll();
    expect(texts.map((text) => text === textOf(table) || text === textOf(changed))).toEqual([true, true]);
    expect(texts[1] === textOf(changed)).toBe(true);
  });

  test('leaves only what gc names and removes; then all versions are read as before', async () => {
    const opened = await openDataFolder(data);
    const orphan = await opened.blobs.put(Buffer.from('half a version'));
    await opened.close();
    const platform = await createTestPlatform({ dataFolder: data });
    try {
      const { garbage, datasets } = platform.services;
      const collect = (apply: boolean) =>
        garbage.collect({ olderThanSeconds: 0, graceSeconds: 0, apply }, caller);
      const named = await collect(false);
      expect(named).toMatchObject({ applied: false });
      expect(named.blobs).toBeGreaterThan(0);
      expect(await collect(true)).toMatchObject({ applied: true, blobs: named.blobs, bytes: named.bytes });
      expect(await collect(false)).toMatchObject({ blobs: 0 });
      expect(await readdir(data)).not.toContain('tmp');
      const content = Buffer.from(textOf(changed));
      const again = await datasets.commit({ name: 'prices', format: 'csv', content }, caller);
      expect(again).toMatchObject({ version: 2, unchanged: true });
    } finally {
      await platform.close();
    }
    await rm(join(data, 'cache'), { recursive: true, force: true });
    expect((await readAll()).map((text) => text === textOf(changed))).toEqual([false, true]);
    const cleaned = await openDataFolder(data);
    expect(await cleaned.blobs.stat(orphan.sha256)).toBeNull();
    await cleaned.close();
  });
});

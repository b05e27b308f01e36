import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { chunkId } from './rules.ts';
import { createDatasets } from './service.ts';

/** 4,000 rows a chunk, about; each thousandth is edited. */
const table = (count: number, value: number, seed: number): Buffer =>
  Buffer.from(
    `id,x,s\n${Array.from({ length: count }, (_, i) => `${i},${i % 1000 === 7 ? value : i % 9},${seed}`).join('\n')}\n`,
  );

describeEachDatabase('integrity', (open) => {
  let wing: DataWing;
  let serial = 0;
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  // Rows of its own for each test: workspaces share blobs.
  const start = async (count = 10_000) => {
    const caller = callerIn(`w${++serial}`);
    const commit = (value: number) =>
      wing.datasets.commit({ name: 't', format: 'csv', content: table(count, value, serial) }, caller);
    await commit(1);
    return { caller, commit };
  };
  const verify = (version: string, caller: Caller, besides?: string) =>
    wing.datasets.verify({ name: 't', version, besides }, caller);
  const rows = async (version: string, caller: Caller) =>
    textOf(
      (await wing.datasets.read({ name: 't', version, format: 'csv', columns: 'id,x' }, caller)).content,
    );
  /** The file of the first chunk of version 1. */
  async function blobOf(caller: Caller): Promise<string> {
    const version = await wing.datasets.getVersion({ name: 't', version: '1' }, caller);
    const { columns, chunks } = await wing.datasets.manifest(version);
    const found = await wing.db
      .selectFrom('dataset_chunks')
      .select('blob')
      .where('id', '=', chunkId(columns, chunks[0]?.digest ?? ''))
      .executeTakeFirstOrThrow();
    return found.blob;
  }
  async function flipByte(blob: string): Promise<void> {
    const path = await wing.blobs.localPath(blob);
    const bytes = await readFile(path);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    await chmod(path, 0o644);
    await writeFile(path, bytes);
  }

  it('of versions that are as they were written', async () => {
    const { caller, commit } = await start(30_000);
    await commit(2);
    const one = await verify('1', caller);
    expect(one).toMatchObject({ reference: 't@1', damage: [], nextCursor: null });
    expect(one.checked).toBe(one.chunks);
    expect(await verify('2', caller)).toMatchObject({ chunks: one.chunks, damage: [] });
    expect(await verify('1', caller, '1')).toMatchObject({ chunks: 0, checked: 0 });
  });

  it.each(['bytes differ', 'missing'] as const)(
    'sees a file whose %s, and the same rows mend it',
    async (problem) => {
      const { caller, commit } = await start();
      const before = await rows('1', caller);
      const blob = await blobOf(caller);
      if (problem === 'missing') await rm(await wing.blobs.localPath(blob));
      else await flipByte(blob);
      const { damage } = await verify('1', caller);
      expect(damage).toMatchObject([{ what: 'chunk', problem, blob }]);
      const { firstRow = 0, lastRow = 0 } = damage[0] ?? {};
      expect(lastRow).toBeGreaterThan(firstRow);
      // By the very rows, or as part of another version.
      expect(await commit(1)).toMatchObject({ version: 1, unchanged: true });
      expect((await verify('1', caller)).damage).toEqual([]);
      expect(await rows('1', caller)).toBe(before);
    },
  );

  it('sees a manifest that is gone, and the same rows mend it', async () => {
    const { caller, commit } = await start();
    const { digest } = await wing.datasets.getVersion({ name: 't', version: '1' }, caller);
    await wing.blobs.delete(digest);
    expect((await verify('1', caller)).damage).toMatchObject([
      { what: 'manifest', problem: 'missing', blob: digest, firstRow: 1, lastRow: 10_000 },
    ]);
    await commit(1);
    expect((await verify('1', caller)).damage).toEqual([]);
  });

  it('sees rows that are not those of the digest, though their file is whole', async () => {
    const { caller } = await start();
    const blob = await blobOf(caller);
    const other = await wing.db
      .selectFrom('dataset_chunks')
      .selectAll()
      .where('blob', '<>', blob)
      .where('runs', 'is', null)
      .executeTakeFirstOrThrow();
    await wing.db.updateTable('dataset_chunks').set({ blob: other.blob }).where('blob', '=', blob).execute();
    const anew = createDatasets({ ...wing, cacheFolder: join(wing.folder, 'cache-2') });
    const { damage } = await anew.verify({ name: 't', version: '1' }, caller);
    expect(damage).toMatchObject([{ what: 'chunk', problem: 'rows differ', blob: other.blob }]);
  });
});

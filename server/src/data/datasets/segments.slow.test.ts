import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDuckdb } from '../../adapters/analytics/duckdb.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createDatasets } from './service.ts';

type Rows = readonly string[];
const toCsv = (rows: Rows): Buffer => Buffer.from(`id,price\n${rows.join('\n')}\n`);
const row = (id: number, price = (id * 7_919) % 10_007): string => `${id},${price}.25`;
const table: Rows = Array.from({ length: 400_000 }, (_, id) => row(id));

describeEachDatabase('tables of many chunks', (open) => {
  let wing: DataWing;
  let names = 0;
  const caller = callerIn('segments');
  const commit = (rows: Rows, more: object = {}) =>
    wing.datasets.commit({ name: 'large', format: 'csv', content: toCsv(rows), ...more }, caller);
  /** As a new process would read it, without what this one has in its memory and its cache. */
  const read = async (version: number, name = 'large') => {
    names += 1;
    const anew = createDatasets({ ...wing, cacheFolder: `${wing.cacheFolder}-${names}` });
    const { content } = await anew.read({ name, version: String(version), format: 'csv' }, caller);
    return textOf(content);
  };
  const blobs = async () => {
    const found = await wing.db
      .selectFrom('dataset_chunk_sources')
      .select(['blob', 'kind'])
      .distinct()
      .execute();
    return found.filter(({ kind }) => kind === 'segment').length;
  };

  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  test('lie in few files, and so do their changes; each version is what it was', async () => {
    const first = await commit(table);
    expect(first.chunks).toBeGreaterThan(64);
    expect(await blobs()).toBe(2);
    expect(first.storedBytes).toBe(first.bytes);

    const edited = table.toSpliced(200_000, 1, row(200_000, 5), row(7));
    const second = await commit(edited);
    expect(second.storedBytes).toBeLessThan(first.bytes * 0.05);

    const third = await commit([row(900_000)], { mode: 'append' });
    const scattered = [...edited, row(900_000)].map((each, i) => (i % 2_000 === 9 ? row(i, 30_000) : each));
    const fourth = await commit(scattered);
    expect(fourth.storedBytes).toBeLessThan(first.bytes * 0.1);
    expect(await blobs()).toBe(2);

    expect((await read(1)) === toCsv(table).toString()).toBe(true);
    expect((await read(2)) === toCsv(edited).toString()).toBe(true);
    expect((await read(third.version)) === toCsv([...edited, row(900_000)]).toString()).toBe(true);
    expect((await read(fourth.version)) === toCsv(scattered).toString()).toBe(true);
    for (const { version } of [first, second, third, fourth]) {
      const found = await wing.datasets.verify({ name: 'large', version: String(version) }, caller);
      expect(found.damage).toEqual([]);
    }
  });

  test('the same rows from elsewhere are the same version', async () => {
    const { content } = await wing.datasets.read({ name: 'large', version: '1', format: 'parquet' }, caller);
    const latest = await wing.datasets.commit({ name: 'twin', format: 'parquet', content }, caller);
    expect(latest.storedBytes).toBe(0);
    expect(latest.digest).toBe(
      (await wing.datasets.getVersion({ name: 'large', version: '1' }, caller)).digest,
    );
  });

  test('of a file that was typed in pieces, the pieces are the segments', async () => {
    const analytics = await openDuckdb({ pieceBytes: 400_000 });
    const datasets = createDatasets({ ...wing, analytics });
    const cut = (rows: Rows) => datasets.commit({ name: 'cut', format: 'csv', content: toCsv(rows) }, caller);
    try {
      const rows = table.map((each) => `${each.replace(',', ',1')}`);
      const first = await cut(rows);
      expect(first.storedBytes).toBe(first.bytes);
      const content = await datasets.manifest(first);
      const whole = await wing.datasets.commit(
        { name: 'whole', format: 'csv', content: toCsv(rows) },
        caller,
      );
      expect(await wing.datasets.manifest(whole)).toEqual(content);
      expect(whole.digest).toBe(first.digest);
      expect(whole.storedBytes).toBe(0);
      const edited = rows.toSpliced(150_000, 1, '150000,3.5', '7,7.5');
      const second = await cut(edited);
      expect(second.storedBytes).toBeLessThan(first.bytes * 0.3);
      expect((await read(1, 'cut')) === toCsv(rows).toString()).toBe(true);
      expect((await read(2, 'cut')) === toCsv(edited).toString()).toBe(true);
      expect((await wing.datasets.verify({ name: 'cut', version: '1' }, caller)).damage).toEqual([]);
      expect((await wing.datasets.verify({ name: 'cut', version: '2' }, caller)).damage).toEqual([]);
      // Half of these rows lie in a version already.
      const half = await datasets.commit(
        {
          name: 'half',
          format: 'csv',
          content: toCsv([...rows.slice(0, 200_000), ...table.slice(0, 200_000).map((each) => `9${each}`)]),
        },
        caller,
      );
      expect(half.storedBytes).toBeLessThan(half.bytes * 0.6);
      expect((await wing.datasets.verify({ name: 'half', version: '1' }, caller)).damage).toEqual([]);
      expect(await readdir(wing.tempFolder)).toEqual([]);
    } finally {
      await analytics.close();
    }
  });
});

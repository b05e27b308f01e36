import { afterAll, beforeAll, expect, test } from 'vitest';
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
  const read = async (version: number) => {
    names += 1;
    const anew = createDatasets({ ...wing, cacheFolder: `${wing.cacheFolder}-${names}` });
    const { content } = await anew.read({ name: 'large', version: String(version), format: 'csv' }, caller);
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
});

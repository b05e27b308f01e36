import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { DatabaseHandle } from '../../adapters/db/db.ts';
import { openSqlite } from '../../adapters/db/sqlite.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createDatasets } from './service.ts';

type Rows = readonly string[];
const header = 'id,price,note\n';
const toCsv = (rows: Rows): Buffer => Buffer.from(`${header}${rows.join('\n')}\n`);
const row = (id: number, price = (id * 7_919) % 10_007): string => `${id},${price}.25,note ${id % 13}`;
const table: Rows = Array.from({ length: 26_000 }, (_, id) => row(id));

/** Repeatable, and even enough. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Each row with the chance `share` changed, deleted, doubled or followed by a new one. */
function scatter(rows: Rows, share: number, seed: number): Rows {
  const random = numbers(seed);
  return rows.flatMap((each, i) => {
    if (random() >= share) return [each];
    const fresh = row(100_000 + i, Math.floor(random() * 1e6));
    const choice = random();
    if (choice < 0.5) return [fresh];
    if (choice < 0.7) return [];
    return choice < 0.8 ? [each, each] : [each, fresh];
  });
}

const changePrices = (rows: Rows, share: number, seed: number): Rows => {
  const random = numbers(seed);
  return rows.map((each, i) => (random() < share ? row(i, 20_000 + Math.floor(random() * 1e6)) : each));
};

/** Files and rows are the same whatever the database: what is asked of that is asked of both, the rest of one. */
describeEachDatabase('deltas between versions', (open) => suite(open, 'database'));
describe('deltas between versions', () =>
  suite(() => openSqlite({ file: ':memory:', durability: 'process' }), 'files'));

function suite(open: () => Promise<DatabaseHandle>, part: 'database' | 'files'): void {
  let wing: DataWing;
  let names = 0;
  const caller = callerIn('deltas');
  const commit = (name: string, rows: Rows, more: object = {}) =>
    wing.datasets.commit({ name, format: 'csv', content: toCsv(rows), ...more }, caller);
  const read = async (name: string, version: number, datasets = wing.datasets) =>
    textOf((await datasets.read({ name, version: String(version), format: 'csv' }, caller)).content);
  /** As a new process would read it, without what this one has in its memory and its cache. */
  const anew = () => createDatasets({ ...wing, cacheFolder: `${wing.cacheFolder}-${++names}` });
  const deltas = async () =>
    (await wing.db.selectFrom('dataset_chunks').select('id').where('runs', 'is not', null).execute()).length;

  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  test('scattered changes store little, and are the version that a new table would be', async () => {
    const first = await commit('edited', table);
    const changed = changePrices(table, 0.01, 5);
    const before = await deltas();
    const second = await commit('edited', changed);
    expect((await deltas()) - before).toBeGreaterThan(4);
    expect(second.storedBytes).toBeLessThan((first.storedBytes ?? 0) * 0.08);
    expect(second.bytes).toBeGreaterThan(first.bytes);
    expect(wing.datasets.digestOfManifest(await wing.datasets.manifest(second))).toBe(second.digest);
    const named = await wing.db.selectFrom('dataset_chunk_sources').select('blob').distinct().execute();
    const sources = named.map(({ blob }) => blob);
    expect(new Set(await wing.datasets.usedBlobs([...sources, 'f'.repeat(64)]))).toEqual(new Set(sources));
    // From the file that the commit left, and from its parts.
    const text = toCsv(changed).toString();
    expect((await read('edited', 2)) === text).toBe(true);
    expect((await read('edited', 2, anew())) === text).toBe(true);
    expect(await wing.datasets.diff({ name: 'edited', from: '1', to: '2', key: 'id' }, caller)).toMatchObject(
      {
        added: 0,
        removed: 0,
        changed: changed.filter((each, i) => each !== table[i]).length,
      },
    );
  });

  if (part === 'database') return;

  test('versions on versions are deltas of files, never of deltas, until a chunk is written anew', async () => {
    let rows = table;
    const stored: number[] = [];
    for (let round = 1; round <= 4; round += 1) {
      rows = scatter(rows, 0.02, round);
      const version = await commit('chain', rows);
      stored.push(version.storedBytes ?? 0);
      expect((await read('chain', version.version, anew())) === toCsv(rows).toString()).toBe(true);
    }
    expect(stored.slice(1, 4).every((bytes) => bytes < (stored[0] ?? 0) * 0.3)).toBe(true);
    const packs = await wing.db
      .selectFrom('dataset_chunk_sources as s')
      .innerJoin('dataset_chunks as c', 'c.id', 's.chunk')
      .select(['s.blob', 's.kind'])
      .distinct()
      .execute();
    const files = await wing.db
      .selectFrom('dataset_chunks')
      .select('blob')
      .where('runs', 'is', null)
      .execute();
    const plain = new Set(files.map(({ blob }) => blob));
    for (const { blob, kind } of packs) expect(plain.has(blob)).toBe(kind === 'chunk');
  });

  test('a table that resembles nothing is written plainly, and so is one whose columns changed', async () => {
    await commit('other', table);
    const before = await deltas();
    await commit(
      'other',
      table.map((_, id) => row(id + 500_000, (id * 31) % 977)),
    );
    const content = Buffer.from(`id,price,remark\n${changePrices(table, 0.01, 9).join('\n')}\n`);
    await wing.datasets.commit({ name: 'other', format: 'csv', content }, caller);
    expect(await deltas()).toBe(before);
  });

  test('an append to a version of deltas, and a version that goes back to the one before', async () => {
    await commit('grown', table);
    const changed = changePrices(table, 0.01, 21);
    await commit('grown', changed);
    const tail = [row(26_000), row(26_001)];
    const grown = await commit('grown', tail, { mode: 'append' });
    const text = toCsv([...changed, ...tail]).toString();
    expect((await read('grown', 3, anew())) === text).toBe(true);
    expect(await commit('whole', [...changed, ...tail])).toMatchObject({ digest: grown.digest });
    const back = await commit('grown', table);
    expect(back).toMatchObject({ version: 4, unchanged: false });
    expect((await read('grown', 4, anew())) === toCsv(table).toString()).toBe(true);
  });

  test('readers at once share one file, and nothing is left in the temporary folder', async () => {
    await commit('shared', table);
    const { version } = await commit('shared', scatter(table, 0.01, 77));
    const datasets = anew();
    const texts = await Promise.all(Array.from({ length: 4 }, () => read('shared', version, datasets)));
    expect(new Set(texts).size).toBe(1);
    expect((await readdir(`${wing.cacheFolder}-${names}`)).length).toBeLessThan(4);
    expect(await readdir(wing.tempFolder)).toEqual([]);
  });

  test('equal chunks in one table are stored once, in whatever order they come', async () => {
    const same = Array.from({ length: 16_384 }, () => '1,1.5,same');
    const rows = [...same, ...table.slice(0, 6_000), ...same, ...same];
    const version = await commit('repeated', rows);
    expect((await read('repeated', version.version)) === toCsv(rows).toString()).toBe(true);
  });

  test('a proposal that is wrong is not believed: the chunks are written plainly', async () => {
    const analytics: Analytics = {
      ...wing.analytics,
      async alignFile(request) {
        const reply = await wing.analytics.alignFile(request);
        const shift = (chunk: (typeof reply.chunks)[number]) =>
          chunk && { ...chunk, runs: chunk.runs.replace(/^(\d*)a/, (_, skip) => `${Number(skip) + 1}a`) };
        return { ...reply, chunks: reply.chunks.map(shift) };
      },
    };
    const datasets = createDatasets({ ...wing, analytics });
    const put = (rows: Rows) =>
      datasets.commit({ name: 'believed', format: 'csv', content: toCsv(rows) }, caller);
    const rows = table.map((_, id) => row(id, id % 4_001));
    await put(rows);
    const before = await deltas();
    const changed = changePrices(rows, 0.01, 3);
    await put(changed);
    expect(await deltas()).toBe(before);
    expect((await read('believed', 2, anew())) === toCsv(changed).toString()).toBe(true);
  });
}

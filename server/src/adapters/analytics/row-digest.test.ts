import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, ColumnType, RowChunk } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';
import { type ColumnMemory, inlineBytes } from './row-bytes.ts';
import { rowChunker } from './row-digest.ts';

type Value = boolean | bigint | number | Uint8Array | null;

/** Values as DuckDB would hold them. */
function column(type: ColumnType, values: readonly Value[]): ColumnMemory {
  const width = { boolean: 1, integer: 8, double: 8, text: 16, date: 4, timestamp: 8 }[type];
  const data = Buffer.alloc(values.length * width);
  const valid = Buffer.alloc(Math.ceil(values.length / 8));
  const pieces: Uint8Array[] = values.map((value) => (value instanceof Uint8Array ? value : Buffer.alloc(0)));
  values.forEach((value, row) => {
    if (value !== null) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7));
    if (typeof value === 'boolean') data[row] = value ? 1 : 0;
    else if (typeof value === 'bigint') data.writeBigInt64LE(value, row * width);
    else if (typeof value === 'number' && type === 'date') data.writeInt32LE(value, row * width);
    else if (typeof value === 'number') data.writeDoubleLE(value, row * width);
    else if (value) {
      data.writeUInt32LE(value.length, row * width);
      if (value.length <= inlineBytes) data.set(value, row * width + 4);
    }
  });
  const rows = Uint32Array.from(values.keys());
  return { type, data, valid, long: { pieces, pieceOf: rows, placeOf: new Uint32Array(values.length) } };
}

const small = { minimum: 4, average: 16, maximum: 64 };

function chunk(values: readonly number[], batch = 1000): readonly RowChunk[] {
  const chunker = rowChunker(small);
  for (let i = 0; i < values.length; i += batch) {
    const part = values.slice(i, i + batch);
    chunker.add([column('double', part)], part.length);
  }
  return chunker.finish();
}

const digestOf = (type: ColumnType, value: Value): string | undefined => {
  const chunker = rowChunker();
  chunker.add([column(type, [value])], 1);
  return chunker.finish()[0]?.digest;
};

const sha256 = (hex: string): string => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');

describe('canonical rows', () => {
  it.each<[ColumnType, Value, string]>([
    ['text', null, '00'],
    ['boolean', true, '0101'],
    ['integer', -2n, '02feffffffffffffff'],
    ['double', 1.5, '03000000000000f83f'],
    ['double', -0, '030000000000000000'],
    ['double', Number.NaN, '03000000000000f87f'],
    ['text', Buffer.from('é'), '0402000000c3a9'],
    ['text', Buffer.from('thirteen byte'), '040d000000746869727465656e2062797465'],
    ['date', -1, '05ffffffff'],
    ['timestamp', 1n, '060100000000000000'],
  ])('%s %s is written as documented', (type, value, bytes) => {
    expect(digestOf(type, value)).toBe(sha256(bytes));
  });
});

describe('chunks', () => {
  const numbers = fc.array(fc.double(), { maxLength: 400 });

  it('cover all rows within the sizes, whatever the batches', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 50 }), (values, batch) => {
        const chunks = chunk(values);
        expect(chunk(values, batch)).toEqual(chunks);
        expect(chunks.reduce((sum, c) => sum + c.rows, 0)).toBe(values.length);
        for (const c of chunks) expect(c.rows).toBeLessThanOrEqual(small.maximum);
        for (const c of chunks.slice(0, -1)) expect(c.rows).toBeGreaterThanOrEqual(small.minimum);
      }),
    );
  });

  it('after an inserted row are mostly those of before', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => Math.sin(i));
    const before = new Set(chunk(values).map((c) => c.digest));
    const changed = chunk(values.toSpliced(7000, 0, 0.5)).filter((c) => !before.has(c.digest));
    expect(changed.length).toBeLessThanOrEqual(5);
    const appended = chunk([...values, 1, 2, 3]).filter((c) => !before.has(c.digest));
    expect(appended.length).toBeLessThanOrEqual(2);
  });

  it('come near the average size', () => {
    const chunks = chunk(Array.from({ length: 20_000 }, (_, i) => Math.cos(i)));
    expect(20_000 / chunks.length).toBeGreaterThan(12);
    expect(20_000 / chunks.length).toBeLessThan(20);
  });
});

describe('digestFile', () => {
  let analytics: Analytics;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemill-digest-'));
    analytics = await openDuckdb();
  });

  afterAll(async () => {
    await analytics.close();
    await rm(folder, { recursive: true });
  });

  const write = async (name: string, sql: string) => {
    const to = join(folder, name);
    await analytics.sandboxedCopy({ sql, to });
    return to;
  };

  it('reads all types as the encoder writes them', async () => {
    const path = await write(
      'types.parquet',
      "select true as b, 7 as i, -0.0::double as d, 'é' as t, date '1969-12-31' as day, timestamp '1970-01-01 00:00:00.000001' as at, null::varchar as n",
    );
    const { chunks } = await analytics.digestFile(path);
    const row = [
      '0101',
      '020700000000000000',
      '030000000000000000',
      '0402000000c3a9',
      '05ffffffff',
      '060100000000000000',
      '00',
    ];
    expect(chunks).toEqual([{ start: 0, rows: 1, digest: sha256(row.join('')) }]);
  });

  /** Written down before the encoder was made faster: a digest must outlive every encoder. */
  it('is what it always was', async () => {
    const path = await write(
      'golden.parquet',
      `select i::bigint as id,
        case when i % 7 = 0 then null else (i * 7919 - 3000000)::bigint end as whole,
        case i % 11 when 0 then 'nan'::double when 1 then -0.0 when 2 then 'inf'::double
          when 3 then '-inf'::double when 4 then null else i / 7.0 end as number,
        case i % 6 when 0 then null when 1 then '' when 2 then 'twelve bytes' when 3 then 'thirteen bytes'
          when 4 then 'Zürich 😀 ' || i else repeat('long ', (i % 50)::int) end as note,
        (i % 3 = 0) as flag, date '1969-01-01' + (i % 5000)::int as day,
        case when i % 13 = 0 then null
          else timestamp '1969-12-31 23:59:59.999999' + to_microseconds(i * 1000003) end as moment,
        null::varchar as nothing
      from range(30000) t(i)`,
    );
    const { chunks } = await analytics.digestFile(path);
    expect(chunks[1]).toEqual({
      start: 3159,
      rows: 5456,
      digest: '1728dfff8529a963fc104fd9d41cfd2898d2a6b6684851ef77c18dd1c07a5099',
    });
    const all = chunks.map(({ start, rows, digest }) => `${start} ${rows} ${digest}`).join('\n');
    expect(createHash('sha256').update(all).digest('hex')).toBe(
      'b58f2066e52f0ee2b4ef53a57959e8763d41fe5af1e436626a198f579d1a4d04',
    );
  });

  it('depends on content and order, not on how the file was written', async () => {
    const rows = "select range as n, 'x' || range as t from range(50000)";
    const one = await analytics.digestFile(await write('one.parquet', rows));
    const csv = join(folder, 'same.csv');
    await analytics.exportFile({ table: { paths: [join(folder, 'one.parquet')] }, format: 'csv', to: csv });
    const to = join(folder, 'same.parquet');
    await analytics.importFile({ path: csv, format: 'csv', to });
    expect(await analytics.digestFile(to)).toEqual(one);
    expect(one.rows).toBe(50_000);
    const turned = await analytics.digestFile(await write('turned.parquet', `${rows} order by n desc`));
    expect(turned.chunks[0]?.digest).not.toBe(one.chunks[0]?.digest);
  });

  it('of an empty table is empty, of no table an error', async () => {
    const path = await write('empty.parquet', 'select 1 as x where false');
    expect(await analytics.digestFile(path)).toEqual({ chunks: [], rows: 0 });
    await writeFile(join(folder, 'no.parquet'), 'nonsense');
    await expect(analytics.digestFile(join(folder, 'no.parquet'))).rejects.toMatchObject({
      code: 'queryFailed',
    });
  });

  it('stops at its signal, and the thread goes on', async () => {
    const path = await write('long.parquet', 'select range as n from range(2000000)');
    const stop = new AbortController();
    const long = analytics.digestFile(path, { signal: stop.signal });
    setImmediate(() => stop.abort());
    await expect(long).rejects.toMatchObject({ code: 'queryCancelled' });
    expect((await analytics.digestFile(path)).rows).toBe(2_000_000);
  });
});

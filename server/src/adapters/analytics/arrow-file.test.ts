import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RecordBatchReader, type Table, tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTempDir } from '../../testing/temp-dir.ts';
import type { Analytics, ExportRequest } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
let folder: Awaited<ReturnType<typeof createTempDir>>;
beforeAll(async () => {
  analytics = await openDuckdb();
  folder = await createTempDir();
});
afterAll(async () => {
  await analytics.close();
  await folder.remove();
});

const rowsSql = `select range as n, range / 4 as x, case range % 2 when 0 then 'né ' else 'né, longer than twelve bytes ' end || range as s, range % 3 = 0 as ok,
  date '1969-12-30' + range::integer as day, timestamp '1969-12-31 23:59:59.999999' + to_microseconds(range) as at
  from range(150000) union all select null, 'nan'::double, '', null, null, null union all select -1, null, null, false, null, null`;

async function exported(name: string, request: Omit<ExportRequest, 'table' | 'to'>, sql = rowsSql) {
  const source = join(folder.path, `${name}.parquet`);
  await analytics.sandboxedCopy({ sql, to: source });
  const to = join(folder.path, `${name}.${request.format}`);
  await analytics.exportFile({ ...request, table: { paths: [source] }, to });
  return readFile(to);
}

const row = (table: Table, index: number) => {
  const found = table.get(index)?.toJSON() ?? {};
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, value?.valueOf() ?? null]));
};

test.each(['arrow', 'arrow-stream'] as const)(
  '%s holds every value of every type, in batches',
  async (format) => {
    const bytes = await exported(`all-${format}`, { format });
    const table = tableFromIPC(bytes);
    expect(table.numRows).toBe(150_002);
    expect(table.batches.map((batch) => batch.numRows)).toEqual([65_536, 65_536, 18_930]);
    expect(table.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'n Int64',
      'x Float64',
      's Utf8',
      'ok Bool',
      'day Date32<DAY>',
      'at Timestamp<MICROSECOND>',
    ]);
    expect(row(table, 3)).toMatchObject({
      n: 3n,
      x: 0.75,
      s: 'né, longer than twelve bytes 3',
      ok: true,
      day: Date.UTC(1970, 0, 2),
    });
    expect(row(table, 149_999)).toMatchObject({
      n: 149_999n,
      s: 'né, longer than twelve bytes 149999',
      ok: false,
    });
    expect(row(table, 150_000)).toEqual({ n: null, x: Number.NaN, s: '', ok: null, day: null, at: null });
    expect(row(table, 150_001)).toEqual({ n: -1n, x: null, s: null, ok: false, day: null, at: null });
    const at = table.getChild('at')?.data[0]?.values as BigInt64Array;
    expect([...at.subarray(0, 2)]).toEqual([-1n, 0n]);
    const reader = RecordBatchReader.from(bytes);
    expect(reader.isFile()).toBe(format === 'arrow');
  },
);

test('columns in the order asked for, limit and offset, and no rows at all', async () => {
  const part = tableFromIPC(
    await exported('part', { format: 'arrow', columns: ['s', 'n'], limit: 2, offset: 5 }),
  );
  expect([0, 1].map((index) => row(part, index))).toEqual([
    { s: 'né, longer than twelve bytes 5', n: 5n },
    { s: 'né 6', n: 6n },
  ]);
  const none = tableFromIPC(await exported('none', { format: 'arrow-stream', limit: 0 }));
  expect([none.numRows, none.schema.fields.length]).toEqual([0, 6]);
});

test('equal rows give equal bytes, whatever lies in memory where a value is missing', async () => {
  const gaps = `select case when range % 3 = 0 then range end as n, case when range % 5 > 0 then range / 7 end as x,
    case when range % 2 = 0 then 'a text that is rather long ' || range end as s from range(70000)`;
  const first = await exported('gaps', { format: 'arrow' }, gaps);
  await exported('others', { format: 'arrow', limit: 60_000 });
  expect((await exported('gaps-again', { format: 'arrow' }, gaps)).equals(first)).toBe(true);
  const values = tableFromIPC(first).getChild('n')?.data[0]?.values as BigInt64Array;
  expect([...values.subarray(0, 7)]).toEqual([0n, 0n, 0n, 3n, 0n, 0n, 6n]);
});

test('a caller who leaves interrupts it, and the next one is served', async () => {
  const source = join(folder.path, 'many.parquet');
  await analytics.sandboxedCopy({ sql: 'select range as n, random() as x from range(3000000)', to: source });
  const to = join(folder.path, 'many.arrow');
  const controller = new AbortController();
  const request = { table: { paths: [source] }, format: 'arrow', to } as const;
  const leaving = analytics.exportFile({ ...request, signal: controller.signal });
  controller.abort();
  await expect(leaving).rejects.toMatchObject({ code: 'queryCancelled' });
  await expect(readFile(to)).rejects.toThrow('ENOENT');
  await analytics.exportFile({ ...request, limit: 10 });
  expect(tableFromIPC(await readFile(to)).numRows).toBe(10);
});

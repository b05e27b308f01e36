// A large file is read by types that its first rows suggest; it must come out as if every row had been asked first.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Analytics } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-guess-'));
  analytics = await openDuckdb();
});
afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true });
});

/** What most rows of a column hold, and what a late one may hold instead. */
const usual = ['7', '2.5', '2024-01-31', '2024-01-31 10:00:00', 'true', '$1250.00', 'word', ''] as const;
const odd = [
  ...[
    '0',
    '007',
    '-3',
    '+4',
    ' 5 ',
    '12345678901234567890',
    '1e3',
    '.5',
    'nan',
    'inf',
    'NA',
    '-',
    '"quoted"',
  ],
  ...[
    '2024-1-5',
    '2024-02-30',
    '2024-01-31T10:00:00+02:00',
    '2024-01-31T10:00:00.5Z',
    'FALSE',
    '$3',
    'x y',
    'é',
  ],
];
const usualRows = 24_000;

interface Typed {
  readonly types: string[];
  readonly rows: readonly object[];
}

async function typed(lines: readonly string[], dateFormat?: string): Promise<Typed> {
  const path = join(folder, 'up.csv');
  const to = join(folder, 'typed.parquet');
  await writeFile(path, `${lines.join('\n')}\n`);
  const reply = await analytics.importFile({
    path,
    to,
    format: 'csv',
    ...(dateFormat !== undefined && { dateFormat: [dateFormat] }),
  });
  expect(reply.rows).toBe(lines.length - 1);
  const { rows } = await analytics.query({
    sql: 'select * exclude (pad) from t order by n limit 60',
    tables: { t: { paths: [to] } },
  });
  return { types: reply.columns.map(({ type, nullable }) => `${type}${nullable ? '?' : ''}`), rows };
}

test('gives the types and values of the odd rows, whether they come first or last', async () => {
  const cell = fc.record({
    usual: fc.constantFrom(...usual),
    odd: fc.array(fc.constantFrom(...odd), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { minLength: 5, maxLength: 8 }), async (columns) => {
      const header = ['n', ...columns.map((_, i) => `c${i}`), 'pad'].join(',');
      const pad = 'p'.repeat(30);
      const odds = [0, 1, 2].map((k) =>
        [String(k), ...columns.map((column) => column.odd[k] ?? column.usual), pad].join(','),
      );
      const usuals = Array.from({ length: usualRows }, (_, n) =>
        [String(n + 3), ...columns.map((column) => column.usual), pad].join(','),
      );
      const late = await typed([header, ...usuals, ...odds]);
      const early = await typed([header, ...odds, ...usuals]);
      expect(late).toEqual(early);
    }),
    { numRuns: 3 },
  );
}, 120_000);

test('a date format is asked of late rows too', async () => {
  const rows = Array.from({ length: usualRows }, (_, n) => `${n},31.12.2024,${'p'.repeat(40)}`);
  const header = 'n,day,pad';
  expect((await typed([header, ...rows], '%d.%m.%Y')).types).toEqual(['integer', 'date', 'text']);
  const { types } = await typed([header, ...rows, `${usualRows},12/31/2024,p`], '%d.%m.%Y').catch(
    (error: Error) => ({ types: [error.message] }),
  );
  expect(types.join()).toMatch(/line 24002.*'day'|text/);
});

test('rows keep their order, however many threads read them', async () => {
  const path = join(folder, 'ordered.csv');
  const to = join(folder, 'ordered.parquet');
  const lines = Array.from(
    { length: 300_000 },
    (_, n) => `${n},${n % 3 === 0},${n / 7},2024-01-02,2024-01-02T03:04:05Z,$${n}.50,item ${n}`,
  );
  await writeFile(path, `n,flag,share,day,at,price,item\n${lines.join('\n')}\n`);
  const { columns } = await analytics.importFile({ path, to, format: 'csv' });
  expect(columns.map(({ type }) => type)).toEqual([
    'integer',
    'boolean',
    'double',
    'date',
    'timestamp',
    'double',
    'text',
  ]);
  const { rows } = await analytics.query({
    sql: `select count(*) filter (where n <> file_row_number) as moved from read_parquet('${to}', file_row_number = true)`,
  });
  expect(rows).toEqual([{ moved: 0 }]);
});

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, ImportReply, ImportRequest } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-import-'));
  analytics = await openDuckdb();
});

afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true });
});

type Options = Partial<Omit<ImportRequest, 'path' | 'to'>>;

async function importText(content: string | Uint8Array, options: Options = {}) {
  files += 1;
  const path = join(folder, `upload-${files}`);
  const to = join(folder, `typed-${files}.parquet`);
  await writeFile(path, content);
  const reply: ImportReply = await analytics.importFile({
    label: 'up.csv',
    format: 'csv',
    ...options,
    path,
    to,
  });
  const { rows } = await analytics.query({ sql: 'select * from t', tables: { t: { paths: [to] } } });
  return { reply, rows, types: reply.columns.map((column) => column.type).join(' '), to };
}

const failureOf = (content: string | Uint8Array, options: Options = {}): Promise<string> =>
  importText(content, options).then(
    () => 'it was read',
    (error: Error & { code: string }) => `${error.code}: ${error.message}`,
  );

describe('types of a CSV', () => {
  it('are settled by every row, not by the first ones', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i},${i}`).join('\n');
    const { types, reply } = await importText(`n,x\n${rows}\n7,7.5\n`);
    expect(types).toBe('integer double');
    expect(reply.rows).toBe(5001);
  });

  it('cover our six, with missing values as people write them', async () => {
    const { reply, rows } = await importText(
      'b,i,d,t,day,at\ntrue,1,1.5,x,2024-01-31,2024-01-31T10:00:00Z\nFALSE,NA,nan,NA,,2024-01-31 12:00:00+02:00\n',
    );
    expect(reply.columns).toEqual([
      { name: 'b', type: 'boolean', nullable: false },
      { name: 'i', type: 'integer', nullable: true },
      { name: 'd', type: 'double', nullable: true },
      { name: 't', type: 'text', nullable: false },
      { name: 'day', type: 'date', nullable: true },
      { name: 'at', type: 'timestamp', nullable: false },
    ]);
    expect(rows[1]).toEqual({
      b: false,
      i: null,
      d: null,
      t: 'NA',
      day: null,
      at: '2024-01-31T10:00:00.000Z',
    });
  });

  it.each([
    ['codes with leading zeros', '007', 'text'],
    ['digits beyond 64 bits', '12345678901234567890', 'text'],
    ['exponents', '1e-5', 'double'],
    ['prices with a currency', '$1,234.50', 'double'],
    ['hexadecimal', '0x1F', 'text'],
    ['impossible dates', '2024-02-30', 'text'],
    ['times', '10:00:00', 'text'],
  ])('read %s', async (_what, value, type) => {
    expect((await importText(`x\n"${value}"\n`)).types).toBe(type);
  });

  it('keep the empty text apart from the missing one', async () => {
    const { rows } = await importText('a,b\n"",1\n,2\n');
    expect(rows).toEqual([
      { a: '', b: 1 },
      { a: null, b: 2 },
    ]);
  });

  it('read exchange files: renamed columns, American dates, dollar prices', async () => {
    const { rows, reply } = await importText(
      'Date,Close/Last,Volume\n01/31/2024,$185.04,"55,467,800"\n02/01/2024,$186.86,64885410\n',
      { mapping: { date: 'Date', close: 'Close/Last' }, dateFormat: ['%m/%d/%Y'] },
    );
    expect(reply.columns.map((column) => column.name)).toEqual(['date', 'close', 'Volume']);
    expect(rows[0]).toEqual({ date: '2024-01-31', close: 185.04, Volume: '55,467,800' });
  });

  it('can be demanded', async () => {
    const { types } = await importText('a,b,c,d\n1,2,,2024-01-01\n', {
      types: { a: 'double', b: 'text', c: 'double', d: 'timestamp' },
    });
    expect(types).toBe('double text double timestamp');
  });
});

describe('layouts of a CSV', () => {
  it.each([
    ['semicolons', 'a;b\n1;2\n'],
    ['tabs', 'a\tb\n1\t2\n'],
    ['a byte order mark', '\uFEFFa,b\n1,2\n'],
    ['Windows line ends', 'a,b\r\n1,2\r\n'],
    ['no line end at the end', 'a,b\n1,2'],
    ['quoted names', '"a","b"\n1,2\n'],
    ['spaces around names', 'a , b\n1,2\n'],
  ])('with %s are read', async (_what, content) => {
    expect((await importText(content)).rows).toEqual([{ a: 1, b: 2 }]);
  });

  it('with a header alone give a table without rows', async () => {
    expect((await importText('a,b\n')).reply).toMatchObject({
      rows: 0,
      columns: [{ name: 'a' }, { name: 'b' }],
    });
  });

  it('with hostile names are read under these names', async () => {
    const names = [`x"; drop table t; --`, `y') to '/tmp/owned' --`, 'a,b', 'line\nbreak', '{}', "it's"];
    const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
    const { reply, rows } = await importText(`${header}\n1,2,3,4,5,6\n`);
    expect(reply.columns.map((column) => column.name)).toEqual(names);
    expect(Object.values(rows[0] ?? {})).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('hold any text once it is quoted', async () => {
    const value = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const lines = values.map((text, i) => `"${text.replaceAll('"', '""')}",${i}`).join('\n');
        const { rows } = await importText(`t,i\n${lines}\n`, { types: { t: 'text' } });
        expect(rows.map((row) => row.t)).toEqual(values);
      }),
      { numRuns: 25 },
    );
  });
});

describe('a file that cannot be read names file, line, column and remedy', () => {
  it.each([
    ['a,b,c\n1,2,3\n4,5\n', "up.csv, line 3, column 'c': it has 2 values where the header names 3 columns"],
    ['a,b\n1,2\n4,5,6\n', 'up.csv, line 3: it has 3 values where the header names 2 columns'],
    ['a,b\n1,2\n4,"5\n6,7\n', 'up.csv, line 3: a quoted value is never closed'],
    [
      Buffer.concat([
        Buffer.from('a,b\n1,Köln\n'),
        Buffer.from('2,M\xfcller\n', 'latin1'),
        Buffer.from('3,x\n'),
      ]),
      'up.csv, line 3: most of the file is UTF-8, but the line at byte 12 is not. Save the whole file as UTF-8',
    ],
    ['a,b\n1,x\0y\n', 'up.csv, line 2: it holds zero bytes'],
    ['a,b\n1,2\na,b\n3,4\n', 'up.csv, line 3: it repeats the header'],
    [`a,b\n1,${'x'.repeat(3_000_000)}\n`, 'the line is longer than 2 MB'],
    [Buffer.from('504b0304aaaaaaaa', 'hex'), 'up.csv: it is a ZIP archive (or a workbook such as .xlsx'],
    ['', 'up.csv: it is empty. Send a header line and rows'],
    ['a,,c\n1,2,3\n', 'up.csv, line 1: column 2 of the header has no name'],
    ['a,b,a\n1,2,3\n', "up.csv, line 1, column 'a': the header names it twice"],
    ['Close,close\n1,2\n', "up.csv, line 1, column 'close': the header also names 'Close'"],
    ['a,b\r\n1,2\n3,4\r\n', 'its quotes or line endings are mixed. Use one kind of line ending'],
  ])('%#', async (content, message) => {
    const failure = await failureOf(content);
    expect(failure).toContain('fileUnreadable');
    expect(failure).toContain(message);
  });

  it('a value that is not of the demanded type', async () => {
    const content = 'note,x\n"two\nlines",1\nb,2\nc,abc\n';
    expect(await failureOf(content, { types: { x: 'double' } })).toContain(
      "up.csv, line 5, column 'x': 'abc' is not of type double. Correct the value",
    );
  });

  it('a date not written in the given format', async () => {
    const content = 'd,x\n31.12.2024,1\n30.12.2024,1\n2024-12-29,1\n';
    expect(await failureOf(content, { dateFormat: ['%d.%m.%Y'] })).toContain(
      "up.csv, line 4, column 'd': '2024-12-29' is not a date written as %d.%m.%Y",
    );
    expect(await failureOf('d\n2024-12-29\n', { dateFormat: ['%m/%d/%Y'] })).toContain(
      'no column holds dates written as %m/%d/%Y',
    );
  });

  it('a mapping of a column that is not there, or onto one that is', async () => {
    expect(await failureOf('a,b\n1,2\n', { mapping: { c: 'z' } })).toContain(
      "column 'z': the mapping names it",
    );
    expect(await failureOf('a,b\n1,2\n', { mapping: { b: 'a' } })).toContain('two columns have this name');
  });

  it('leaves no half-written result', async () => {
    const path = join(folder, 'broken.csv');
    const to = join(folder, 'broken.parquet');
    await writeFile(path, 'a,b\n1\n');
    await expect(analytics.importFile({ path, to, format: 'csv' })).rejects.toThrow('line 2');
    await expect(stat(to)).rejects.toThrow('ENOENT');
  });

  it('a path with quotes stays a path', async () => {
    const path = join(folder, "x') ; drop table t; --.csv");
    await writeFile(path, 'a\n1\n');
    const reply = await analytics.importFile({ path, to: join(folder, "o'x.parquet"), format: 'csv' });
    expect(reply.rows).toBe(1);
  });

  it('JSON and Parquet that are none', async () => {
    expect(await failureOf('{"a":1}\n{"a":\n', { format: 'ndjson' })).toMatch(
      /fileUnreadable: up.csv, line 2: /,
    );
    expect(await failureOf('nonsense', { format: 'json' })).toContain('a JSON array of objects');
    expect(await failureOf('nonsense', { format: 'parquet' })).toContain('Send a whole Parquet file');
    for (const content of ['nonsense', 'x', 'PAR1xxxxPAR1', `PAR1${'x'.repeat(100)}PAR1`])
      expect(await failureOf(content, { format: 'parquet' })).not.toContain(folder);
  });
});

describe('files that tempt a reader to say too little', () => {
  const long = 'x'.repeat(5_000_000);
  it.each([
    [`a,b\n1,${long}\n`, 'up.csv, line 2: the line is longer than 2 MB'],
    [long, 'up.csv, line 1: the line is longer than 2 MB'],
    ['a,b\n1,2\n3,\0\n', 'up.csv, line 3: it holds zero bytes'],
  ])('%#: lines without end, and zero bytes', async (content, message) => {
    expect(await failureOf(content)).toContain(message);
  });

  it.each([
    ['{"a":1}', 'json', 'it is no JSON array. Send a JSON array of objects'],
    ['[1,2]', 'json', 'it holds no JSON objects. Send a JSON array'],
    ['{"a":1}\n{"a":2\n{"a":3}\n', 'ndjson', 'up.csv, line 2: '],
  ] as const)('%s is no table of %s', async (content, format, message) => {
    expect(await failureOf(content, { format })).toContain(message);
  });

  it('Parquet that is cut off, or holds what no type of ours can', async () => {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const write = async (sql: string) => {
      const path = join(folder, 'odd.parquet');
      await connection.run(`copy (${sql}) to '${path}' (format parquet)`);
      return readFile(path);
    };
    const whole = await write(
      "select 1.5::decimal(9,2) as price, 170141183460469231731687303715884105727::hugeint as huge, timestamptz '2024-01-01 10:00:00+02' as at, [1] as list, {'k': 1} as pair",
    );
    const { types, rows } = await importText(whole, { format: 'parquet' });
    expect(types).toBe('double double timestamp text text');
    expect(rows[0]).toEqual({
      price: 1.5,
      huge: 2 ** 127,
      at: '2024-01-01T08:00:00.000Z',
      list: '[1]',
      pair: '{"k":1}',
    });
    const cut = await failureOf(whole.subarray(0, whole.length - 30), { format: 'parquet' });
    expect(cut).toContain('up.csv: it is no Parquet file, or one that was cut off. Send a whole');
    const beyond = await write('select 18446744073709551615::ubigint as code');
    expect(await failureOf(beyond, { format: 'parquet' })).toContain(
      "column 'code': it holds whole numbers beyond 64 bits with a sign. Store that column as double",
    );
    connection.closeSync();
    instance.closeSync();
  });
});

describe('JSON', () => {
  it('lines become typed columns, nested values JSON text', async () => {
    const { rows, types } = await importText(
      '{"n":1,"x":1.5,"at":"2024-01-02T03:04:05Z","tags":["a"],"o":{"k":1}}\n{"n":2,"x":2,"at":null,"tags":[],"o":null}\n',
      { format: 'ndjson' },
    );
    expect(types).toBe('integer double timestamp text text');
    expect(rows[0]).toEqual({ n: 1, x: 1.5, at: '2024-01-02T03:04:05.000Z', tags: '["a"]', o: '{"k":1}' });
  });

  it('arrays are read, with the given date format', async () => {
    const { rows } = await importText('[{"d":"31.12.2024","v":"x"},{"d":null,"v":1}]', {
      format: 'json',
      dateFormat: ['%d.%m.%Y'],
    });
    expect(rows).toEqual([
      { d: '2024-12-31', v: 'x' },
      { d: null, v: '1' },
    ]);
  });
});

it('settles the types of a table of many columns', async () => {
  const names = Array.from({ length: 1200 }, (_, n) => `c${n}`);
  const values = names.map((_, n) => ['1', '2.5', 'x', ' 7 ', 'NA', '2024-01-02'][n % 6] ?? '');
  const others = names.map((_, n) => ['2', '1', 'NA', '8', '3', '2024-01-03'][n % 6] ?? '');
  const content = [names, values, others].map((row) => row.join(',')).join('\n');
  const { types, rows } = await importText(content, { types: { c0: 'text', c6: 'double' } });
  const six = ['integer', 'double', 'text', 'integer', 'integer', 'date'];
  expect(types.split(' ')).toEqual(
    names.map((name, n) => (name === 'c0' ? 'text' : name === 'c6' ? 'double' : six[n % 6])),
  );
  expect(rows[0]).toMatchObject({ c0: '1', c6: 1, c7: 2.5, c8: 'x', c9: 7, c10: null, c11: '2024-01-02' });
  await expect(importText(content, { types: { c8: 'double' } })).rejects.toThrow(
    "line 2, column 'c8': 'x' is not of type double",
  );
});

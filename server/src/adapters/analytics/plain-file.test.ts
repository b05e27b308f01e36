import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Analytics, FileFormat, ImportReply } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';
import { judgeEncoding, transcode, unpack } from './plain-file.ts';

let analytics: Analytics;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-plain-'));
  analytics = await openDuckdb();
});
afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true });
});

const inFolder = (name: string) => join(folder, name);
async function read(
  content: Uint8Array,
  format: FileFormat = 'csv',
): Promise<ImportReply & { values: readonly object[] }> {
  const [path, to] = [inFolder('up'), inFolder('typed.parquet')];
  await writeFile(path, content);
  const reply = await analytics.importFile({ path, to, format, label: 'up' });
  const { rows } = await analytics.query({ sql: 'select * from t', tables: { t: { paths: [to] } } });
  return { ...reply, values: rows };
}

const csv = 'name,n\nMüller,1\nŁódź,2\n';
const values = [
  { name: 'Müller', n: 1 },
  { name: 'Łódź', n: 2 },
];

describe('packed files', () => {
  test.each([
    ['gzip', gzipSync(csv)],
    ['zstd', zstdCompressSync(csv)],
    ['gzip', Buffer.concat([gzipSync('name,n\nMüller,1\n'), gzipSync('Łódź,2\n')])],
  ])('with %s are read, also of several pieces', async (compression, content) => {
    expect(await read(content)).toMatchObject({ compression, values });
  });

  test('of lines and of Parquet too', async () => {
    const lines = gzipSync('{"name":"Müller","n":1}\n{"name":"Łódź","n":2}\n');
    expect(await read(lines, 'ndjson')).toMatchObject({ compression: 'gzip', values });
    const parquet = await readFile(inFolder('typed.parquet'));
    expect(await read(zstdCompressSync(parquet), 'parquet')).toMatchObject({ compression: 'zstd', values });
  });

  test.each([gzipSync(csv.repeat(500)), zstdCompressSync(csv.repeat(500))])(
    'that are cut off say so',
    async (content) => {
      const cut = content.subarray(0, content.length - 20);
      await expect(read(cut)).rejects.toThrow(/^up: its (gzip|zstd) data is broken or cut off/);
      await expect(stat(inFolder('typed.parquet.unpacked'))).rejects.toThrow('ENOENT');
    },
  );

  test('that grow without measure are refused before they fill the disk', async () => {
    const [path, to] = [inFolder('bomb.gz'), inFolder('bomb')];
    await writeFile(path, gzipSync(Buffer.alloc(30_000_000, '1,2\n')));
    const unpacking = unpack(path, { to, file: 'bomb.gz', compression: 'gzip', mayGrowTo: 1_000_000 });
    await expect(unpacking).rejects.toThrow(/bomb.gz: its \d+ bytes unpack to more than \d+/);
    expect((await stat(to)).size).toBeLessThan(10_000_000);
  });

  test.each([
    ['504b030414000600', 'ZIP archive'],
    ['d0cf11e0a1b11ae1', 'old Office document'],
    ['425a68393141', 'bzip2'],
    ['fd377a585a00', 'xz'],
  ])('as %s are named and refused', async (start, what) => {
    await expect(read(Buffer.from(start, 'hex'))).rejects.toThrow(what);
  });
});

describe('encodings', () => {
  const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();
  test.each([
    ['utf-16le', Buffer.from(`\uFEFF${csv}`, 'utf16le')],
    ['utf-16le', Buffer.from(csv, 'utf16le')],
    ['utf-16be', swapped(`\uFEFF${csv}`)],
  ])('%s is read', async (encoding, content) => {
    expect(await read(content)).toMatchObject({ encoding, values });
  });

  test('UTF-8 with a mark is plain UTF-8', async () => {
    const reply = await read(Buffer.from(`\uFEFF${csv}`));
    expect(reply).toMatchObject({ values });
    expect(reply.encoding).toBeUndefined();
  });

  test('Windows-1252 is found, in values and in the header alone', async () => {
    const western = Buffer.from('name,n\nM\xfcller \x80,1\n', 'latin1');
    expect(await read(western)).toMatchObject({
      encoding: 'windows-1252',
      values: [{ name: 'Müller €', n: 1 }],
    });
    const header = Buffer.from('stra\xdfe,n\nx,1\n', 'latin1');
    expect(await read(header)).toMatchObject({ encoding: 'windows-1252', values: [{ straße: 'x', n: 1 }] });
  });

  test('a mixture is told by its line and byte, wherever the pieces of the file end', async () => {
    const path = inFolder('mixed');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 65_400, max: 65_600 }), fc.boolean(), async (length, isFirst) => {
        const long = Buffer.from(`${'ü'.repeat(length >> 1)}\n`);
        const odd = Buffer.from('M\xfcller\n', 'latin1');
        await writeFile(path, Buffer.concat(isFirst ? [odd, long] : [long, odd, long]));
        expect(await judgeEncoding(path)).toEqual(
          isFirst ? { line: 1, byte: 0 } : { line: 2, byte: long.length },
        );
        await writeFile(path, Buffer.concat([Buffer.alloc(length, 'a'), Buffer.from('\n'), odd, odd]));
        expect(await judgeEncoding(path)).toBe('windows-1252');
      }),
      { numRuns: 15 },
    );
  });

  test('transcoding loses no character at the borders of pieces', async () => {
    const [path, to] = [inFolder('wide'), inFolder('utf8')];
    const text = `a${'𝄞é'.repeat(60_000)}`;
    await writeFile(path, Buffer.from(`\uFEFF${text}`, 'utf16le'));
    await transcode(path, 'utf-16le', to);
    expect(await readFile(to, 'utf8')).toBe(text);
  });
});

test('the same rows have the same digest, whatever file they come in', async () => {
  const row = fc.record({
    n: fc.integer(),
    // Longer digits would be text in a CSV, and numbers in JSON.
    x: fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((x) => (Number.isInteger(x) ? x + 0.5 : x)),
    t: fc.string({ unit: 'grapheme', maxLength: 20 }).map((t) => `t${t.replaceAll('\0', '')}`),
  });
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const digestOf = async (content: Uint8Array, format: FileFormat) => {
    await read(content, format);
    return analytics.digestFile(inFolder('typed.parquet'));
  };
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
      const table = (delimiter: string) =>
        Buffer.from(
          ['n', 'x', 't'].join(delimiter) +
            rows.map(({ n, x, t }) => `\n${[n, x, quoted(t)].join(delimiter)}`).join('') +
            '\n',
        );
      const lines = Buffer.from(rows.map((each) => `${JSON.stringify(each)}\n`).join(''));
      const digest = await digestOf(table(','), 'csv');
      const parquet = await readFile(inFolder('typed.parquet'));
      expect(await digestOf(gzipSync(table('\t')), 'csv')).toEqual(digest);
      expect(await digestOf(Buffer.from(`\uFEFF${table(';').toString()}`, 'utf16le'), 'csv')).toEqual(digest);
      expect(await digestOf(zstdCompressSync(lines), 'ndjson')).toEqual(digest);
      expect(await digestOf(Buffer.from(JSON.stringify(rows)), 'json')).toEqual(digest);
      expect(await digestOf(parquet, 'parquet')).toEqual(digest);
    }),
    { numRuns: 6 },
  );
});

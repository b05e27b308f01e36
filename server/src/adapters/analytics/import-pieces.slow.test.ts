import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, FileFormat } from './analytics.ts';
import { cutCsv, RowsUnclear, rowEnds } from './cut-csv.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-pieces-'));
  analytics = await openDuckdb({ pieceBytes: 64 });
});
afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true });
});

async function read(content: string | Buffer, mayCut: boolean, format: FileFormat = 'csv') {
  files += 1;
  const path = join(folder, `${files}.${format}`);
  const to = join(folder, `${files}.parquet`);
  await writeFile(path, content);
  try {
    const reply = await analytics.importFile({ path, label: 'up.csv', format, to, mayCut });
    const paths = reply.pieces?.files.map((file) => file.path) ?? [to];
    const digested = await analytics.digestFile(paths);
    if (reply.pieces) {
      expect(reply.pieces.chunks).toEqual(digested.chunks);
      expect(await analytics.countRows(paths)).toEqual(reply.pieces.files.map(({ rows }) => rows));
    }
    const { columns, rows } = reply;
    return { columns, rows, chunks: digested.chunks, isCut: reply.pieces !== undefined };
  } catch (error) {
    expect((await readdir(folder)).filter((name) => name.startsWith(`${files}.parquet`))).toEqual([]);
    return { failure: (error as Error).message };
  }
}

async function sameEitherWay(content: string | Buffer) {
  const { isCut, ...cut } = (await read(content, true)) as { isCut?: boolean };
  const { isCut: _, ...whole } = (await read(content, false)) as { isCut?: boolean };
  expect(cut).toEqual(whole);
  return isCut;
}

const plain = Array.from({ length: 60 }, (_, i) => `${i},name ${i},${i / 4}`);

describe('a file read in pieces', () => {
  it('is what it is as a whole, in any spelling of its rows', { timeout: 60_000 }, async () => {
    const clean = [
      '',
      '1',
      '-7',
      '2.5',
      'x',
      '2020-01-31',
      'true',
      'Zürich',
      '"a,b"',
      '"line\nbreak"',
      '"so ""it"""',
    ];
    const odd = ['5" pipe', ' "spaced"', '"closed"late', "'", '"\n\n"', ' ', '""', '"x\r\ny"'];
    const rowsOf = (values: readonly string[]) =>
      fc.array(fc.tuple(fc.constantFrom(...values), fc.constantFrom(...values)), {
        minLength: 5,
        maxLength: 40,
      });
    const rows = fc.oneof(rowsOf(clean), rowsOf([...clean, ...clean, ...odd]));
    const end = fc.constantFrom('\n', '\r\n', '\n', '\n', '\r', '\n\n');
    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(rows, end, fc.boolean(), async (values, newline, isOpen) => {
        const text = ['a,b', ...values.map((row) => row.join(','))].join(newline) + (isOpen ? '' : newline);
        if (await sameEitherWay(text)) cuts += 1;
      }),
      { numRuns: 120 },
    );
    expect(cuts).toBeGreaterThan(10);
  });

  it.each<[string, string, boolean]>([
    ['plain', `id,name,x\n${plain.join('\n')}\n`, true],
    ['without a last line end', `id,name,x\n${plain.join('\n')}`, true],
    ['lines of \\r\\n', `id,name,x\r\n${plain.join('\r\n')}\r\n`, true],
    ['semicolons', `id;name;x\n${plain.join('\n').replaceAll(',', ';')}\n`, true],
    ['a mark in front', `\uFEFFid,name,x\n${plain.join('\n')}\n`, true],
    ['a type that a late row overturns', `id,name,x\n${plain.join('\n')}\nlate,y,1\n`, true],
    [
      'one column, where an empty line is a row',
      `id\n${plain.map((_, i) => (i % 9 ? i : '')).join('\n')}\n`,
      false,
    ],
    ['a quote within a value', `id,name,x\n${plain.join('\n')}\n1,5" pipe,3\n`, false],
    ['a row too long', `id,name,x\n${plain.join('\n')}\n1,2,3,4\n`, false],
    ['a row too short', `id,name,x\n1,2\n${plain.join('\n')}\n`, false],
    ['a quote that never closes', `id,name,x\n${plain.join('\n')}\n1,"open,3\n${plain.join('\n')}\n`, false],
    ['a header twice', `a,b\n${plain.map((_, i) => `x${i},y`).join('\n')}\na,b\nz,z\n`, false],
  ])('%s', async (_, text, isCut) => {
    expect((await sameEitherWay(text)) ?? false).toBe(isCut);
  });

  it('in Windows-1252, or with a byte of it in the middle', async () => {
    await sameEitherWay(Buffer.from(`id,name,x\n${plain.join('\n')}\n7,Z\u00fcrich,1\n`, 'latin1'));
    await sameEitherWay(Buffer.from(`id,name,x\n7,Zürich,1\n${plain.join('\n')}\n7,Z\xfcrich,1\n`, 'latin1'));
  });

  it('of tab-separated values', async () => {
    const text = `id\tname\tx\n${plain.join('\n').replaceAll(',', '\t')}\n`;
    expect(await read(text, true, 'tsv')).toMatchObject({ isCut: true, rows: 60 });
  });

  it('leaves nothing when it is stopped', async () => {
    const path = join(folder, 'stopped.csv');
    await writeFile(path, `id,name,x\n${Array.from({ length: 3000 }, () => plain[5]).join('\n')}\n`);
    const stop = new AbortController();
    const to = join(folder, 'stopped.parquet');
    const request = { path, format: 'csv' as const, to, mayCut: true, signal: stop.signal };
    setTimeout(() => stop.abort(), 100);
    await expect(analytics.importFile(request)).rejects.toMatchObject({ code: 'queryCancelled' });
    expect((await readdir(folder)).filter((name) => name.startsWith('stopped.parquet'))).toEqual([]);
    expect(await read(`id,name\n${'1,2\n'.repeat(50)}`, true)).toMatchObject({ rows: 50, isCut: true });
  });
});

describe('ends of rows', () => {
  it('do not depend on where blocks begin', () => {
    const text = fc
      .array(fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', 'x', ',"', '",', '"\n'), { maxLength: 60 })
      .map((parts) => Buffer.from(parts.join('')));
    const endOf = (bytes: Buffer, step: number): number | 'unclear' => {
      const rows = rowEnds(',');
      let end = 0;
      try {
        for (let i = 0; i < bytes.length; i += step) {
          const found = rows.scan(bytes.subarray(i, i + step));
          if (found > 0) end = i + found;
        }
        return end;
      } catch (error) {
        expect(error).toBeInstanceOf(RowsUnclear);
        return 'unclear';
      }
    };
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7 }), (bytes, step) => {
        expect(endOf(bytes, step)).toBe(endOf(bytes, 1));
        expect(endOf(bytes, bytes.length + 1)).toBe(endOf(bytes, 1));
      }),
    );
  });

  it('are where pieces end, and the pieces are the file', async () => {
    const path = join(folder, 'cut.csv');
    const text = `a,b\n${'1,"x\ny"\n'.repeat(40)}`;
    await writeFile(path, text);
    const pieces: string[] = [];
    const to = (i: number) => join(folder, `cut.${i}`);
    for await (const piece of cutCsv(path, { delimiter: ',', to, pieceBytes: 50 }))
      pieces.push(await readFile(piece.path, 'utf8'));
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe(text);
    for (const piece of pieces) expect(piece.endsWith('\n') && !piece.endsWith('x\n')).toBe(true);
  });
});

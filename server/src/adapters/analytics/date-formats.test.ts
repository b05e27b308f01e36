import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Analytics, ImportRequest } from './analytics.ts';
import { formatsOfShape } from './date-shapes.ts';
import { openDuckdb } from './duckdb.ts';

let analytics: Analytics;
let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-dates-'));
  analytics = await openDuckdb();
});

afterAll(async () => {
  await analytics.close();
  await rm(folder, { recursive: true });
});

type Options = Partial<Omit<ImportRequest, 'path' | 'to'>>;

async function importText(content: string, options: Options = {}) {
  files += 1;
  const path = join(folder, `upload-${files}`);
  const to = join(folder, `typed-${files}.parquet`);
  await writeFile(path, content);
  const reply = await analytics.importFile({ label: 'up.csv', format: 'csv', ...options, path, to });
  const { rows } = await analytics.query({ sql: 'select * from t', tables: { t: { paths: [to] } } });
  const types = reply.columns.map((column) => column.type).join(' ');
  return { types, rows, warnings: reply.warnings ?? [] };
}

const failureOf = (content: string, options: Options = {}): Promise<string> =>
  importText(content, options).then(
    () => 'it was read',
    (error: Error & { code: string }) => `${error.code}: ${error.message}`,
  );

describe('date formats of single columns', () => {
  const content = 'day,seen,n\n31.12.2022,01/02/2022,1\n01.01.2023,01/13/2022,2\n';

  it('are each their own', async () => {
    const { types, rows } = await importText(content, {
      dateFormats: { day: ['%d.%m.%Y'], seen: ['%m/%d/%Y'] },
    });
    expect(types).toBe('date date integer');
    expect(rows[0]).toEqual({ day: '2022-12-31', seen: '2022-01-02', n: 1 });
  });

  it('may be several, tried in order', async () => {
    const { types, rows } = await importText('day\n2022-12-30\n31.12.2022\n"Jan 1, 2023"\nNA\n', {
      dateFormats: { day: ['%Y-%m-%d', '%d.%m.%Y', '%b %d, %Y'] },
    });
    expect(types).toBe('date');
    expect(rows.map(({ day }) => day)).toEqual(['2022-12-30', '2022-12-31', '2023-01-01', null]);
  });

  it('give timestamps where one has a time', async () => {
    const { types, rows } = await importText('at\n2022-12-30\n31.12.2022 10:30\n', {
      dateFormats: { at: ['%Y-%m-%d', '%d.%m.%Y %H:%M'] },
    });
    expect(types).toBe('timestamp');
    expect(rows.map(({ at }) => at)).toEqual(['2022-12-30T00:00:00.000Z', '2022-12-31T10:30:00.000Z']);
  });

  it('name the line, the column, the value and the remedy where one does not fit', async () => {
    expect(
      await failureOf(`${content}2023/01/02,01/02/2022,3\n`, { dateFormats: { day: ['%d.%m.%Y'] } }),
    ).toBe(
      "fileUnreadable: up.csv, line 4, column 'day': '2023/01/02' is not a date written as %d.%m.%Y. Correct the value, or add how it is written: day=%d.%m.%Y|….",
    );
  });

  it('find a misfit behind what a large file begins with', async () => {
    const rows = Array.from({ length: 120_000 }, (_, i) => `31.12.2022,${i}`).join('\n');
    const message = await failureOf(`day,n\n${rows}\n12/31/2022,1\n`, { dateFormats: { day: ['%d.%m.%Y'] } });
    expect(message).toContain("line 120002, column 'day': '12/31/2022' is not a date written as %d.%m.%Y");
  });

  it('take no year of two digits for one of four', async () => {
    const message = await failureOf('day\n03/04/22\n', { dateFormats: { day: ['%d/%m/%Y'] } });
    expect(message).toContain("'03/04/22' is not a date written as %d/%m/%Y");
    const { rows } = await importText('day\n03/04/22\n03/04/2023\n', {
      dateFormats: { day: ['%d/%m/%Y', '%d/%m/%y'] },
    });
    expect(rows.map(({ day }) => day)).toEqual(['2022-04-03', '2023-04-03']);
  });

  it('are refused for a column that is not there, or holds numbers', async () => {
    expect(await failureOf(content, { dateFormats: { dya: ['%d'] } })).toContain(
      'the table has day, seen, n',
    );
    const json = { format: 'ndjson', dateFormats: { n: ['%Y%m%d'] } } as const;
    expect(await failureOf('{"n":20220131}\n', json)).toContain('not as text');
  });

  it('are known by our names, and read the texts of JSON too', async () => {
    const { types } = await importText('{"Datum":"31.12.2022"}\n', {
      format: 'ndjson',
      mapping: { day: 'Datum' },
      dateFormats: { day: ['%d.%m.%Y'] },
    });
    expect(types).toBe('date');
  });

  it('go before the types that are demanded', async () => {
    const { types } = await importText('day\n31.12.2022\n', {
      types: { day: 'timestamp' },
      dateFormats: { day: ['%d.%m.%Y'] },
    });
    expect(types).toBe('timestamp');
  });

  it('leave an empty column a date', async () => {
    const { types } = await importText('day,n\n,1\n', { dateFormats: { day: ['%d.%m.%Y'] } });
    expect(types).toBe('date integer');
  });
});

describe('dates that stay text', () => {
  it('are told by format, with a count and the first line of each', async () => {
    const { types, warnings } = await importText(
      'day,note\n2022-12-30,"a\nb"\n31.12.2022,c\n2022-12-29,c\n12/31/2022,c\n',
    );
    expect(types).toBe('text text');
    expect(warnings).toEqual([
      {
        column: 'day',
        message:
          "It holds dates and stays text: 2 values as %Y-%m-%d (line 2: '2022-12-30'); 1 value as %d.%m.%Y (line 4: '31.12.2022'); 1 value as %m/%d/%Y (line 6: '12/31/2022').",
        remedy: "Make them dates with --date-format 'day=%Y-%m-%d|%d.%m.%Y|%m/%d/%Y' (dateFormat by HTTP)",
      },
    ]);
  });

  it('are told where nothing tells the day from the month', async () => {
    const { warnings } = await importText('day,n\n03/04/2022,1\n05/06/2022,2\n');
    expect(warnings[0]?.message).toBe(
      "It holds dates and stays text: 2 values as %d/%m/%Y or %m/%d/%Y (line 2: '03/04/2022'). No value tells the day from the month where both fit, so none was assumed.",
    );
    expect(warnings[0]?.remedy).toContain("'day=%d/%m/%Y', the day first, or with the format turned round");
  });

  it('count with those that one value decides', async () => {
    const { warnings } = await importText('day,n\n03/04/2022,1\n13/06/2022,2\n');
    expect(warnings[0]?.message).toContain("2 values as %d/%m/%Y (line 2: '03/04/2022').");
  });

  it('are told with what is no date among them', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i + 1}.12.2022,1`).join('\n');
    const { warnings } = await importText(`day,n\n${rows}\nsoon,2\n`);
    expect(warnings[0]?.message).toContain("1 value no date (line 22: 'soon')");
    expect(warnings[0]?.remedy).toContain('after correcting or emptying');
  });

  it('are not looked for in text, in numbers, or where text is demanded', async () => {
    const texts = 'a,b,c\n555-12-34567,1.2.3,x 2022-01-01\n192.168.0.1,2022,y\n';
    expect((await importText(texts)).warnings).toEqual([]);
    expect((await importText('day\n31.12.2022\n', { types: { day: 'text' } })).warnings).toEqual([]);
  });
});

it('says which of two formats that fit was taken', async () => {
  const { rows, warnings } = await importText('day\n13/04/2022\n03/04/2022\n12/31/2022\n', {
    dateFormats: { day: ['%d/%m/%Y', '%m/%d/%Y'] },
  });
  expect(rows.map(({ day }) => day)).toEqual(['2022-04-13', '2022-04-03', '2022-12-31']);
  expect(warnings).toEqual([
    {
      column: 'day',
      message:
        "1 value fits more than one of its formats and was read by the first, %d/%m/%Y rather than %m/%d/%Y (line 3: '03/04/2022').",
      remedy: "If the other is meant, put it first: --date-format 'day=%m/%d/%Y|%d/%m/%Y'",
    },
  ]);
});

it('finds the format that a date was written in among those of its shape', async () => {
  const pad = (n: number) => String(n).padStart(2, '0');
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const spell: Record<string, (d: Date) => string> = {
    '%Y-%m-%d': (d) => d.toISOString().slice(0, 10),
    '%d.%m.%Y': (d) => `${pad(d.getUTCDate())}.${pad(d.getUTCMonth() + 1)}.${d.getUTCFullYear()}`,
    '%m/%d/%y': (d) => `${d.getUTCMonth() + 1}/${d.getUTCDate()}/${pad(d.getUTCFullYear() % 100)}`,
    '%d %b %Y': (d) => `${d.getUTCDate()} ${months[d.getUTCMonth()]} ${d.getUTCFullYear()}`,
    '%b %d, %Y': (d) => `${months[d.getUTCMonth()]} ${d.getUTCDate()}, ${d.getUTCFullYear()}`,
    '%Y/%m/%d %H:%M:%S': (d) => d.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' '),
  };
  const dates = fc.date({ min: new Date('1990-01-01'), max: new Date('2060-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(spell)), dates, (format, date) => {
      const shape = (spell[format]?.(date) ?? '').replace(/[1-9]/g, '0');
      expect(formatsOfShape(shape)).toContain(format);
    }),
  );
});

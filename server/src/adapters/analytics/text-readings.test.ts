import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Analytics } from './analytics.ts';
import { openDuckdb } from './duckdb.ts';
import { quoteText } from './sql-text.ts';
import { formattedDate, presentValue, type Reading, textReadings } from './text-readings.ts';

let analytics: Analytics;

beforeAll(async () => {
  analytics = await openDuckdb();
});
afterAll(() => analytics.close());

/** What tempts a cast to say more than the rules allow. */
const values = [
  ...[
    '1',
    '-1',
    '+1',
    '007',
    '-0',
    '00',
    '1_000',
    '0x1F',
    '0b1',
    '1e3',
    '9223372036854775808',
    ' 5',
    '5 ',
    '5\n',
  ],
  ...[
    '12345678901234567890',
    '123456789012345678',
    '1234567890123456789e5',
    '1.',
    '.5',
    '-.5',
    '00.5',
    '1,5',
  ],
  ...[
    '1.5',
    '1.50',
    '1.5\t',
    '1e400',
    '1e-400',
    'inf',
    'INF',
    '-Infinity',
    'nan',
    '-nan',
    'NA',
    '-',
    '--',
    '',
  ],
  ...['2024-01-02', '2024-1-2', '2024-01-02 ', '0044-03-15 (BC)', '12024-01-01', '2024-02-30', '2024/01/02'],
  ...['2024-01-02 03:04:05', '2024-01-02T03:04:05Z', '2024-01-02T03:04:05.5', '2024-01-02 03:04:05+02'],
  ...[
    '2024-01-02 03:04:05-02:30',
    '2024-01-02T03:04:05.25+0530',
    '2024-01-02  3:04:05',
    '2024-01-02 03:04:05\n',
  ],
  ...[
    '2024-01-02 03:04:05 UTC',
    '2024-01-02 03:04:05 Europe/Berlin',
    '2024-01-02 24:00:00',
    '2024-01-02 3:04',
  ],
  ...[
    '2024-01-02 (BC) 03:04:05',
    'infinity',
    'epoch',
    'true',
    'TRUE',
    'tru',
    '31.12.2024',
    ' 31.12.2024',
    '31.12.24',
  ],
];

async function ask(reading: Reading): Promise<readonly Readonly<Record<string, unknown>>[]> {
  if (!reading.plain) throw new Error(`${reading.type} has no cheap way`);
  const rows = values.map((value) => `(${quoteText(value)})`).join(', ');
  const fits = `coalesce(${reading.fits('v')}, false)`;
  const { rows: found } = await analytics.query({
    sql: `select x, coalesce(${reading.plain.isPlain('x', 't')}, false) as plain, ${fits} as fits,
        case when ${fits} then cast(${reading.cast('v')} as varchar) end as meant, cast(t as varchar) as tried
      from (select x, ${presentValue('x')} as v, ${reading.plain.attempt('x')} as t from (values ${rows}) s(x))`,
  });
  return found;
}

it.each([...textReadings.filter(({ plain }) => plain), formattedDate(['%d.%m.%Y'])])(
  'the cheap way of reading a $type %# only takes what the rule takes, and means the same',
  async (reading) => {
    const plain = (await ask(reading)).filter((row) => row.plain);
    expect(plain.length).toBeGreaterThan(0);
    for (const row of plain) expect(row).toMatchObject({ fits: true, meant: row.tried });
  },
);

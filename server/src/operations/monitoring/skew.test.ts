import type { PredictionRecord } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createSkew } from './skew.ts';

let wing: DataWing;

const record = (key: unknown[], eventTime: number, features: Record<string, unknown>): PredictionRecord =>
  ({ id: `p${eventTime}`, key: JSON.stringify(key), eventTime, features }) as unknown as PredictionRecord;

describeEachDatabase('skew', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  async function commit(lines: readonly object[], name = 'trained') {
    const content = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await wing.datasets.commit({ name, format: 'ndjson', content }, callerIn('s'));
    return wing.datasets.resolve(`${name}@latest`, 's');
  }
  const at = Date.UTC(2025, 5, 1);
  const later = at + 3_600_000;

  test('the same rows are found by composite keys and time, and every value is compared to the last bit', async () => {
    const version = await commit([
      {
        shop: 'a"b',
        sku: 1,
        event_time: '2025-06-01T00:00:00',
        price: 0.1,
        open: true,
        since: '2024-01-01',
        tag: null,
      },
      {
        shop: 'a"b',
        sku: 2,
        event_time: '2025-06-01T00:00:00',
        price: 2,
        open: false,
        since: '2024-01-02',
        tag: 'x',
      },
      {
        shop: 'a"b',
        sku: 1,
        event_time: '2025-06-01T01:00:00',
        price: 3,
        open: true,
        since: '2024-01-03',
        tag: 'y',
      },
    ]);
    const skew = createSkew(wing);
    const question = {
      version,
      entity: ['shop', 'sku'],
      features: ['price', 'open', 'since', 'tag', 'unknown'],
    };
    const records = [
      record(['a"b', 1], later, { price: 3, open: 1, since: '2024-01-03T00:00:00Z', tag: 'y' }),
      record(['a"b', 2], at, { price: 2, open: false, since: '2024-01-02', tag: 'z' }),
      record(['a"b', 1], at, { price: 0.1 + Number.EPSILON / 8, open: true, since: '2024-01-01', tag: null }),
      record(['a"b', 3], at, { price: 9 }),
    ];
    const found = await skew.compare({ ...question, records });
    expect(found?.eventTime).toBe(later);
    expect(
      found?.judgements.map(({ column, value, rows, breached }) => [column, value, rows, breached]),
    ).toEqual([
      ['price', 1, 3, true],
      ['open', 0, 3, false],
      ['since', 0, 3, false],
      ['tag', 1, 3, true],
    ]);
    expect(found?.judgements[3]?.text).toBe(
      'tag was served as "z" for ["a\\"b",2] at 2025-06-01T00:00:00.000Z, and row 2 of trained@1 has "x": 1 of 3 same rows differ',
    );
    expect(found?.judgements[3]?.evidence).toMatchObject([{ value: 'z', trained: 'x', row: 2 }]);
    expect(await skew.compare({ ...question, records: records.slice(3) })).toBe(null);
    expect(await skew.compare({ ...question, records, entity: ['shop', 'nowhere'] })).toBe(null);
  });

  test('texts that come in other shares, or that training never had, are told', async () => {
    const version = await commit(
      Array.from({ length: 900 }, (_, i) => ({
        id: i,
        event_time: '2025-06-01',
        city: ['a', 'b', 'c'][i % 3],
      })),
      'cities',
    );
    const skew = createSkew(wing);
    const judge = async (cities: readonly string[]) => {
      const records = cities.map((city, i) => record([i], at, { city }));
      const { units, judge: judged } = await skew.watchTexts(
        { version, entity: ['id'], features: ['city'], records },
        'city',
        1e-6,
      );
      return judged(units)[0];
    };
    const fair = Array.from({ length: 60 }, (_, i) => ['a', 'b', 'c'][i % 3] ?? '');
    expect(await judge(fair)).toMatchObject({ column: 'city', statistic: 'chi-square', breached: false });
    expect(await judge(fair.map(() => 'a'))).toMatchObject({ breached: true });
    expect((await judge([...fair.slice(30), ...fair.slice(30).map(() => 'new')]))?.text).toContain(
      '30 of them with a text that training does not have',
    );
  });
});

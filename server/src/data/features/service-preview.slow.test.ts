import type { ServicePreview } from '@tidemill/contract';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

let wing: DataWing;
let workspaces = 0;

/** AAPL's price of the first day was corrected on the third. */
const raw = {
  prices: [
    'symbol,seen,known,close',
    'AAPL,2024-01-01T00:00:00Z,2024-01-01T12:00:00Z,100',
    'AAPL,2024-01-01T00:00:00Z,2024-01-03T00:00:00Z,90',
    'AAPL,2024-01-02T00:00:00Z,2024-01-02T00:00:00Z,110',
    'MSFT,2024-01-02T00:00:00Z,2024-01-02T00:00:00Z,300',
  ],
  rates: ['country,day,rate', 'US,2024-01-01T00:00:00Z,5'],
  orders: [
    'symbol,country,event_time,amount',
    'AAPL,US,2024-01-02T12:00:00Z,2',
    'MSFT,DE,2024-01-02T12:00:00Z,3',
    'IBM,US,2024-01-02T12:00:00Z,4',
  ],
};
const service = {
  features: ['prices:close', 'rates:rate'],
  request: [{ name: 'amount', type: 'integer' as const }],
  onDemand: [{ name: 'cost', type: 'double' as const, expression: 'close * amount' }],
};

describeEachDatabase('a preview of a service', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  async function begin() {
    const caller = callerIn(`p${(workspaces++).toString()}`);
    for (const [name, lines] of Object.entries(raw))
      await wing.datasets.commit({ name, format: 'csv', content: Buffer.from(lines.join('\n')) }, caller);
    await wing.features.put(
      {
        name: 'prices',
        sql: 'select symbol, seen, known, close from prices',
        ...{ entity: ['symbol'], eventTime: 'seen', createdTime: 'known' },
      },
      caller,
    );
    await wing.features.put(
      {
        name: 'rates',
        sql: 'select country, day, rate from rates -- daily',
        ...{ entity: ['country'], eventTime: 'day' },
      },
      caller,
    );
    return { caller, preview: (input: ServicePreview) => wing.features.previewService(input, caller) };
  }

  it('has the rows that a training set would have, of a definition and once it is registered', async () => {
    const { caller, preview } = await begin();
    const asked = { entities: 'orders', statuses: true };
    const found = await preview({ ...service, ...asked });
    expect(found.columns).toContainEqual({ name: 'cost', type: 'double' });
    expect(found.rows.map(({ close, rate, cost }) => [close, rate, cost])).toEqual([
      [110, 5, 220],
      [300, null, 900],
      [null, 5, null],
    ]);
    expect(found.rows.map((row) => row.rates__status)).toEqual(['PRESENT', 'NOT_FOUND', 'PRESENT']);
    expect((await wing.features.services.list({}, caller)).items).toEqual([]);

    await wing.features.services.put({ name: 'costs', ...service }, caller);
    expect(await preview({ service: 'costs@1', ...asked })).toEqual(found);
    expect((await wing.datasets.list({}, caller)).items.map(({ name }) => name).sort()).toEqual(
      Object.keys(raw).sort(),
    );
    await wing.features.createTrainingSet({ name: 'train', service: 'costs@1', ...asked }, caller);
    const file = await wing.datasets.read({ name: 'train', version: '1', format: 'json' }, caller);
    expect(found.rows).toEqual(JSON.parse(await textOf(file.content)));
    const few = await preview({ service: 'costs@1', ...asked, limit: 2 });
    expect(few.rows).toEqual(found.rows.slice(0, 2));
  });

  it('cuts texts that no screen shows, of a view, its aggregations and a service alike', async () => {
    const { caller, preview } = await begin();
    const notes = {
      sql: "select symbol, seen as at_, repeat('é', 2000000) as note from prices",
      ...{ entity: ['symbol'], eventTime: 'at_' },
    };
    await wing.features.put({ name: 'notes', ...notes }, caller);
    const last = [{ name: 'note', function: 'last' as const, column: 'note', window: '7d' }];
    for (const reply of [
      await wing.features.preview(notes, caller),
      await wing.features.preview({ ...notes, aggregations: last }, caller),
      await preview({ features: ['notes:note'] }),
    ]) {
      expect(reply.cutAt).toBe(1_000);
      expect(reply.rows).toHaveLength(4);
      for (const { note } of reply.rows) expect(note).toBe(`${'é'.repeat(1_000)}…`);
    }
  });

  it('shows the first rows of a view that has all keys, as they are known by now', async () => {
    const { preview } = await begin();
    const onDemand = [{ name: 'twice', type: 'double' as const, expression: 'close * 2.0' }];
    const { columns, rows } = await preview({ features: ['prices:close as last'], limit: 3 });
    expect(columns.map(({ name }) => name)).toEqual(['symbol', 'event_time', 'last']);
    expect(rows.map(({ symbol, last }) => [symbol, last])).toEqual([
      ['AAPL', 90],
      ['AAPL', 90],
      ['AAPL', 110],
    ]);
    const some = await preview({ features: ['prices'], onDemand, eventTime: 't', limit: 1 });
    expect(some.rows).toEqual([{ symbol: 'AAPL', t: '2024-01-01T00:00:00.000Z', close: 90, twice: 180 }]);
    expect((await preview({ features: ['rates'] })).rows).toHaveLength(1);
    const asking = await preview({ ...service, features: ['prices'], limit: 1 });
    expect(asking.rows).toMatchObject([{ close: 90, amount: null, cost: null }]);
    expect(asking.columns).toContainEqual({ name: 'amount', type: 'integer' });
  });

  it.each([
    ['nothing to try', {}, /either 'features' or 'service'/],
    ['two things', { service: 'costs', features: ['prices'] }, /either 'features' or 'service'/],
    ['an unknown view', { features: ['nope'] }, /no feature view 'nope'/],
    [
      'no view with all keys',
      { features: service.features },
      /none of its views has all keys, symbol, country/,
    ],
    [
      'entities without a key',
      { ...service, entities: 'select symbol, event_time, amount from orders' },
      /'country' is missing. The SQL gives symbol, event_time, amount/,
    ],
    [
      'an expression that does not fit',
      {
        features: ['prices'],
        onDemand: [{ name: 'x', type: 'double' as const, expression: 'symbol * 2.0' }],
      },
      /applied/,
    ],
    ['SQL that is wrong', { features: ['prices'], entities: 'select nothere from orders' }, /nothere/],
  ])('with %s is refused with a remedy', async (_, input, message) => {
    const { preview } = await begin();
    await expect(preview(input)).rejects.toThrow(message);
  });
});

import { afterAll, beforeAll, expect, it } from 'vitest';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

let wing: DataWing;
let workspaces = 0;

describeEachDatabase('a view whose dataset has changed', (open) => {
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  async function change(sql: string, content: string) {
    const caller = callerIn(`r${(workspaces++).toString()}`);
    const commit = (csv: string) =>
      wing.datasets.commit({ name: 'prices', format: 'csv', content: Buffer.from(csv) }, caller);
    await commit('date,symbol,close,volume\n2023-08-30,AAPL,180.5,5\n');
    await wing.features.put({ name: 'stats', sql, entity: ['symbol'], eventTime: 'date' }, caller);
    await commit(content);
    const set = {
      name: 'train',
      entities: 'select symbol, date as event_time from "prices@1"',
      views: ['stats'],
    };
    return {
      materialize: (bindings?: Record<string, string>) =>
        wing.features.materialize({ name: 'stats', version: '1', ...(bindings && { bindings }) }, caller),
      train: () => wing.features.createTrainingSet(set, caller),
    };
  }
  const all = 'select * from prices';

  it.each([
    [
      'a column its SQL reads',
      'select symbol, date, close, volume from prices',
      'date,symbol,close\n2023-08-31,AAPL,181.5\n',
      /'stats@1' cannot be built on prices@2: its SQL reads the column 'volume', which is not there/,
    ],
    [
      'a feature',
      all,
      'date,symbol,close\n2023-08-31,AAPL,181.5\n',
      /on prices@2: its SQL gives no column 'volume' \(it gives date, symbol, close\)/,
    ],
    ['its key', all, 'date,ticker,close,volume\n2023-08-31,AAPL,181.5,1\n', /gives no column 'symbol'/],
    [
      'the type of a feature',
      all,
      'date,symbol,close,volume\n2023-08-31,AAPL,181.5,many\n',
      /the column 'volume' is text; the view promises integer/,
    ],
    [
      'the type of its key',
      all,
      'date,symbol,close,volume\n2023-08-31,7,181.5,1\n',
      /the column 'symbol' is integer; the view promises text/,
    ],
    [
      'the type of its time',
      all,
      'date,symbol,close,volume\nsoon,AAPL,181.5,1\n',
      /the column 'date' is text, neither date nor timestamp/,
    ],
  ])('has lost %s', async (_, sql, content, message) => {
    const { materialize, train } = await change(sql, content);
    await expect(materialize()).rejects.toThrow(message);
    await expect(train()).rejects.toThrow(message);
    expect(await materialize({ prices: 'prices@1' })).toMatchObject({ written: 1 });
  });

  it('may have whole numbers where it promised doubles, and more columns', async () => {
    const { materialize } = await change(all, 'date,symbol,close,volume,open\n2023-08-31,AAPL,181,6,1\n');
    expect(await materialize()).toMatchObject({ written: 1 });
  });
});

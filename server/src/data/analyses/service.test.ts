import { afterAll, beforeAll, expect, test } from 'vitest';
import { callerIn, createDataWing, type DataWing } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { type Analyses, createAnalyses } from './service.ts';

const csv = 'day,city,sold\n2024-01-01,Oslo,3\n2024-01-02,Oslo,5\n2024-01-01,Rome,7\n';
const { signal } = new AbortController();

describeEachDatabase('analyses', (open) => {
  let wing: DataWing;
  let analyses: Analyses;
  let workspaces = 0;
  beforeAll(async () => {
    wing = await createDataWing(await open());
    analyses = createAnalyses(wing);
  });
  afterAll(() => wing.close());

  const commit = (
    caller: ReturnType<typeof callerIn>,
    content: string,
    mode: 'append' | 'replace' = 'replace',
  ) => wing.datasets.commit({ name: 'sales', format: 'csv', mode, content: Buffer.from(content) }, caller);
  async function prepare() {
    const caller = callerIn(`analyses-${workspaces++}`);
    await commit(caller, csv);
    return caller;
  }
  const perCity = 'select city, sum(sold) as sold from sales group by city order by city;';
  const sold = { kind: 'bar' as const, x: 'city', y: ['sold'] };

  test('a select reads the latest version or the one it names, and says which', async () => {
    const caller = await prepare();
    await commit(caller, 'day,city,sold\n2024-01-03,Rome,1\n', 'append');
    const latest = await analyses.query({ sql: perCity }, caller, signal);
    expect(latest).toMatchObject({
      columns: [
        { name: 'city', type: 'text' },
        { name: 'sold', type: expect.stringMatching(/integer|double/) },
      ],
      rows: [
        { city: 'Oslo', sold: 8 },
        { city: 'Rome', sold: 8 },
      ],
      truncated: false,
      versions: ['sales@2'],
      bindings: { sales: 'sales@2' },
    });
    const joined = await analyses.query(
      { sql: 'select count(*) as n from "sales@1" join sales using (day, city)', bindings: { sales: '1' } },
      caller,
      signal,
    );
    expect(joined).toMatchObject({ rows: [{ n: 3 }], versions: ['sales@1'] });
  });

  test('rows beyond the limit are left out and said to be', async () => {
    const caller = await prepare();
    const cut = await analyses.query({ sql: 'from sales order by sold', limit: 2 }, caller, signal);
    expect(cut).toMatchObject({ truncated: true, rows: [{ sold: 3 }, { sold: 5 }] });
    const heavy = "select repeat('x', 40000) as t from range(1000)";
    await expect(analyses.query({ sql: heavy }, caller, signal)).rejects.toMatchObject({
      code: 'queryTooLarge',
    });
  });

  test.each([
    ["select * from read_csv('/etc/passwd')", /queryRefused|queryFailed|SqlInvalid/],
    ["copy (select 1) to '/tmp/stolen.csv'", /queryRefused|SqlInvalid/],
    ["attach '/tmp/other.db'", /queryRefused|SqlInvalid/],
    ['install httpfs', /queryRefused|SqlInvalid/],
    ['select 1; select 2', /queryRefused|SqlInvalid/],
    ["select * from 'http://127.0.0.1/x.parquet'", /datasetNotFound|queryRefused|queryFailed|SqlInvalid/],
    ['select nothing from sales', /queryFailed/],
    ['select * from absent', /datasetNotFound/],
    ['sel ect', /SqlInvalid|queryRefused|queryFailed/],
  ])('%s is refused', async (sql, code) => {
    const caller = await prepare();
    await expect(analyses.query({ sql }, caller, signal)).rejects.toMatchObject({
      code: expect.stringMatching(code),
    });
  });

  test('what is no select is said to be none', async () => {
    const caller = await prepare();
    const copy = analyses.query({ sql: "copy (select 1) to '/tmp/stolen.csv'" }, caller, signal);
    await expect(copy).rejects.toThrow('cannot be used: it is no SELECT.');
  });

  test('a select that never ends is stopped by its time, and by its client', async () => {
    const caller = await prepare();
    const endless = 'select count(*) from range(1000000) a, range(1000000) b, range(1000000) c';
    await expect(analyses.query({ sql: endless, timeoutSeconds: 1 }, caller, signal)).rejects.toMatchObject({
      code: 'queryCancelled',
    });
    const leaving = new AbortController();
    const asked = analyses.query({ sql: endless }, caller, leaving.signal);
    leaving.abort();
    await expect(asked).rejects.toMatchObject({ code: 'queryCancelled' });
  });

  test('what is kept gives the same table again, whatever was committed since', async () => {
    const caller = await prepare();
    const kept = await analyses.put({ name: 'cities', sql: perCity, chart: sold }, caller, signal);
    expect(kept.analysis).toMatchObject({
      uri: 'analysis:cities',
      versions: ['sales@1'],
      chart: sold,
      rows: 2,
    });
    await commit(caller, 'day,city,sold\n2024-01-03,Rome,1\n', 'append');
    const again = await analyses.run({ name: 'cities' }, caller, signal);
    expect(again).toMatchObject({ verdict: 'equal', analysis: kept.analysis });
    expect(again.result.rows).toEqual(kept.result.rows);
    const today = await analyses.run({ name: 'cities', latest: true }, caller, signal);
    expect(today).toMatchObject({ verdict: 'newer data', result: { versions: ['sales@2'] } });
    expect(await analyses.get({ name: 'cities' }, caller)).toEqual(kept.analysis);
  });

  test('a select that is not the same twice is told apart', async () => {
    const caller = await prepare();
    await analyses.put({ name: 'chance', sql: 'select random() as r from sales' }, caller, signal);
    expect(await analyses.run({ name: 'chance' }, caller, signal)).toMatchObject({ verdict: 'different' });
    await analyses.put({ name: 'shuffled', sql: 'select sold from sales order by random()' }, caller, signal);
    const verdicts = new Set<string>();
    for (let i = 0; i < 8; i += 1)
      verdicts.add((await analyses.run({ name: 'shuffled' }, caller, signal)).verdict);
    expect([...verdicts].filter((verdict) => verdict === 'different')).toEqual([]);
  });

  test('what it reads cannot be deleted under it; the last word of its name counts', async () => {
    const caller = await prepare();
    await analyses.put({ name: 'cities', sql: perCity, description: 'sold per city' }, caller, signal);
    await expect(wing.datasets.delete({ name: 'sales' }, caller)).rejects.toMatchObject({ code: 'inUse' });
    await analyses.put({ name: 'cities', sql: 'select 1 as one' }, caller, signal);
    expect(await analyses.get({ name: 'cities' }, caller)).toMatchObject({
      description: 'sold per city',
      versions: [],
    });
    await wing.datasets.delete({ name: 'sales' }, caller);
    await analyses.delete({ name: 'cities' }, caller);
    await expect(analyses.get({ name: 'cities' }, caller)).rejects.toMatchObject({
      code: 'analysisNotFound',
    });
  });

  test('what was deleted while it was asked is not kept', async () => {
    const caller = await prepare();
    const changes: typeof wing.changes = {
      ...wing.changes,
      run: async (who, work) => {
        await wing.datasets.delete({ name: 'sales' }, caller);
        return wing.changes.run(who, work);
      },
    };
    const late = createAnalyses({ ...wing, changes }).put({ name: 'cities', sql: perCity }, caller, signal);
    await expect(late).rejects.toMatchObject({ code: 'usedGone', details: { what: 'dataset:sales@1' } });
    expect((await analyses.list({}, caller)).items).toEqual([]);
  });

  test('a chart names columns of the result, and numbers to draw', async () => {
    const caller = await prepare();
    for (const chart of [
      { ...sold, x: 'town' },
      { ...sold, y: ['city'] },
    ])
      await expect(
        analyses.put({ name: 'cities', sql: perCity, chart }, caller, signal),
      ).rejects.toMatchObject({ code: 'analysisChartInvalid' });
    await expect(analyses.get({ name: 'cities' }, caller)).rejects.toMatchObject({
      code: 'analysisNotFound',
    });
  });

  test('lists by name, page by page, and only of its workspace', async () => {
    const caller = await prepare();
    for (const name of ['c', 'a', 'b']) await analyses.put({ name, sql: 'select 1 as one' }, caller, signal);
    const first = await analyses.list({ limit: 2 }, caller);
    expect(first.items.map(({ name }) => name)).toEqual(['a', 'b']);
    const rest = await analyses.list({ limit: 2, cursor: first.nextCursor ?? '' }, caller);
    expect([rest.items.map(({ name }) => name), rest.nextCursor]).toEqual([['c'], null]);
    expect((await analyses.list({}, callerIn('elsewhere'))).items).toEqual([]);
  });
});

// The features wing in a browser: found in the catalogue, read, compared, asked what breaks, materialized and looked up.
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from './browser.ts';

const days = 40;
const symbols = ['AAPL', 'MSFT'];
const prices = () =>
  `symbol,venue,date,close\n${symbols
    .flatMap((symbol, which) =>
      Array.from({ length: days }, (_, day) => {
        const date = new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
        return `${symbol},${which + 1},${date},${100 * (which + 1) + day}`;
      }),
    )
    .join('\n')}\n`;

const priceStats = {
  description: 'Close, and the one before',
  owner: 'markets',
  tags: { team: 'pricing' },
  sql: `select symbol, venue, date as event_time, close, lag(close) over (partition by symbol order by date) as close_1 from prices`,
  entities: ['listing'],
  eventTime: 'event_time',
};

describeScreens('features', (ui) => {
  const heading = (name: string) => ui.page.getByRole('heading', { name, exact: true }).waitFor();
  const tab = (name: string) => ui.page.getByRole('tab', { name }).click();

  beforeAll(async () => {
    const { client } = ui;
    await client.datasets.commit({ name: 'prices', format: 'csv', content: Buffer.from(prices()) });
  });

  async function define() {
    const { client } = ui;
    await client.entities.put({
      name: 'listing',
      description: 'A share where it is listed',
      owner: 'markets',
      joinKeys: [
        { name: 'symbol', type: 'text' },
        { name: 'venue', type: 'integer' },
      ],
    });
    await client.features.put({ name: 'price_stats', ...priceStats });
    await client.features.put({
      name: 'price_stats',
      ...priceStats,
      sql: priceStats.sql.replace(' from prices', ', close * 2 as double_close from prices'),
    });
    await client.featureServices.put({
      name: 'pricing',
      owner: 'trading',
      features: ['price_stats:close as last_close', 'price_stats:close_1'],
      request: [{ name: 'amount', type: 'double' }],
      onDemand: [{ name: 'shares', type: 'double', expression: 'amount / last_close' }],
    });
    await client.features.createTrainingSet({
      name: 'days',
      entities: 'select symbol, venue, date as event_time from prices',
      views: ['price_stats@2'],
      label: {
        sql: 'select symbol, venue, date as event_time, lead(close) over d as next_close, lead(date) over d as known_at from prices window d as (partition by symbol order by date)',
        column: 'next_close',
        knownAt: 'known_at',
      },
      asOf: '2024-02-01',
    });
  }

  it('says how to define something while nothing is, and finds it by any word', async () => {
    await ui.open('/features');
    await ui.page.getByText('tidemill apply').waitFor();
    await define();
    await ui.page.reload();
    await ui.table('features').getByRole('link', { name: 'listing@1' }).waitFor();
    const search = ui.page.getByRole('searchbox', { name: 'Search the catalogue' });
    await search.fill('trading');
    await search.press('Enter');
    await expect.poll(() => ui.table('features').getAttribute('aria-rowcount')).toBe('1');
    await ui.table('features').getByRole('link', { name: 'pricing@1' }).waitFor();
    await search.fill('team=pricing');
    await search.press('Enter');
    await ui.page.getByText('Views', { exact: true }).click();
    await expect.poll(() => ui.table('features').getAttribute('aria-rowcount')).toBe('1');
    expect(new URL(ui.page.url()).searchParams.get('state')).toBe('view');
    await search.fill('no such word');
    await search.press('Enter');
    await ui.page.getByText('Nothing in the catalogue has all of this.').waitFor();
  });

  it('shows a view: facts, definition, the rows it gives, and what its versions changed', async () => {
    await ui.open('/feature-views/price_stats/versions/2');
    await heading('price_stats@2');
    await ui.page.getByText('symbol (text), venue (integer)').waitFor();
    await ui.table('features').getByText('double_close').waitFor();
    await tab('Preview');
    await ui
      .table('preview')
      .getByText(/^(AAPL|MSFT)$/)
      .first()
      .waitFor();
    await tab('Versions');
    await ui.table('changes').getByText('features: double_close').waitFor();
    await ui.table('versions').getByRole('link', { name: 'price_stats@1' }).click();
    await heading('price_stats@1');
  });

  it('tells who uses it, and what breaks if it changes, before anything is registered', async () => {
    await ui.open('/feature-views/price_stats/versions/2?tab=uses');
    await ui.table('users').getByRole('link', { name: 'pricing@1' }).waitFor();
    await ui.table('users').getByRole('link', { name: 'days@1' }).waitFor();
    await tab('What breaks if it changes');
    const sql = ui.page.getByLabel('SQL', { exact: true });
    await sql.fill(priceStats.sql.replace(', close,', ', cast(close as varchar) as close,'));
    await ui.page.getByRole('button', { name: 'What breaks?' }).click();
    await ui
      .table('changed features')
      .getByRole('row', { name: /^close retyped .* → text 1 service/ })
      .waitFor();
    await ui
      .table('changed features')
      .getByRole('row', { name: /^double_close removed/ })
      .waitFor();
    await sql.fill('select nothing from prices');
    await ui.page.getByRole('button', { name: 'What breaks?' }).click();
    await ui.page.getByRole('alert').getByText('nothing').first().waitFor();
    expect((await ui.client.features.get({ name: 'price_stats', version: 'latest' })).version).toBe(2);
  });

  it('materializes it, and looks values up with their statuses and event times', async () => {
    await ui.open('/feature-views/price_stats/versions/2?tab=online');
    await ui.page.getByText('Nothing of it was written to the online store.').waitFor();
    await ui.confirm('Materialize');
    await ui.table('materializations').getByText('succeeded').waitFor();
    const keys = ui.page.getByLabel(/^Keys: symbol \(text\), venue \(integer\)/);
    await keys.fill('AAPL, 1\nMSFT, 9');
    await ui.page.getByRole('button', { name: 'Look up' }).click();
    const values = ui.table('online values');
    await values.getByRole('row', { name: 'AAPL, 1 close 139 PRESENT 2024-02-09' }).waitFor();
    await values.getByRole('row', { name: /^MSFT, 9 close – NOT_FOUND/ }).waitFor();
    await keys.fill('AAPL, x');
    await ui.page.getByRole('button', { name: 'Look up' }).click();
    await ui.page.getByRole('alert').getByText('venue').first().waitFor();
  });

  it('measures a view: freshness, null rates, and online against offline', async () => {
    await ui.open('/feature-views/price_stats/versions/2?tab=health');
    await ui.page.getByRole('region', { name: 'Freshness' }).getByText('2024-02-09').first().waitFor();
    await ui
      .table('feature measures')
      .getByRole('row', { name: /^close_1 integer 2.5 %/ })
      .waitFor();
    const parity = ui.page.getByRole('region', { name: 'Online against offline' });
    await parity.getByText('No sampled value differs.').waitFor();
    const later = 'symbol,venue,date,close\nAAPL,1,2024-02-10,1000\n';
    await ui.client.datasets.commit({
      name: 'prices',
      format: 'csv',
      mode: 'append',
      content: Buffer.from(later),
    });
    await ui.page.getByRole('button', { name: 'Measure now' }).click();
    await ui
      .table('mismatches')
      .getByRole('row', { name: /^AAPL, 1 .* not-materialized/ })
      .first()
      .waitFor();
  });

  it('takes rows pushed by hand: refused at their field or line, then looked up at once', async () => {
    await ui.open('/feature-views/price_stats/versions/2?tab=online');
    const push = ui.page.getByRole('button', { name: 'Push rows', exact: true });
    const send = ui.dialog().getByRole('button', { name: 'Push rows', exact: true });
    await push.click();
    await ui.field('symbol').fill('NVDA');
    await ui.field('venue').fill('first');
    await ui.field('event_time').fill('2024-03-01');
    await send.click();
    await ui
      .dialog()
      .getByText(/^is "first", not a whole number/)
      .waitFor();
    expect(await ui.field('venue').getAttribute('aria-invalid')).toBe('true');
    await ui.field('venue').fill('1');
    await ui.dialog().getByRole('button', { name: 'as CLI' }).click();
    await ui.page.getByText(/^tidemill features push price_stats@2 - --to online <<'END'/).waitFor();
    await ui.dialog().getByText('JSON', { exact: true }).click();
    await ui.field('Rows').fill('{"symbol": "NVDA"}\n{"symbol": }');
    await ui
      .dialog()
      .getByText(/^Line 2: /)
      .waitFor();
    const rows = [7, 'x'].map((close) => ({ symbol: 'NVDA', venue: 1, event_time: '2024-03-01', close }));
    await ui.field('Rows').fill(JSON.stringify(rows));
    await send.click();
    await ui.dialog().getByText('Row 2, close is "x"').waitFor();
    await ui.field('Rows').fill(JSON.stringify(rows.slice(0, 1)));
    await send.click();
    await ui.page.getByText('1 row pushed, 1 kept online.').waitFor();
    await ui.page.getByLabel(/^Keys/).fill('NVDA, 1');
    await ui.page.getByRole('button', { name: 'Look up' }).click();
    await ui
      .table('online values')
      .getByRole('row', { name: 'NVDA, 1 close 7 PRESENT 2024-03-01' })
      .waitFor();
  });

  it('looks a service up, with what the request brings computed on demand', async () => {
    await ui.open('/feature-services/pricing/versions/1');
    await ui.table('features').getByRole('row', { name: 'last_close integer price_stats@2 close' }).waitFor();
    await ui.table('on demand').getByText('amount / last_close').waitFor();
    await tab('Preview');
    await ui
      .table('preview')
      .getByRole('row', { name: /^(AAPL|MSFT) \d 2024-01-01/ })
      .first()
      .waitFor();
    await tab('Online');
    await ui.page.getByLabel(/^Keys/).fill('AAPL, 1');
    await ui.page.getByLabel('amount (double)').fill('278');
    await ui.page.getByRole('button', { name: 'Look up' }).click();
    await ui
      .table('online values')
      .getByRole('row', { name: /^AAPL, 1 shares 2 PRESENT/ })
      .waitFor();
  });

  it('shows what a training set was built of, and the rows it left out', async () => {
    await ui.open('/training-sets');
    await ui.table('training sets').getByRole('link', { name: 'price_stats@2' }).waitFor();
    await ui.table('training sets').getByRole('link', { name: 'days@1' }).click();
    await ui.page.getByRole('link', { name: 'price_stats@2' }).first().waitFor();
    await ui.table('dataset versions read').getByRole('link', { name: 'prices@1' }).waitFor();
    const rows = ui.table('rows of the training set');
    await rows.getByRole('row', { name: 'asked for 80' }).waitFor();
    await rows.getByRole('row', { name: 'left out: the label became known later 16' }).waitFor();
    await rows.getByRole('row', { name: 'left out: there is no label 2' }).waitFor();
    await rows.getByRole('row', { name: 'in the training set 62' }).waitFor();
  });

  it('shows a training set while it is built, until whoever asked for it leaves', async () => {
    const leaving = new AbortController();
    const built = ui.client.features.createTrainingSet(
      {
        name: 'endless',
        entities:
          'select symbol, venue, date as event_time from prices, range(100000000) order by hash(range)',
        views: ['price_stats@2'],
      },
      { signal: leaving.signal },
    );
    built.catch(() => undefined);
    await expect.poll(async () => (await ui.client.features.listTrainingSetBuilds()).items).toHaveLength(1);
    await ui.open('/training-sets');
    const builds = ui.table('builds');
    await builds.getByRole('row', { name: /^endless .*reading the entity rows/ }).waitFor();
    leaving.abort();
    await builds.waitFor({ state: 'detached' });
    expect((await ui.client.features.listTrainingSetBuilds()).items).toEqual([]);
  });

  it('shows an entity, and refuses to delete what a view is about', async () => {
    await ui.open('/entities/listing/versions/1');
    await ui.table('users').getByRole('link', { name: 'price_stats@2' }).waitFor();
    await ui.confirm('Delete');
    await ui.dialog().getByRole('alert').getByText('price_stats').first().waitFor();
  });
});

// SQL over datasets in a browser: asked, drawn, kept, and equal when it is run again.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@tidemill/sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerProcess, startServer } from '../examples/stocks/server-process.ts';
import { hasBrowser, openBrowser } from './browser.ts';

const weather = join(import.meta.dirname, '../node_modules/vega-datasets/data/seattle-weather.csv');

describe.skipIf(!hasBrowser)('SQL in a browser', () => {
  let folder = '';
  let server: ServerProcess;
  let client: Client;
  let browser: Browser;
  let page: Page;
  const failures: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemill-sql-'));
    server = await startServer({ data: join(folder, 'data'), port: 0 });
    client = createClient({ url: server.url });
    await client.datasets.commit({ name: 'weather', format: 'csv', content: await readFile(weather) });
    browser = await openBrowser();
    page = await browser.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => failures.push(error.message));
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const result = () => page.getByRole('table', { name: 'result' });

  it('answers a statement put together by hand and by click, and draws it', async () => {
    await page.goto(`${server.url}/ui/sql`);
    const statement = page.getByRole('textbox', { name: 'Statement' });
    await statement.fill('select weather, count(*) as days from ');
    await page.getByRole('button', { name: 'weather', exact: true }).click();
    await statement.press('End');
    await statement.pressSequentially(' group by all order by days desc');
    await statement.press('Control+Enter');
    await result().waitFor();
    expect(await result().getAttribute('aria-rowcount')).toBe('5');
    await page.locator('[data-drawn=true]').waitFor();
    expect(new URL(page.url()).searchParams.get('sql')).toContain('from weather group by all');
  });

  it('says what is wrong with a statement, and reads no file', async () => {
    for (const [sql, code] of [
      ['select nothing from weather', 'queryFailed'],
      ["select * from read_csv('/etc/passwd')", /Refused|Invalid|Failed/],
    ] as const) {
      await page.goto(`${server.url}/ui/sql?${new URLSearchParams({ sql })}`);
      await page.getByRole('alert').getByText(code).waitFor();
    }
  });

  it('keeps a query, whose table is equal after another commit', async () => {
    const sql =
      "select date_trunc('year', date) as year, sum(precipitation) as rain from weather group by all order by all";
    await page.goto(`${server.url}/ui/sql?${new URLSearchParams({ sql })}`);
    await result().waitFor();
    await page.getByRole('button', { name: 'Keep as analysis' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('rain');
    await dialog.getByRole('button', { name: 'Keep as analysis' }).click();
    await page.getByRole('heading', { name: 'rain' }).waitFor();
    const before = await result().textContent();
    const row = 'date,precipitation,temp_max,temp_min,wind,weather\n2016-01-01,5,1,0,1,rain\n';
    await client.datasets.commit({
      name: 'weather',
      format: 'csv',
      mode: 'append',
      content: Buffer.from(row),
    });
    await page.reload();
    await page.getByText('equal', { exact: true }).waitFor();
    expect(await result().textContent()).toBe(before);
    await page.getByText('versions of today').click();
    await page.getByText('newer data', { exact: true }).waitFor();
    await expect.poll(() => result().getAttribute('aria-rowcount')).toBe('5');
    expect(failures).toEqual([]);
  });
});

// What is expected of a dataset, in a browser: suggested, edited, refused in place, and what a commit was found to be.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@tidemill/sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerProcess, startServer } from '../examples/stocks/server-process.ts';
import { root } from '../scripts/steps.ts';
import { hasBrowser, openBrowser } from './browser.ts';

describe.skipIf(!hasBrowser)('validation in a browser', () => {
  let folder = '';
  let server: ServerProcess;
  let client: Client;
  let browser: Browser;
  let page: Page;
  const failures: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemill-validation-'));
    server = await startServer({ data: join(folder, 'data'), port: 0 });
    client = createClient({ url: server.url });
    const films = await readFile(join(root, 'node_modules/vega-datasets/data/movies.json'));
    await client.datasets.commit({ name: 'movies', format: 'json', content: films });
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1440, height: 1100 } });
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => failures.push(error.message));
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const editor = () => page.getByLabel('Expectations, one a line');
  const table = (name: string) => page.getByRole('table', { name, exact: true });

  it('suggests what holds now, and says in place what cannot be expected', async () => {
    await page.goto(`${server.url}/ui/datasets/movies?tab=validation`);
    await page.getByText('Nothing is expected of movies').waitFor();
    await page.getByRole('button', { name: 'Suggest from movies@1' }).click();
    await expect.poll(() => editor().inputValue()).toContain('{"kind":"notNull","column":"Release Date"}');
    await editor().fill('[{"kind":"notNull","column":"Titel"}]');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').getByText("there is no column 'Titel'").waitFor();
    const list = [
      { kind: 'notNull', column: 'Title' },
      { kind: 'between', column: 'US Gross', min: 1, severity: 'warn', description: 'zero means unknown' },
      { kind: 'between', column: 'IMDB Rating', min: 0, max: 10 },
    ];
    await editor().fill(JSON.stringify(list));
    await page.getByRole('button', { name: 'Save' }).click();
    await table('expectations').getByText('US Gross is at least 1').waitFor();
  });

  it('judges a version, and shows the rows that are not as expected', async () => {
    await page.getByRole('button', { name: 'Validate movies@1', exact: true }).click();
    const outcomes = table('outcomes');
    await outcomes.getByText('Title is not missing').waitFor();
    await expect.poll(() => outcomes.getByText('failed', { exact: true }).count()).toBe(1);
    await expect.poll(() => outcomes.getByText('warned', { exact: true }).count()).toBe(1);
    await table('rows: US Gross is at least 1').getByText('12 Angry Men').waitFor();
    if (process.env.TIDEMILL_SCREENSHOT) await page.screenshot({ path: process.env.TIDEMILL_SCREENSHOT });
  });

  it('lists a refused commit among the results', async () => {
    const commit = client.datasets.commit({
      name: 'movies',
      format: 'json',
      content: Buffer.from('[{"Title":null,"US Gross":5,"IMDB Rating":11.5}]'),
    });
    await expect(commit).rejects.toMatchObject({ code: 'datasetRefused' });
    await page.reload();
    await table('validation results').getByText('refused commit').waitFor();
    await table('outcomes').getByText('IMDB Rating is between 0 and 10').waitFor();
    expect(failures).toEqual([]);
  });
});

// A source in a browser: entered, pulled, stopped by changed columns, accepted.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, openBrowser } from '../browser.ts';
import { startServer, type TestServer } from '../cli-process.ts';

describe.skipIf(!hasBrowser)('sources in a browser', () => {
  let folder = '';
  let file = '';
  let server: TestServer;
  let browser: Browser;
  let page: Page;
  const failures: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemill-sources-'));
    const root = join(folder, 'root');
    await mkdir(root);
    file = join(root, 'prices.csv');
    server = await startServer(join(folder, 'data'), '--source-root', root);
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

  const field = (label: string) => page.getByRole('dialog').getByLabel(new RegExp(`^${label}`));
  const confirm = async (name: string) => {
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
  };

  test('is created from a form that shows what the server says to a wrong place', async () => {
    await writeFile(file, 'symbol,close\nAAPL,185.6\n');
    await page.goto(`${server.url}/ui/sources`);
    await page.getByText('tidemill sources create').waitFor();
    await page.getByRole('button', { name: 'New source' }).click();
    await field('Name').fill('prices');
    await field('Kind').selectOption('path');
    await field('Path').fill('/etc/passwd');
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await page.getByRole('dialog').getByText('sourceRefused').waitFor();
    await field('Path').fill(file);
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'prices' }).waitFor();
  });

  test('becomes versions; other columns wait for somebody to accept them', async () => {
    await confirm('Pull now');
    await page.getByRole('link', { name: 'prices@1' }).waitFor();
    await writeFile(file, 'symbol,close,volume\nAAPL,185.6,82\n');
    await confirm('Pull now');
    await page.getByText('The columns differ from prices@1').waitFor();
    await page.getByRole('cell', { name: 'volume' }).waitFor();
    await confirm('Accept and pull');
    await page.getByRole('link', { name: 'prices@2' }).waitFor();
    await page.getByRole('tab', { name: 'Test' }).click();
    await page.getByRole('button', { name: 'Read the first rows' }).click();
    await page.getByRole('cell', { name: 'AAPL' }).waitFor();
    expect(failures).toEqual([]);
  });
});

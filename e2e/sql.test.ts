// SQL over datasets in a browser: asked, drawn, kept, and equal when it is run again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from './browser.ts';

const weather = join(import.meta.dirname, '../node_modules/vega-datasets/data/seattle-weather.csv');

describeScreens('SQL', (ui) => {
  beforeAll(async () => {
    await ui.client.datasets.commit({ name: 'weather', format: 'csv', content: await readFile(weather) });
  });

  const result = () => ui.table('result');

  it('answers a statement put together by hand and by click, and draws it', async () => {
    await ui.open('/sql');
    const statement = ui.page.getByRole('textbox', { name: 'Statement' });
    await statement.fill('select weather, count(*) as days from ');
    await ui.page.getByRole('button', { name: 'weather', exact: true }).click();
    await statement.press('End');
    await statement.pressSequentially(' group by all order by days desc');
    await statement.press('Control+Enter');
    await result().waitFor();
    expect(await result().getAttribute('aria-rowcount')).toBe('5');
    await ui.page.locator('[data-drawn=true]').waitFor();
    expect(new URL(ui.page.url()).searchParams.get('sql')).toContain('from weather group by all');
  });

  it('says what is wrong with a statement, and reads no file', async () => {
    for (const [sql, code] of [
      ['select nothing from weather', 'queryFailed'],
      ["select * from read_csv('/etc/passwd')", /Refused|Invalid|Failed/],
    ] as const) {
      await ui.open(`/sql?${new URLSearchParams({ sql })}`);
      await ui.page.getByRole('alert').getByText(code).waitFor();
    }
  });

  it('keeps a query, whose table is equal after another commit', async () => {
    const sql =
      "select date_trunc('year', date) as year, sum(precipitation) as rain from weather group by all order by all";
    await ui.open(`/sql?${new URLSearchParams({ sql })}`);
    await result().waitFor();
    await ui.page.getByRole('button', { name: 'Keep as analysis' }).click();
    const dialog = ui.dialog();
    await dialog.getByRole('textbox', { name: 'Name' }).fill('rain');
    await dialog.getByRole('button', { name: 'Keep as analysis' }).click();
    await ui.page.getByRole('heading', { name: 'rain' }).waitFor();
    const before = await result().textContent();
    const row = 'date,precipitation,temp_max,temp_min,wind,weather\n2016-01-01,5,1,0,1,rain\n';
    await ui.client.datasets.commit({
      name: 'weather',
      format: 'csv',
      mode: 'append',
      content: Buffer.from(row),
    });
    await ui.page.reload();
    await ui.page.getByText('equal', { exact: true }).waitFor();
    expect(await result().textContent()).toBe(before);
    await ui.page.getByText('versions of today').click();
    await ui.page.getByText('newer data', { exact: true }).waitFor();
    await expect.poll(() => result().getAttribute('aria-rowcount')).toBe('5');
  });
});

// A source in a browser: entered, pulled, stopped by changed columns, accepted.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { describeScreens } from '../browser.ts';

describeScreens('sources', (ui) => {
  const file = () => join(ui.root, 'prices.csv');

  test('is created from a form that shows what the server says to a wrong place', async () => {
    await writeFile(file(), 'symbol,close\nAAPL,185.6\n');
    await ui.open('/sources');
    await ui.page.getByText('tidemill sources create').waitFor();
    await ui.page.getByRole('button', { name: 'New source' }).click();
    await ui.field('Name').fill('prices');
    await ui.field('Kind').selectOption('path');
    await ui.field('Path').fill('/etc/passwd');
    await ui.dialog().getByRole('button', { name: 'Create' }).click();
    await ui.dialog().getByText('sourceRefused').waitFor();
    await ui.field('Path').fill(file());
    await ui.dialog().getByRole('button', { name: 'Create' }).click();
    await ui.page.getByRole('heading', { name: 'prices' }).waitFor();
  });

  test('becomes versions; other columns wait for somebody to accept them', async () => {
    await ui.confirm('Pull now');
    await ui.page.getByRole('link', { name: 'prices@1' }).waitFor();
    await writeFile(file(), 'symbol,close,volume\nAAPL,185.6,82\n');
    await ui.confirm('Pull now');
    await ui.page.getByText('The columns differ from prices@1').waitFor();
    await ui.page.getByRole('cell', { name: 'volume' }).waitFor();
    await ui.confirm('Accept and pull');
    await ui.page.getByRole('link', { name: 'prices@2' }).waitFor();
    await ui.page.getByRole('tab', { name: 'Test' }).click();
    await ui.page.getByRole('button', { name: 'Read the first rows' }).click();
    await ui.page.getByRole('cell', { name: 'AAPL' }).waitFor();
  });
});

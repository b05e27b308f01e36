// Real tables in a browser: a file brought in, three hundred thousand rows scrolled, versions held side by side.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../scripts/steps.ts';
import { describeScreens } from './browser.ts';

const tables = join(root, 'node_modules/vega-datasets/data');

describeScreens('datasets', (ui) => {
  it('says which command brings data while there is none', async () => {
    await ui.open('/datasets');
    await ui.page.getByText('tidemill datasets commit').waitFor();
  });

  it('takes a file: its name and format are read off it, and the new version opens', async () => {
    await ui.page.getByRole('button', { name: 'Upload a file' }).click();
    const dialog = ui.dialog();
    await ui.field('A table').setInputFiles(join(tables, 'seattle-weather.csv'));
    expect(await ui.field('Dataset').inputValue()).toBe('seattle-weather');
    expect(await ui.field('Format').inputValue()).toBe('csv');
    await ui.field('Message').fill('four years');
    await dialog.getByRole('button', { name: 'Commit' }).click();
    await ui.page.getByRole('heading', { name: 'seattle-weather@1' }).waitFor();
    await ui.page.getByText('four years').waitFor();
  });

  it('shows in place what the server says to a broken file, and what is there already', async () => {
    await ui.open('/datasets/seattle-weather');
    const dialog = ui.dialog();
    const upload = async (path: string) => {
      await ui.field('A table').setInputFiles(path);
      await dialog.getByRole('button', { name: 'Commit' }).click();
    };
    const broken = join(ui.folder, 'broken.csv');
    await writeFile(broken, 'date,wind\n2012-01-01,4.7,too,many\n"never closed');
    await ui.page.getByRole('button', { name: 'Upload a file' }).click();
    await upload(broken);
    await dialog.getByRole('alert').waitFor();
    await upload(join(tables, 'seattle-weather.csv'));
    await dialog.getByText('seattle-weather@1 holds exactly this already.').waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await dialog.waitFor({ state: 'detached' });
  });

  it('tags a version and lists it', async () => {
    await ui.page.getByRole('button', { name: 'Tag', exact: true }).click();
    await ui.field('Tag').fill('raw');
    await ui.dialog().getByRole('button', { name: 'Tag' }).click();
    await ui.table('versions').getByText('raw', { exact: true }).waitFor();
  });

  it('scrolls hundreds of thousands of rows by reading those in sight', async () => {
    const csv = toCsv(JSON.parse(await readFile(join(tables, 'flights-200k.json'), 'utf8')), 300_000);
    await ui.client.datasets.commit({ name: 'flights', format: 'csv', content: csv });
    await ui.open('/datasets/flights?tab=rows');
    const rows = ui.page.getByRole('region', { name: 'rows, rows' });
    await ui.table('rows').getByRole('row', { name: /^1 / }).waitFor();
    expect(await ui.table('rows').getAttribute('aria-rowcount')).toBe('300000');
    await rows.focus();
    await ui.page.keyboard.press('End');
    await ui
      .table('rows')
      .getByRole('row', { name: /^300,000 299999 / })
      .waitFor();
    await ui.page.keyboard.press('ArrowUp');
    await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
    await ui
      .table('rows')
      .getByRole('row', { name: /^150,00\d 15000\d / })
      .first()
      .waitFor();
    expect(await ui.table('rows').getByRole('row').count()).toBeLessThan(60);
  });

  it('goes to a row and shows chosen columns, both kept in the address', async () => {
    await ui.page.getByLabel('Row number').fill('123456');
    await ui.page.keyboard.press('Enter');
    await ui
      .table('rows')
      .getByRole('row', { name: /^123,456 123455 / })
      .waitFor();
    await ui.page.getByRole('button', { name: 'Columns' }).click();
    await ui.page.getByLabel('Search columns').fill('dist');
    await ui.page.getByLabel('distance').click();
    await ui.page.keyboard.press('Escape');
    await ui.page.reload();
    await ui
      .table('rows')
      .getByRole('row', { name: /^123,456 123455 / })
      .waitFor();
    expect(await ui.table('rows').getByRole('columnheader').allTextContents()).not.toContain('distance');
  });

  it('holds two versions side by side: columns that moved, and rows with their old and new values', async () => {
    const csv = await readFile(join(tables, 'seattle-weather.csv'), 'utf8');
    const [head = '', first = '', ...rest] = csv.trimEnd().split(/\r?\n/);
    const edited = [head, first.replace(',0.0,', ',7.25,'), ...rest.slice(0, -2)].join('\n');
    const content = new TextEncoder().encode(edited);
    await ui.client.datasets.commit({
      name: 'seattle-weather',
      format: 'csv',
      content,
    });
    await ui.open('/datasets/seattle-weather?tab=compare&key=date');
    const changed = ui.table('changed rows');
    await changed.locator('ins', { hasText: '7.25' }).waitFor();
    expect(await changed.locator('del').allTextContents()).toEqual(['0']);
    await ui.page.getByText('Removed 2', { exact: true }).click();
    await expect.poll(() => ui.table('removed rows').getAttribute('aria-rowcount')).toBe('2');
    expect(ui.page.url()).toContain('state=removed');
    await ui.page.getByText('By column').click();
    await ui.table('column changes').getByText('precipitation').waitFor();
  });

  it('shows a whole profile: warnings that open a column, heat maps and pairs', async () => {
    const films = await readFilms();
    const { datasets } = ui.client;
    await datasets.commit({ name: 'films', format: 'json', content: toJson(films) });
    await datasets.update({ name: 'films', key: ['id'] });
    const later = films
      .slice(1)
      .map((film, index) => (index < 300 ? { ...film, 'US Gross': index + 1 } : film));
    await datasets.commit({ name: 'films', format: 'json', content: toJson(later) });
    await ui.open('/datasets/films?tab=profile');
    const warnings = ui.page.getByRole('list', { name: 'warnings' });
    await warnings.getByRole('button', { name: 'US DVD Sales' }).first().click();
    const details = ui.page.getByRole('region', { name: 'Column US DVD Sales' });
    await details.getByRole('table', { name: 'Quantiles' }).waitFor();
    await ui.table('columns').getByRole('button', { name: 'Title', exact: true }).press('Enter');
    await ui.page
      .getByRole('region', { name: 'Column Title' })
      .getByRole('table', { name: 'Words' })
      .waitFor();
    expect(new URL(ui.page.url()).searchParams.get('column')).toBe('Title');
    await ui
      .table('Spearman correlation')
      .getByTitle(/^US Gross, Worldwide Gross: 0\.\d\d$/)
      .waitFor();
    const pairs = ui.page.getByRole('region', { name: 'Interactions' });
    await pairs.scrollIntoViewIfNeeded();
    await pairs.getByRole('img', { name: /^Rows by US Gross .* and Worldwide Gross/ }).waitFor();
  });

  it('compares versions by key: every row with old and new values, columns, distributions', async () => {
    await ui.open('/datasets/films?tab=compare');
    const changed = ui.table('changed rows');
    await changed.getByRole('row', { name: /^1 10876 → 1$/ }).waitFor();
    expect(await changed.getByRole('columnheader').allTextContents()).toEqual(['id', 'US Gross']);
    expect(await changed.getAttribute('aria-rowcount')).toBe('200');
    await ui.page.getByRole('button', { name: 'Load more' }).click();
    await expect.poll(() => changed.getAttribute('aria-rowcount')).toBe('300');
    await ui.page.getByText('Removed 1', { exact: true }).click();
    await ui.table('removed rows').getByText('The Land Girls').waitFor();
    await ui.page.getByText('By column').click();
    await ui
      .table('column changes')
      .getByRole('row', { name: /^US Gross integer 300 ?rows/ })
      .waitFor();
    await ui.page.getByText('Profiles', { exact: true }).click();
    await ui.page.getByRole('region', { name: 'Distributions' }).scrollIntoViewIfNeeded();
    await ui.page.getByRole('img', { name: 'Distribution of US Gross before and after' }).waitFor();
    expect(new URL(ui.page.url()).searchParams.get('state')).toBe('profiles');
  });
});

type Film = Readonly<Record<string, unknown>>;

async function readFilms(): Promise<Film[]> {
  const films: Film[] = JSON.parse(await readFile(join(tables, 'movies.json'), 'utf8'));
  return films.map((film, id) => ({ id, ...film }));
}

const toJson = (rows: readonly Film[]): Uint8Array => new TextEncoder().encode(JSON.stringify(rows));

/** The flights over and over, numbered, as CSV. */
function toCsv(flights: readonly Record<string, unknown>[], rows: number): Uint8Array {
  const names = Object.keys(flights[0] ?? {});
  const lines = Array.from({ length: rows }, (_, index) => {
    const flight = flights[index % flights.length] ?? {};
    return [index, ...names.map((name) => flight[name])].join(',');
  });
  return new TextEncoder().encode([['number', ...names].join(','), ...lines].join('\n'));
}

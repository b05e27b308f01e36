// What is expected of a dataset, in a browser: suggested, edited, refused in place, and what a commit was found to be.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { root } from '../scripts/steps.ts';
import { describeScreens } from './browser.ts';

describeScreens('validation', (ui) => {
  beforeAll(async () => {
    const films = await readFile(join(root, 'node_modules/vega-datasets/data/movies.json'));
    await ui.client.datasets.commit({ name: 'movies', format: 'json', content: films });
  });

  const editor = () => ui.page.getByLabel('Expectations, one a line');

  it('suggests what holds now, and says in place what cannot be expected', async () => {
    await ui.open('/datasets/movies?tab=validation');
    await ui.page.getByText('Nothing is expected of movies').waitFor();
    await ui.page.getByRole('button', { name: 'Suggest from movies@1' }).click();
    await ui.table('suggested expectations').getByText('Release Date is not missing').waitFor();
    await ui.page.getByRole('button', { name: 'Close', exact: true }).click();
    await ui.page.getByRole('button', { name: 'Edit as JSON' }).click();
    await editor().fill('[{"kind":"notNull","column":"Titel"}]');
    await ui.page.getByRole('button', { name: 'Save' }).click();
    await ui.page.getByRole('alert').getByText("there is no column 'Titel'").waitFor();
    const list = [
      { kind: 'notNull', column: 'Title' },
      { kind: 'between', column: 'US Gross', min: 1, severity: 'warn', description: 'zero means unknown' },
      { kind: 'between', column: 'IMDB Rating', min: 0, max: 10 },
    ];
    await editor().fill(JSON.stringify(list));
    await ui.page.getByRole('button', { name: 'Save' }).click();
    await ui.table('expectations').getByText('US Gross is at least 1').waitFor();
  });

  it('takes one by its fields, says in place what is wrong, edits and removes it', async () => {
    await ui.page.getByRole('button', { name: 'Add', exact: true }).click();
    const add = ui.dialog().getByRole('button', { name: 'Add', exact: true });
    await ui.field('What is expected').selectOption('inSet');
    expect(await add.isDisabled()).toBe(true);
    await ui.field('Column').fill('MPAA Ratings');
    await ui.field('Values').fill('G\nPG\nPG-13\nR');
    await ui.field('Mostly').fill('0.5');
    await add.click();
    await ui.dialog().getByRole('alert').getByText("there is no column 'MPAA Ratings'").waitFor();
    await ui.field('Column').fill('MPAA Rating');
    await add.click();
    const row = ui.table('expectations').getByRole('row', { name: /MPAA Rating is one of/ });
    await row.getByRole('button', { name: 'Edit' }).click();
    expect(await ui.field('Values').inputValue()).toBe('G\nPG\nPG-13\nR');
    await ui.field('Otherwise').selectOption('warn');
    await ui.dialog().getByRole('button', { name: 'Edit' }).click();
    await row.getByText('marked').waitFor();
    const { expectations } = await ui.client.validation.getExpectations({ name: 'movies' });
    expect(expectations.at(-1)).toEqual({
      kind: 'inSet',
      column: 'MPAA Rating',
      values: ['G', 'PG', 'PG-13', 'R'],
      mostly: 0.5,
      severity: 'warn',
    });
    await row.getByRole('button', { name: 'Remove' }).click();
    await ui.dialog().getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
  });

  it('judges a version, and shows the rows that are not as expected', async () => {
    await ui.page.getByRole('button', { name: 'Validate movies@1', exact: true }).click();
    const outcomes = ui.table('outcomes');
    await outcomes.getByText('Title is not missing').waitFor();
    await expect.poll(() => outcomes.getByText('failed', { exact: true }).count()).toBe(1);
    await expect.poll(() => outcomes.getByText('warned', { exact: true }).count()).toBe(1);
    await ui.table('rows: US Gross is at least 1').getByText('12 Angry Men').waitFor();
  });

  it('lists a refused commit among the results', async () => {
    const commit = ui.client.datasets.commit({
      name: 'movies',
      format: 'json',
      content: Buffer.from('[{"Title":null,"US Gross":5,"IMDB Rating":11.5}]'),
    });
    await expect(commit).rejects.toMatchObject({ code: 'datasetRefused' });
    await ui.page.reload();
    await ui.table('validation results').getByText('refused commit').waitFor();
    await ui.table('outcomes').getByText('IMDB Rating is between 0 and 10').waitFor();
  });
});

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
    await expect.poll(() => editor().inputValue()).toContain('{"kind":"notNull","column":"Release Date"}');
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

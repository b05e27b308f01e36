// What can be done to a version from its screen: forked, derived from, split, tagged, described, deleted, or refused.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from './browser.ts';

const csv = (rows: number) =>
  `day,shop,sold\n${Array.from({ length: rows }, (_, i) => `2024-01-${String((i % 28) + 1).padStart(2, '0')},s${i % 5},${i}`).join('\n')}\n`;

describeScreens('what is done to versions', (ui) => {
  const heading = (name: string) => ui.page.getByRole('heading', { name, exact: true }).waitFor();
  const openDialog = (name: string) => ui.page.getByRole('button', { name, exact: true }).click();
  const submit = (name: string) => ui.dialog().getByRole('button', { name, exact: true }).click();

  beforeAll(async () => {
    await ui.client.datasets.commit({ name: 'sales', format: 'csv', content: Buffer.from(csv(200)) });
  });

  it('forks a version, and says how one would type it', async () => {
    await ui.open('/datasets/sales/versions/1');
    await openDialog('Fork');
    await ui.field('Dataset').fill('sales-clean');
    await ui.dialog().getByRole('button', { name: 'as CLI' }).click();
    await ui.page.getByText('tidemill datasets fork sales@1 sales-clean', { exact: true }).waitFor();
    await submit('Fork');
    await heading('sales-clean@1');
    await ui.page.getByRole('term').filter({ hasText: 'Stored anew' }).waitFor();
  });

  it('derives one by SQL, after showing what is wrong with the SQL', async () => {
    await ui.open('/datasets/sales/versions/1');
    await openDialog('Derive');
    await ui.field('Dataset').fill('by-shop');
    expect(await ui.field('Statement').inputValue()).toContain('"sales@1"');
    await ui.field('Statement').fill('select shop, sum(price) as sold from sales group by shop');
    await submit('Derive');
    await ui.dialog().getByRole('alert').getByText('price').waitFor();
    await ui.field('Statement').fill('select shop, sum(sold) as sold from sales group by shop order by shop');
    await submit('Derive');
    await heading('by-shop@1');
    expect((await ui.client.datasets.getVersion({ name: 'by-shop', version: '1' })).rows).toBe(5);
  });

  it('runs the SQL of a derived version again, and hashes what it is stored in', async () => {
    await ui.open('/datasets/by-shop/versions/1?tab=provenance');
    await ui.page.getByRole('button', { name: 'Run on what it read' }).click();
    await ui.page.getByText('equal', { exact: true }).waitFor();
    await ui.client.datasets.commit({ name: 'sales', format: 'csv', content: Buffer.from(csv(100)) });
    await ui.page.getByRole('button', { name: 'Run on the latest versions' }).click();
    await ui.page.getByRole('link', { name: 'by-shop@2' }).waitFor();
    await ui.page.getByRole('button', { name: 'Verify' }).click();
    await ui.page.getByText('whole: 1 chunk of bytes and rows as committed').waitFor();
  });

  it('splits one; parts that do not make a whole are not sent', async () => {
    await ui.open('/datasets/sales/versions/1?tab=splits');
    await ui.page.getByText('sales@1 was not split.').waitFor();
    await openDialog('Split');
    await ui.field('How').selectOption('hash');
    await ui.field('Key columns').fill('day, shop');
    await ui.field('Parts').fill('train=0.8, test=0.3');
    await ui.dialog().getByText('The shares sum to 1.1, not to 1').waitFor();
    expect(await ui.dialog().getByRole('button', { name: 'Split', exact: true }).isDisabled()).toBe(true);
    await ui.field('Parts').fill('train=0.8, test=0.2');
    await submit('Split');
    await ui.table('splits').getByRole('link', { name: 'sales.train@1' }).waitFor();
    const { items } = await ui.client.datasets.listSplits({ name: 'sales', version: '1' });
    expect(items).toMatchObject([{ by: 'hash', columns: ['day', 'shop'] }]);
  });

  it('tags one and takes the tag off; describes the dataset', async () => {
    await ui.open('/datasets/sales?tab=tags');
    await ui.page.getByText('No version of sales is tagged.').waitFor();
    await openDialog('Tag');
    await ui.field('Tag').fill('first');
    await submit('Tag');
    await ui.table('tags').getByRole('cell', { name: 'first' }).waitFor();
    await ui.confirm('Take off');
    await ui.page.getByText('No version of sales is tagged.').waitFor();
    await openDialog('Describe');
    await ui.field('Description').fill('what shops sold');
    // What others do meanwhile refreshes the screen, and must not close the form.
    await ui.client.datasets.setTag({ name: 'sales', tag: 'meanwhile', version: 1 });
    await ui.page.getByText('meanwhile', { exact: true }).first().waitFor();
    await ui.field('Key columns').fill('day, shop');
    await submit('Describe');
    await ui.page.getByText('what shops sold').waitFor();
    expect((await ui.client.datasets.get({ name: 'sales' })).key).toEqual(['day', 'shop']);
  });

  it('deletes what nothing uses, and names what does', async () => {
    await ui.open('/datasets/sales/versions/1');
    await ui.confirm('Delete');
    await ui.dialog().getByRole('link', { name: 'dataset:sales.train@1' }).waitFor();
    await ui.client.datasets.fork({ name: 'spare', from: 'sales@1' });
    await ui.client.datasets.commit({ name: 'spare', format: 'csv', content: Buffer.from(csv(3)) });
    await ui.open('/datasets/spare/versions/1');
    await ui.confirm('Delete');
    await heading('spare');
    await ui.table('versions').getByRole('link', { name: 'spare@2' }).waitFor();
    expect((await ui.client.datasets.listVersions({ name: 'spare' })).items).toHaveLength(1);
  });

  it('replaces rows by key; rows that are not as expected come back with what was expected', async () => {
    await ui.client.validation.putExpectations({
      name: 'spare',
      expectations: [{ kind: 'between', column: 'sold', min: 0 }],
    });
    const file = join(ui.folder, 'more.csv');
    const upload = async (text: string) => {
      await writeFile(file, text);
      await ui.field('A table').setInputFiles(file);
      await submit('Commit');
    };
    await ui.open('/datasets/spare');
    await openDialog('Upload a file');
    await ui.dialog().getByText('Replace by key').click();
    await ui.field('Key columns').fill('day');
    await upload('day,shop,sold\n2024-01-02,s1,-5\n');
    const refused = ui.dialog().getByRole('list', { name: 'not as expected' });
    await refused.getByText('sold is at least 0').waitFor();
    await upload('day,shop,sold\n2024-01-02,s1,7\n2024-02-01,s0,1\n');
    await heading('spare@3');
    expect((await ui.client.datasets.getVersion({ name: 'spare', version: '3' })).rows).toBe(4);
  });
});

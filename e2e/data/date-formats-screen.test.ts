// Dates in three formats in a browser: told on the version's screen, and dates by the remedy that stands there.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeScreens } from '../browser.ts';

describeScreens('dates in three formats', (ui) => {
  async function upload(dateFormat?: string): Promise<void> {
    const file = join(ui.root, 'mixed.csv');
    await writeFile(file, 'day,n\n2022-12-30,1\n31.12.2022,2\n12/31/2022,3\n');
    await ui.open('/datasets');
    await ui.page.getByRole('button', { name: 'Upload a file' }).click();
    await ui.field('A table').setInputFiles(file);
    if (dateFormat) await ui.field('Date format').fill(dateFormat);
    await ui.dialog().getByRole('button', { name: 'Commit' }).click();
  }

  test('are told where the version is shown, and are dates by the remedy', async () => {
    await upload();
    await ui.page.getByRole('heading', { name: 'mixed@1' }).waitFor();
    const warnings = ui.page.getByRole('list', { name: 'Warnings of the import' });
    await warnings.getByText('1 value as %d.%m.%Y (line 3:').waitFor();
    const remedy = /--date-format '([^']+)'/.exec((await warnings.textContent()) ?? '')?.[1] ?? '';
    await upload(remedy);
    await ui.page.getByRole('heading', { name: 'mixed@2' }).waitFor();
    expect(await warnings.count()).toBe(0);
  });
});

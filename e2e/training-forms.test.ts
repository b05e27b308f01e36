// A command is started from the browser, with a file that is chosen there, and run again with changes.
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from './browser.ts';

const script = `with open('params.txt', 'w') as f: f.write('trained')\n`;

describeScreens('what starts training', (ui) => {
  const openDialog = (name: string) => ui.page.getByRole('button', { name, exact: true }).click();
  const submit = (name: string) => ui.dialog().getByRole('button', { name, exact: true }).click();
  const tab = (name: string) => ui.page.getByRole('tab', { name, exact: true }).click();
  const heading = (name: RegExp) => ui.page.getByRole('heading', { name }).waitFor();
  const jobId = () => new URL(ui.page.url()).pathname.split('/').at(-1) ?? '';

  beforeAll(async () => {
    await ui.client.datasets.commit({ name: 'days', format: 'csv', content: Buffer.from('day\n1\n2\n') });
  });

  it('runs a command with a chosen file; what the server refuses stands at its field', async () => {
    await ui.open('/jobs');
    await openDialog('Run a command');
    await ui.field('Command').fill('sh run.sh "two words"');
    await ui
      .dialog()
      .getByLabel('code files')
      .setInputFiles([
        {
          name: 'run.sh',
          mimeType: 'text/plain',
          buffer: Buffer.from('echo "got $1, rate" $(cat "$TIDEMILL_PARAMS")'),
        },
        { name: 'train.py', mimeType: 'text/plain', buffer: Buffer.from(script) },
      ]);
    await ui.dialog().getByText('2 files', { exact: true }).waitFor();
    await ui.field('Inputs').fill('days@7');
    await ui.field('Inputs').press('Enter');
    await ui.field('Parameters').fill('rate=0.25');
    await ui.field('Cores').fill('999');
    await submit('Run a command');
    // One after the other, as the server finds them.
    await ui
      .dialog()
      .getByText(/days.*7/)
      .nth(1)
      .waitFor();
    await ui.dialog().getByRole('button', { name: 'Remove days@7' }).click();
    await ui.field('Inputs').fill('days@latest');
    await ui.dialog().getByRole('button', { name: 'Add input' }).click();
    await submit('Run a command');
    await ui
      .dialog()
      .getByText(/asks for 999 cores/)
      .waitFor();
    await ui.field('Cores').fill('');
    await ui.dialog().getByRole('button', { name: 'as CLI' }).click();
    const line =
      "tidemill jobs run --experiment Default --input days@latest -p rate=0.25 -- sh run.sh 'two words'";
    await ui.page.getByText(line, { exact: true }).waitFor();
    await ui.dialog().getByRole('button', { name: 'as CLI' }).click();
    await submit('Run a command');
    await heading(/^Job/);
    await ui.page.getByText(/got two words, rate/).waitFor();
    expect(await ui.client.jobs.get({ id: jobId() })).toMatchObject({
      spec: { inputs: ['days@1'], parameters: { rate: 0.25 }, code: { files: 2 } },
    });
  });

  it('looks through its code, and runs it again with changes', async () => {
    await tab('Code');
    await ui.page.getByRole('button', { name: /^train.py/ }).click();
    await ui.page.getByText("f.write('trained')").waitFor();
    const first = jobId();
    await openDialog('Run again with changes');
    await ui.dialog().getByText('2 files', { exact: true }).waitFor();
    expect(await ui.field('Command').inputValue()).toBe("sh run.sh 'two words'");
    await ui.field('Command').fill('sh run.sh again');
    await submit('Run again with changes');
    await ui.page.waitForURL((url) => url.pathname.includes('/jobs/') && !url.pathname.includes(first));
    await ui.page.getByText(/got again, rate/).waitFor();
  });
});

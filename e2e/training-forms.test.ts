// Commands and searches are started from the browser: with files that are chosen there, or from a job that is there.
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from './browser.ts';

const script = `with open('params.txt', 'w') as f: f.write('trained')\n`;

/** Logs the square of its x through MLflow's interface, as a script in any language may. */
const trial = `
const [word = ''] = process.argv.slice(2);
const x = Number(word.replace('--x=', ''));
const { MLFLOW_TRACKING_URI: url, MLFLOW_RUN_ID: run_id } = process.env;
await fetch(url + '/api/2.0/mlflow/runs/log-metric', {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ run_id, key: 'loss', value: x * x, timestamp: Date.now(), step: 0 }),
});
`;

describeScreens('what starts training', (ui) => {
  const openDialog = (name: string) => ui.page.getByRole('button', { name, exact: true }).click();
  const submit = (name: string) => ui.dialog().getByRole('button', { name, exact: true }).click();
  const tab = (name: string) => ui.page.getByRole('tab', { name, exact: true }).click();
  const shownId = () => new URL(ui.page.url()).pathname.split('/').at(-1) ?? '';

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
    await ui.page.waitForURL(/\/jobs\/job_/);
    await ui.page.getByText(/got two words, rate/).waitFor();
    expect(await ui.client.jobs.get({ id: shownId() })).toMatchObject({
      spec: { inputs: ['days@1'], parameters: { rate: 0.25 }, code: { files: 2 } },
    });
  });

  it('looks through its code, and runs it again with changes', async () => {
    await tab('Code');
    await ui.page.getByRole('button', { name: /^train.py/ }).click();
    await ui.page.getByText("f.write('trained')").waitFor();
    const first = shownId();
    await openDialog('Run again with changes');
    await ui.dialog().getByText('2 files', { exact: true }).waitFor();
    expect(await ui.field('Command').inputValue()).toBe("sh run.sh 'two words'");
    await ui.field('Command').fill('sh run.sh again');
    await submit('Run again with changes');
    await ui.page.waitForURL((url) => url.pathname.includes('/jobs/') && !url.pathname.includes(first));
    await ui.page.getByText(/got again, rate/).waitFor();
  });

  it('searches a space by rows and JSON, refused where it is wrong; stops and extends it while it runs', async () => {
    await ui.open('/sweeps');
    await openDialog('Search a space');
    await ui.field('Command').fill('node train.mjs ${rate} ${args}');
    await ui
      .dialog()
      .getByLabel('code files')
      .setInputFiles({
        name: 'train.mjs',
        mimeType: 'text/plain',
        buffer: Buffer.from(trial),
      });
    await ui.field('Parameter').fill('x');
    await ui.field('Lowest').fill('2');
    await ui.field('Highest').fill('-2');
    await ui.field('Highest').press('Enter');
    await ui.field('Goals').fill('loss:min');
    await ui.field('Pruner').selectOption('percentile');
    await ui.dialog().getByText("'percentile' needs its percentile").waitFor();
    await ui.field('Percentile').fill('50');
    await ui.field('Trials').last().fill('200');
    await submit('Search a space');
    await ui
      .dialog()
      .getByText(/^'?x'?.*low|high/)
      .first()
      .waitFor();
    const space = ui.field('As JSON');
    await space.fill((await space.inputValue()).replace('-2', '4'));
    await submit('Search a space');
    await ui
      .dialog()
      .getByText(/names \${rate}, which the space does not have/)
      .waitFor();
    await ui.field('Command').fill('node train.mjs ${args}');
    await ui.dialog().getByText('1 file', { exact: true }).waitFor();
    await submit('Search a space');
    await ui.page.waitForURL(/\/sweeps\/sweep_/);
    const id = shownId();
    await ui.page
      .getByText(/[1-9]\d* complete/)
      .first()
      .waitFor();
    await openDialog('Extend');
    await ui.field('Trials').fill('300');
    await submit('Extend');
    await ui.dialog().waitFor({ state: 'hidden' });
    await ui.confirm('Stop');
    await ui.page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
    const sweep = await ui.client.sweeps.get({ id });
    expect(sweep).toMatchObject({ state: 'stopped', definition: { budget: { trials: 300 } } });
    expect(sweep.best?.value).toBeGreaterThanOrEqual(4);
    await ui.client.sweeps.cancel({ id });
  });

  it('searches our learners, and confirms the best of them', async () => {
    const rows = Array.from({ length: 90 }, (_, day) => {
      const date = new Date(Date.UTC(2024, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);
      return `${date},${Math.sin(day)},${2 * Math.sin(day) + (day % 7) / 100}`;
    });
    const content = Buffer.from(`day,lag,y\n${rows.join('\n')}\n`);
    await ui.client.datasets.commit({ name: 'train', format: 'csv', content });
    await ui.open('/sweeps');
    await openDialog('Search our learners');
    await ui.field('Training set').fill('train@9');
    await ui.field('Features').fill('lag');
    await ui.field('Target').fill('y');
    await ui.field('Time column').fill('day');
    await ui.field('Learners').selectOption('ridge');
    await ui.field('Trials').fill('2');
    await submit('Search our learners');
    await ui
      .dialog()
      .getByText(/train.*9/)
      .first()
      .waitFor();
    await ui.field('Training set').fill('train@1');
    await ui.dialog().getByText('Columns: day, lag, y').waitFor();
    await submit('Search our learners');
    await ui.page.waitForURL(/\/sweeps\/sweep_/);
    await openDialog('Confirm');
    expect(await ui.field('Windows').inputValue()).toBe('3');
    await ui.field('Trials').fill('2');
    await ui.field('Seeds').fill('2');
    await submit('Confirm');
    await tab('Confirmation');
    await ui.page.getByText(/Trial \d is chosen:/).waitFor();
    expect((await ui.client.sweeps.get({ id: shownId() })).confirmation).toMatchObject({
      ...{ state: 'succeeded', definition: { top: 2, windows: 3 }, ended: 12 },
    });
  });
});

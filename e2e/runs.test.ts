// Two thousand runs in a browser: found by filter and order, opened, held side by side, followed, deleted and restored; a search too.
import type { Client } from '@tidemill/sdk';
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from './browser.ts';

const runs = 2000;
const writers = 16;

describeScreens('runs', (ui) => {
  let experiment = '';

  beforeAll(async () => {
    experiment = await track(ui.client);
  }, 180_000);

  const table = () => ui.table('runs');
  const firstRun = () => table().getByRole('link').first();
  const waitForRows = (count: string) =>
    expect.poll(() => table().getAttribute('aria-rowcount'), { timeout: 20_000 }).toBe(count);

  it('shows the newest first, and the rest as one scrolls, drawing only what is seen', async () => {
    await ui.open(`/experiments/${experiment}`);
    await ui.page.getByRole('link', { name: `run ${runs - 1}`, exact: true }).waitFor();
    await waitForRows('100');
    const rows = ui.page.getByRole('region', { name: 'runs, rows' });
    for (const loaded of ['600', '1100', '1600', String(runs)]) {
      await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await waitForRows(loaded);
    }
    await rows.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await ui.page.getByRole('link', { name: 'run 0', exact: true }).waitFor();
    expect(await table().getByRole('row').count()).toBeLessThan(80);
  });

  it('filters in the grammar; what the server cannot read it says in place', async () => {
    const filter = ui.page.getByRole('searchbox', { name: /Filter runs/ });
    await filter.fill('metrics.loss <');
    await filter.press('Enter');
    await ui.page.getByRole('alert').getByText('searchInvalid').waitFor();
    await filter.fill("metrics.loss < 50 and params.learner = 'ridge'");
    await filter.press('Enter');
    await waitForRows('25');
    await ui.page.getByText('25 runs', { exact: true }).waitFor();
  });

  it('orders by a metric, both ways, and keeps it in the address', async () => {
    const loss = table().getByRole('button', { name: 'loss', exact: true });
    await loss.click();
    await ui.page.getByRole('link', { name: 'run 0', exact: true }).waitFor();
    await expect.poll(() => firstRun().textContent()).toBe('run 0');
    await loss.click();
    await ui.page.getByRole('link', { name: 'run 48', exact: true }).waitFor();
    await expect.poll(() => firstRun().textContent()).toBe('run 48');
    expect(ui.page.url()).toContain('sort=-metrics.loss');
    await ui.page.reload();
    await expect.poll(() => firstRun().textContent()).toBe('run 48');
  });

  it('holds two side by side: curves, and only the parameters that differ', async () => {
    await ui.page.getByRole('checkbox', { name: 'Select run 48' }).click();
    await ui.page.getByRole('checkbox', { name: 'Select run 46' }).click();
    await ui.page.getByRole('link', { name: 'Compare 2' }).click();
    await ui.page.getByRole('heading', { name: 'Compare 2 runs' }).waitFor();
    await ui.page.locator('[aria-label="loss"][data-drawn="true"]').waitFor();
    await ui.page.getByRole('tab', { name: 'Parameters' }).click();
    const compared = ui.page.getByRole('table', { name: 'parameters' });
    await compared.getByText('seed').waitFor();
    expect(await compared.getByText('learner').count()).toBe(0);
    await ui.page.getByRole('checkbox', { name: 'Only differences' }).click();
    await compared.getByText('learner').waitFor();
  });

  it('opens a run: its curve, and its parameters', async () => {
    await ui.page.getByRole('link', { name: 'run 48', exact: true }).click();
    await ui.page.getByRole('heading', { name: 'run 48' }).waitFor();
    await ui.page.getByRole('tab', { name: 'Metrics' }).click();
    await ui.page.locator('[aria-label="loss"][data-drawn="true"]').waitFor();
    await ui.page.getByRole('tab', { name: 'Parameters' }).click();
    await ui.page.getByRole('table', { name: 'parameters' }).getByText('ridge').waitFor();
  });

  it('follows a run that goes on: its newest value, and its end', async () => {
    const { id } = await ui.client.experiments.createRun({ experimentId: experiment, name: 'going on' });
    const log = (value: number, step: number) =>
      ui.client.experiments.logBatch({ id, metrics: [{ key: 'loss', value, step }] });
    await log(3, 0);
    await ui.open(`/runs/${id}?tab=metrics`);
    await ui.page.getByText('live', { exact: true }).waitFor();
    await log(0.625, 1);
    await ui.page.getByText('0.625').waitFor({ timeout: 20_000 });
    await ui.client.experiments.logBatch({ id, parameters: { late: 'yes' } });
    await ui.client.experiments.updateRun({ id, status: 'FINISHED' });
    await ui.page.getByText('finished', { exact: true }).waitFor({ timeout: 20_000 });
    await ui.page.getByRole('tab', { name: /Parameters ?1/ }).click();
    await ui.page.getByRole('table', { name: 'parameters' }).getByText('late').waitFor();
  });

  it('deletes a run, finds it among the deleted, and takes it back, by keyboard alone', async () => {
    const filter = "attributes.run_name = 'run 7'";
    await ui.open(`/experiments/${experiment}?${new URLSearchParams({ filter })}`);
    const choose = async () => {
      await ui.page.getByRole('checkbox', { name: 'Select run 7' }).focus();
      await ui.page.keyboard.press('Space');
    };
    const confirm = async (what: string) => {
      await ui.page.getByRole('button', { name: what }).focus();
      await ui.page.keyboard.press('Enter');
      await ui.dialog().getByRole('button', { name: what }).focus();
      await ui.page.keyboard.press('Enter');
    };
    await choose();
    await confirm('Delete');
    await ui.page.getByText('No run matches this filter.').waitFor();
    await ui.page.getByText('Deleted', { exact: true }).click();
    await choose();
    await confirm('Restore');
    await ui.page.getByText('No run matches this filter.').waitFor();
    await ui.page.getByText('Active', { exact: true }).click();
    await ui.page.getByRole('link', { name: 'run 7', exact: true }).waitFor();
  });

  it('follows a search to its end, shows what was found, and extends it', async () => {
    const { id } = await ui.client.sweeps.search({
      experiment: 'searched',
      name: 'small',
      space: {
        lr: { type: 'float', low: 0.001, high: 1, log: true },
        act: { type: 'categorical', choices: ['relu', 'tanh'] },
      },
      goals: [{ metric: 'loss', direction: 'minimize' }],
      budget: { trials: 3 },
      command: { command: ['node', '-e', logLoss, `$\{lr}`] },
    });
    await ui.open(`/sweeps/${id}`);
    await ui.page.getByText('succeeded', { exact: true }).waitFor();
    await ui.page.locator('[aria-label="loss by trial"][data-drawn="true"]').waitFor();
    await ui.page.getByRole('tab', { name: 'Parallel' }).click();
    await ui.page.locator('[aria-label="Parameters and goals of each trial"][data-drawn="true"]').waitFor();
    await ui.page.getByRole('button', { name: 'Extend' }).click();
    await ui.field('Trials').fill('4');
    await ui.dialog().getByRole('button', { name: 'Extend' }).click();
    await ui.page.getByText('4 of 4: 4 complete').waitFor();
    await ui.page.getByRole('tab', { name: /^Trials/ }).click();
    await ui.table('trials').locator('a[href*="/jobs/"]').first().click();
    await ui.page.getByText('logged', { exact: true }).waitFor();
  });

  it('opens a registered model whose name has spaces and an @', async () => {
    await ui.client.registry.create({ name: 'my model@v 1', tags: { team: 'blue' } });
    await ui.open('/models');
    const filter = ui.page.getByRole('searchbox', { name: /Filter models/ });
    await filter.fill("name ILIKE 'MY%' and tags.team = 'blue'");
    await filter.press('Enter');
    await ui.page.getByRole('link', { name: 'my model@v 1', exact: true }).click();
    await ui.page.getByRole('heading', { name: 'my model@v 1' }).waitFor();
    await ui.page.getByText('No version yet.').waitFor();
  });
});

/** A script that knows nothing but MLflow's address. */
const logLoss = `
  const { MLFLOW_TRACKING_URI: url, MLFLOW_RUN_ID: run_id } = process.env;
  const body = JSON.stringify({ run_id, key: 'loss', value: Number(process.argv[1]), timestamp: Date.now() });
  const headers = { 'content-type': 'application/json' };
  fetch(url + '/api/2.0/mlflow/runs/log-metric', { method: 'POST', headers, body }).then(() => console.log('logged'));
`;

/** Even ones are `ridge`; the loss of run N ends at N. */
async function track(client: Client): Promise<string> {
  const { id } = await client.experiments.createExperiment({ name: 'two thousand' });
  const start = Date.UTC(2026, 0, 1);
  let next = 0;
  const write = async () => {
    for (let index = next++; index < runs; index = next++) {
      const run = await client.experiments.createRun({
        experimentId: id,
        name: `run ${index}`,
        startedAt: start + index * 1000,
      });
      await client.experiments.logBatch({
        id: run.id,
        parameters: { learner: index % 2 === 0 ? 'ridge' : 'xgboost', seed: String(index) },
        metrics: [0, 1].map((step) => ({
          key: 'loss',
          value: index + 1 - step,
          step,
          timestamp: start + step,
        })),
      });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return id;
}

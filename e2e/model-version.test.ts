// A version's page: its tabs in two named rows, a study and an evaluation begun from it.
import { beforeAll, expect, it, vi } from 'vitest';
import { describeScreens } from './browser.ts';

describeScreens('a model version', (ui) => {
  const tab = (name: string) => ui.page.getByRole('tab', { name, exact: true }).click();
  const open = (name: string) => ui.page.getByRole('button', { name, exact: true }).click();
  const submit = (name: string) => ui.dialog().getByRole('button', { name, exact: true }).click();

  beforeAll(async () => {
    const lines = Array.from({ length: 120 }, (_, i) => {
      const day = new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
      return `${day},${i % 7},${(i * 3) % 5},${2 * (i % 7) + ((i * 3) % 5)}`;
    });
    const content = Buffer.from(['day,a,b,y', ...lines].join('\n'));
    await ui.client.datasets.commit({ name: 'days', format: 'csv', content });
    const job = await ui.client.jobs.submitLearner({
      ...{ experiment: 'e2e', trainingSet: 'days@1', target: 'y', features: ['a', 'b'], timeColumn: 'day' },
      ...{ learner: 'ridge', register: 'sums' },
    });
    await vi.waitUntil(async () => (await ui.client.jobs.get({ id: job.id })).state === 'succeeded', 30_000);
    await vi.waitUntil(async () => (await ui.client.registry.list({})).items.length, 9000);
  }, 60_000);

  it('groups its tabs, each still at its address', async () => {
    await ui.open('/models/sums/versions/1');
    const tabs = ui.page.getByRole('tab');
    await tabs.first().waitFor();
    const tops = await Promise.all(
      (await tabs.all()).map(async (each) => (await each.boundingBox())?.y ?? -1),
    );
    // Two rows, whose tabs stand level.
    expect(tops).toHaveLength(15);
    expect(new Set(tops).size).toBe(2);
    for (const name of ['How it was judged', 'What it is']) await ui.page.getByText(name).waitFor();
    await tab('Lineage');
    expect(ui.page.url()).toContain('tab=lineage');
  });

  it('begins a study with what the recipe knows filled in, and shows it', async () => {
    await ui.open('/models/sums/versions/1?tab=studies');
    await open('New study');
    expect(await ui.field('Dataset version').inputValue()).toBe('days@latest');
    expect(await ui.field('Target').inputValue()).toBe('y');
    await ui.field('Kind').selectOption('stability');
    await ui.field('Metric').fill('nonsense');
    await ui.field('Metric').fill('rmse');
    await ui.dialog().getByRole('button', { name: 'as HTTP' }).click();
    await ui.page.getByText(/"metric": ?"rmse"/).waitFor();
    await submit('New study');
    await ui.page.waitForURL(/\/studies\/study_/);
    await ui.page.getByText('stability of sums@1').waitFor();
    await ui.page.getByText('rmse', { exact: false }).first().waitFor();
  });

  it('begins an evaluation; what the server refuses stands in the dialog', async () => {
    await ui.open('/models/sums/versions/1');
    await open('New evaluation');
    await ui.field('Dataset version').fill('nobody@1');
    await submit('New evaluation');
    await ui
      .dialog()
      .getByText(/nobody/)
      .first()
      .waitFor();
    await ui.field('Dataset version').fill('days@1');
    await submit('New evaluation');
    await ui.page.waitForURL(/\/studies\/study_/);
    await expect
      .poll(async () => (await ui.client.evaluation.list({ model: 'sums@1' })).items.length, {
        timeout: 20_000,
      })
      .toBe(1);
  });
});

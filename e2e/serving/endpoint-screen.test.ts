// The page of an endpoint: how it does, a request by hand, one prediction and its chain, revisions compared and taken back.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@tidemill/sdk';
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from '../browser.ts';
import { serveDoubler } from './double-endpoint.ts';

/** For whoever wants to look at them. */
const shots = process.env.TIDEMILL_SCREENSHOTS ?? '';

describeScreens('the page of an endpoint', (ui) => {
  async function shoot(name: string): Promise<void> {
    if (shots === '') return;
    await mkdir(shots, { recursive: true });
    for (const colorScheme of ['light', 'dark'] as const) {
      await ui.page.emulateMedia({ colorScheme });
      await ui.page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`), fullPage: true });
    }
    await ui.page.emulateMedia({ colorScheme: 'light' });
  }
  const predict = (x: number, id = 'a') =>
    ui.client.endpoints.predict({ name: 'doubler', records: [{ id, x }] });

  beforeAll(async () => {
    await serveDoubler(ui.client);
    await ui.client.endpoints.put({
      name: 'doubler',
      variants: [{ name: 'one', model: 'doubler@1', weight: 1 }],
      entity: ['id'],
      fallback: 'record.x * 2.0',
      timeoutMs: 500,
      reason: 'a shorter time limit',
    });
  });

  it('says which command fills it while nobody has asked', async () => {
    await ui.open('/endpoints/doubler?tab=traffic');
    await ui.page.getByText('Nobody asked this endpoint in the last 15 minutes').waitFor();
    await ui.page.getByText('tidemill endpoints predict doubler').waitFor();
  });

  it('asks by a form made of the signature, and shows who answered and the same as curl', async () => {
    await ui.open('/endpoints/doubler?tab=try');
    await ui.page.getByLabel(/^id/).fill('b');
    const x = ui.page.getByLabel(/^x/);
    // The middle of what it was trained on.
    expect(Number(await x.inputValue())).toBeCloseTo(49.5, 0);
    await x.fill('150');
    await ui.page.getByRole('button', { name: 'Predict', exact: true }).click();
    await ui.page.getByTestId('prediction').waitFor();
    expect(Number(await ui.page.getByTestId('prediction').textContent())).toBeCloseTo(300, -1);
    await ui.page.getByText('x 150 is above the training maximum 99').waitFor();
    const curl = ui.page.getByText("curl -s -X POST '", { exact: false });
    expect(await curl.textContent()).toContain('"records":[{"id":"b","x":150}]');
    await shoot('try');
    expect((await ui.client.predictions.list({ name: 'doubler' })).items).toEqual([]);
    await ui.page.getByLabel('Log it as a prediction').check();
    await ui.page.getByRole('button', { name: 'Predict', exact: true }).click();
    await ui.page.getByRole('link', { name: 'What it came from' }).waitFor();
    expect((await ui.client.predictions.list({ name: 'doubler' })).items).toHaveLength(1);
    await ui.page.getByLabel(/^x/).fill('much');
    await ui.page.getByText('x: ‘much’ is no number').waitFor();
  });

  it('shows requests, failures and phases as they come in', async () => {
    for (let i = 0; i < 20; i++) await predict(i);
    await expect(ui.client.endpoints.predict({ name: 'doubler', records: [{ id: 'a' }] })).rejects.toThrow();
    await ui.client.endpoints.forceFallback({ name: 'doubler', enabled: true, reason: 'a test' });
    await predict(4);
    await ui.client.endpoints.forceFallback({ name: 'doubler', enabled: false, reason: 'a test' });
    await ui.open('/endpoints/doubler?tab=traffic');
    const row = ui.table('traffic').getByRole('row').nth(1);
    await waitFor(
      () => row.textContent(),
      (text) => /one.*doubler@1.*23/.test(text ?? ''),
      { what: 'the variant with its requests' },
    );
    await ui.table('phases').getByText('inference', { exact: true }).waitFor();
    await shoot('traffic');
  });

  it('narrows the log to one prediction, and leads to its whole chain', async () => {
    await predict(7, 'only');
    await ui.open('/endpoints/doubler?tab=predictions');
    await ui.table('predictions').getByRole('row').nth(20).waitFor();
    await shoot('predictions');
    await ui.page.getByLabel('Entity', { exact: true }).fill('only');
    await ui.page.keyboard.press('Enter');
    await waitFor(
      () => ui.table('predictions').getByRole('row').count(),
      (count) => count === 2,
      { what: 'the one prediction' },
    );
    await ui.page.getByRole('link', { name: 'came from' }).click();
    await ui.page.getByText('lines@1').first().waitFor();
    await shoot('chain');
  });

  it('says what a revision changed, and takes it back with a reason', async () => {
    await ui.open('/endpoints/doubler?tab=revisions');
    await ui.table('changes').getByText('timeoutMs').waitFor();
    await ui.table('changes').getByText('500').waitFor();
    await shoot('revisions');
    await ui.page.getByRole('button', { name: 'Make live' }).click();
    await ui.dialog().getByLabel('Reason').fill('it was too short');
    await ui.dialog().getByRole('button', { name: 'Make live' }).click();
    await ui.page.getByText('back to revision 1: it was too short').first().waitFor();
    expect((await ui.client.endpoints.get({ name: 'doubler' })).live).toMatchObject({
      revision: 3,
      timeoutMs: 1000,
    });
  });
});

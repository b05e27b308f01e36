// A browser with the Overview open sees a prediction within two seconds of its being posted.
import { type Client, waitFor } from '@tidemill/sdk';
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from './browser.ts';

describeScreens('the Overview', (ui) => {
  beforeAll(() => serveModel(ui.client));

  it('shows a new prediction within two seconds, without an error in the console', async () => {
    const failures: string[] = [];
    ui.page.on('console', (message) => message.type() === 'error' && failures.push(message.text()));
    await ui.open('/');
    const count = ui.page.getByTestId('count-predictions');
    await count.waitFor();
    const before = await count.textContent();
    // The live connection stands once the badge says so; a prediction before that would be found by the first load.
    await ui.page.getByText(/live/i).first().waitFor();
    const startedAt = performance.now();
    await ui.client.endpoints.predict({
      name: 'doubler',
      records: [{ id: 'a', x: 3 }],
      eventTime: Date.UTC(2024, 0, 1),
    });
    await waitFor(
      () => count.textContent(),
      (text) => text !== before,
      { timeoutMs: 5000, what: 'the count to change' },
    );
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(failures).toEqual([]);
  });
});

/** The shortest way from nothing to an endpoint: y = 2x. */
async function serveModel(client: Client): Promise<void> {
  const rows = Array.from({ length: 200 }, (_, i) => `${i},${(i * 7) % 100},${((i * 7) % 100) * 2}`);
  const content = Buffer.from(`time,x,y\n${rows.join('\n')}\n`);
  await client.datasets.commit({ name: 'lines', format: 'csv', content });
  const job = await client.jobs.submitLearner({
    experiment: 'doubler',
    trainingSet: 'lines@1',
    features: ['x'],
    target: 'y',
    timeColumn: 'time',
    learner: 'ridge',
    register: 'doubler',
  });
  await waitFor(
    () => client.jobs.get({ id: job.id }),
    (found) => found.state === 'succeeded',
    { what: 'the training' },
  );
  await waitFor(
    () => client.registry.list(),
    (page) => page.items.length > 0,
    { what: 'the registration' },
  );
  await client.governance.approve({ name: 'doubler', version: '1', reason: 'a test', override: true });
  await client.endpoints.put({
    name: 'doubler',
    variants: [{ name: 'one', model: 'doubler@1', weight: 1 }],
    entity: ['id'],
  });
}

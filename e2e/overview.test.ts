// A browser with the Overview open sees a prediction within two seconds of its being posted.
import { waitFor } from '@tidemill/sdk';
import { beforeAll, expect, it } from 'vitest';
import { describeScreens } from './browser.ts';
import { serveDoubler } from './serving/double-endpoint.ts';

describeScreens('the Overview', (ui) => {
  beforeAll(() => serveDoubler(ui.client));

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

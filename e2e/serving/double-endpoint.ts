/** The shortest way from nothing to an endpoint: y = 2x, behind `doubler`, with a rule. */
import { type Client, waitFor } from '@tidemill/sdk';

export async function serveDoubler(client: Client): Promise<void> {
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
    fallback: 'record.x * 2.0',
  });
}

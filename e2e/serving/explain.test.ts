// A prediction of trees is explained on request: what each input contributed adds up to the answer.
import { createClient, waitFor } from '@tidemill/sdk';
import { expect, onTestFinished, test } from 'vitest';
import { tidemill } from '../cli-process.ts';
import { createPlace } from '../mlflow/servers.ts';

test('base and contributions of a prediction add up to it; what has no trees is refused', async () => {
  const place = await createPlace('sqlite');
  onTestFinished(() => place.remove());
  const { url } = await place.start();
  const client = createClient({ url });
  const rows = Array.from({ length: 300 }, (_, i) => {
    const [x, z] = [(i * 7) % 100, (i * 13) % 50];
    return `${i},${x},${z},${x * 2 - z}`;
  });
  const content = Buffer.from(`time,x,z,y\n${rows.join('\n')}\n`);
  await client.datasets.commit({ name: 'planes', format: 'csv', content });
  for (const learner of ['trees', 'ridge'] as const) {
    await client.jobs.submitLearner({
      ...{ experiment: learner, trainingSet: 'planes@1', features: ['x', 'z'], target: 'y' },
      ...{ timeColumn: 'time', learner, register: learner },
    });
    await waitFor(
      () => client.registry.list(),
      ({ items }) => items.some(({ name }) => name === learner),
      { what: 'the registration' },
    );
    await client.governance.approve({ name: learner, version: '1', reason: 'a test', override: true });
    const variants = [{ name: 'main', model: `${learner}@1`, weight: 1 }];
    await client.endpoints.put({ name: learner, variants, entity: ['x'] });
  }
  const records = [
    { x: 10, z: 40 },
    { x: 90, z: 5 },
  ];
  const { predictions } = await client.endpoints.predict({ name: 'trees', records, explain: true });
  for (const { value, explanation } of predictions) {
    const [only] = explanation?.outputs ?? [];
    const sum = Object.values(only?.contributions ?? {}).reduce((a, b) => a + b, only?.base ?? Number.NaN);
    expect(Math.abs(sum - Number(value))).toBeLessThan(1e-3 * Math.max(1, Math.abs(Number(value))));
    expect(Object.keys(only?.contributions ?? {})).toEqual(['x', 'z']);
  }
  const plain = await client.endpoints.predict({ name: 'trees', records });
  expect(plain.predictions[0]).not.toHaveProperty('explanation');
  const words = ['endpoints', 'predict', 'trees', '--record', 'x=90', 'z=5', '--explain'];
  expect((await tidemill(words, { url })).stdout).toMatch(/when no input is known\n {2}[+-]/);
  await expect(client.endpoints.predict({ name: 'ridge', records, explain: true })).rejects.toMatchObject({
    code: 'attributionImpossible',
  });
});

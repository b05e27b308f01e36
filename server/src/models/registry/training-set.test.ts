import type { Job } from '@tidemill/contract';
import { expect, onTestFinished, test } from 'vitest';
import { createTestPlatform, owner } from '../../testing/platform.ts';
import { buildTrainingCsv, commitCsv, until } from '../../testing/training-wing.ts';
import { pickTrainingSet } from './training-set.ts';

const read = (uri: string, columns: readonly string[], context = '') => ({ uri, columns, context });

test.each([
  ['the only one that was read', [read('a', ['x', 'y'])], ['x'], 'a'],
  ['the one with every column', [read('a', ['x']), read('b', ['x', 'z'])], ['x', 'z'], 'b'],
  ['the one for training', [read('a', ['x'], 'training'), read('b', ['x'])], ['x'], 'a'],
  ['none of two that may be it', [read('a', ['x']), read('b', ['x'])], ['x'], null],
  ['the same, read twice', [read('a', ['x']), read('a', ['x'])], ['x'], 'a'],
  ['none without the columns', [read('a', ['y'])], ['x'], null],
  ['the only one of a model without a signature', [read('a', ['y'])], [], 'a'],
  ['none, where nothing was read', [], ['x'], null],
])('%s', (_name, versions, signature, found) => {
  expect(pickTrainingSet(versions, signature)).toBe(found);
});

const mlmodel = `flavors:
  python_function:
    loader_module: mlflow.sklearn
signature:
  inputs: '[{"type": "double", "name": "f0"}, {"type": "double", "name": "f1"}]'
`;

test("a command's model knows what it learned from, and that stays as long as the model", async () => {
  const platform = await createTestPlatform();
  onTestFinished(() => platform.close());
  const { jobs, registry, lineage } = platform.services;
  await commitCsv(platform.services, 'days', buildTrainingCsv(20), owner);
  const script = `mkdir outputs/model; cat > outputs/model/MLmodel <<'end'\n${mlmodel}end\n`;
  const command = {
    experiment: 'own',
    command: ['sh', '-c', script],
    inputs: ['days@latest'],
    register: 'own',
  };
  const { id } = await jobs.submitCommand(command, owner);
  const isRegistered = (job: Job) => job.modelVersion !== null || job.state === 'failed';
  const { runId, error, modelVersion } = await until(jobs, id, owner, isRegistered);
  expect([error, modelVersion]).toEqual([null, 'own@1']);
  const version = await registry.register({ name: 'own', runId: runId ?? '' }, owner);
  expect(version).toMatchObject({ reference: 'own@1', trainingSet: 'dataset:days@1', recipe: null });
  const { downstream } = await lineage.lineage({ uri: 'dataset:days@1' }, owner);
  expect(downstream).toContainEqual(expect.objectContaining({ to: `run:${runId}`, relation: 'trained' }));
  await expect(platform.services.datasets.delete({ name: 'days' }, owner)).rejects.toMatchObject({
    code: 'inUse',
  });
});

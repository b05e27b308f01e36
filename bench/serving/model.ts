import { writeFile } from 'node:fs/promises';
import { type Client, waitFor } from '@tidemill/sdk';

export const features = Array.from({ length: 10 }, (_, i) => `f${i}`);
export const trees = { trees: 200, depth: 5 };
const rowCount = 4000;
const dayMs = 86_400_000;

/** Numbers in [0, 1) that are the same on every machine (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type FeatureRow = Record<string, number>;

/** Exact in 32 bits, so that both sides give the model the same bits. */
export const featureRow = (random: () => number): FeatureRow =>
  Object.fromEntries(features.map((name) => [name, Math.fround(random() * 10 - 5)]));

/** Friedman's surface: curved, with an interaction, so that the trees grow to their full depth. */
function targetOf(row: FeatureRow, noise: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = features.map((name) => ((row[name] ?? 0) + 5) / 10);
  return 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e + noise;
}

function trainingRows(): Uint8Array {
  const random = seeded(7);
  const lines = Array.from({ length: rowCount }, (_, i) => {
    const row = featureRow(random);
    const day = new Date(Date.UTC(2020, 0, 1) + i * dayMs).toISOString().slice(0, 10);
    return JSON.stringify({ day, ...row, y: targetOf(row, random() - 0.5) });
  });
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

/** Trains, registers and puts a model behind an endpoint, all through the public API. Returns its ONNX file's path. */
export async function deployModel(
  client: Client,
  endpoint: string,
  folder: string,
  how: { readonly learner: 'trees' | 'ridge'; readonly parameters: object } = {
    learner: 'trees',
    parameters: trees,
  },
): Promise<string> {
  const set = await client.datasets.commit({ name: 'bench', format: 'ndjson', content: trainingRows() });
  const { id } = await client.jobs.submitLearner({
    experiment: 'bench',
    trainingSet: set.reference,
    features,
    target: 'y',
    timeColumn: 'day',
    learner: how.learner,
    parameters: how.parameters as never,
    seed: 1,
    register: 'bench',
  });
  const isEnded = (state: string) => ['succeeded', 'failed', 'cancelled'].includes(state);
  const job = await waitFor(
    () => client.jobs.get({ id }),
    ({ state }) => isEnded(state),
    { what: 'training' },
  );
  if (job.state !== 'succeeded') throw new Error(`training failed: ${job.error}`);
  const versions = () => client.registry.listVersions({ name: 'bench' }).catch(() => ({ items: [] }));
  await waitFor(versions, ({ items }) => items.length > 0, { what: 'the registered model' });
  const version = { name: 'bench', version: '1' };
  await client.governance.approve({ ...version, reason: 'a bench', override: true });
  await client.endpoints.put({
    name: endpoint,
    entity: ['item'],
    variants: [{ name: 'main', model: 'bench@1', weight: 1 }],
    isolation: 'in-process',
    log: 'buffered',
  });
  return saveModel(client, version, folder);
}

async function saveModel(client: Client, version: { name: string; version: string }, folder: string) {
  const { content } = await client.registry.getFile({ ...version, path: 'model.onnx' });
  const path = `${folder}/model.onnx`;
  await writeFile(path, content);
  return path;
}

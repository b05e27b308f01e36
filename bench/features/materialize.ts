import { join } from 'node:path';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';
import { type FeastServer, feastMaterialize, startFeast } from './feast.ts';
import { defineViews, featureNames, type Shape, writeTables } from './tables.ts';

const name = 'materialize';
const shape: Shape = {
  views: 1,
  features: 10,
  entities: Number(process.env.TIDEMILL_BENCH_ENTITIES ?? 1_000_000),
};

export const featuresMaterialize: Bench = {
  name: 'features-materialize',
  summary: `newest values of ${shape.entities.toLocaleString('en-US')} entities x 10 features brought online, SQLite on both sides`,
  settings: [
    'ours: POST …/materialize to tidemill up, until the record of the run is replied; full, into an empty store',
    'peer: FeatureStore.materialize of the same Parquet file into its SQLite store, imports and apply not counted',
    'TIDEMILL_BENCH_ENTITIES sets the entities; the peer runs once, ours as often as there are rounds',
  ],
  promises: [{ name, unit: 's', better: 'lower', target: 20, peer: { name: 'Feast', version: '0.67.0' } }],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

const sampled = 200;

async function run({ rounds, folder, python, say }: BenchContext): Promise<Outcome> {
  if (!python) return { measured: [] };
  await writeTables(folder, shape);
  const seconds: number[] = [];
  const memory: (number | null)[] = [];
  let values: unknown[][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const server = await startTidemill(join(folder, `data-${round}`));
    try {
      const client = createClient({ url: server.url });
      await defineViews(client, folder, shape);
      const before = await server.cpuSeconds();
      const started = performance.now();
      const { entities } = await client.features.materialize({ name: 'v0', version: '1' });
      seconds.push((performance.now() - started) / 1000);
      const after = await server.cpuSeconds();
      if (entities !== shape.entities) throw new Error(`${entities} entities, not ${shape.entities}`);
      say(
        `ours: ${seconds.at(-1)?.toFixed(2)} s, ${((after ?? 0) - (before ?? 0)).toFixed(1)} s of processor time`,
      );
      values = await ask(server.url);
      memory.push(await server.peakBytes());
    } finally {
      await server.stop();
    }
  }
  const peerSeconds = await feastMaterialize(python, folder, shape);
  say(`Feast: ${peerSeconds.toFixed(1)} s`);
  await assertEqual(values, await startFeast(python, folder));
  const peak = Math.max(...memory.map((bytes) => bytes ?? 0));
  return {
    measured: [{ name, ours: seconds, peer: seconds.map(() => peerSeconds) }],
    notes: [
      `equal on both sides: ${sampled} entities, all features`,
      `peak memory of the server: ${Math.round(peak / 1e6)} MB`,
    ],
  };
}

const request = {
  features: featureNames(0, shape.features).map((feature) => `v0:${feature}`),
  entities: { id: Array.from({ length: sampled }, (_, i) => Math.floor((i * shape.entities) / sampled)) },
};

async function ask(url: string): Promise<unknown[][]> {
  const reply = await fetch(`${url}/get-online-features`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${await reply.text()}`);
  const { metadata, results } = (await reply.json()) as FeastReply;
  const at = new Map(metadata.feature_names.map((feature, i) => [feature, i]));
  return featureNames(0, shape.features).map((feature) => results[at.get(feature) ?? -1]?.values ?? []);
}

interface FeastReply {
  readonly metadata: { readonly feature_names: string[] };
  readonly results: readonly { readonly values: unknown[] }[];
}

async function assertEqual(ours: unknown[][], server: FeastServer): Promise<void> {
  try {
    const theirs = await ask(server.url);
    if (JSON.stringify(ours) !== JSON.stringify(theirs))
      throw new Error('the two sides look up other values');
  } finally {
    await server.stop();
  }
}

// How long it takes to say what a thing came from and what depends on it, among a million edges.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';

const edges = Number(process.env.TIDEMILL_BENCH_EDGES ?? 1_000_000);
const datasets = 200;
/** A version, the version after it, its training set, a run, a model, an endpoint's revision and an evaluation. */
const edgesPerVersion = 6;
const versions = Math.ceil(edges / datasets / edgesPerVersion);
/** Later versions hold its rows too, so that their models depend on it. */
const later = 20;
const asked = 200;
const names = {
  lineage: 'what a model version came from, p99',
  impact: `all that depends on a dataset version with ${later} after it, p99`,
  wide: 'the same of the first version of a dataset, cut at 1,000, p99',
} as const;

export const modelsLineage: Bench = {
  name: 'models-lineage',
  summary: `lineage among ${edges.toLocaleString('en-US')} edges, over HTTP (TIDEMILL_BENCH_EDGES for others)`,
  settings: [
    `${datasets} datasets of ${versions.toLocaleString('en-US')} versions, each appended to the one before; of each a training set, a run, a model, an endpoint's revision, an evaluation`,
    `SQLite; ${asked} questions one after the other, each about another thing, after as many to warm up`,
  ],
  promises: [
    { name: names.lineage, unit: 'ms', better: 'lower', target: 1, limit: 50, peer: null },
    { name: names.impact, unit: 'ms', better: 'lower', target: 1, limit: 50, peer: null },
    { name: names.wide, unit: 'ms', better: 'lower', target: 1, limit: 500, peer: null },
  ],
  rounds: 3,
  run,
};

function* edgesOf(dataset: number, version: number): Generator<readonly [string, string, string]> {
  const [rows, set] = [`dataset:d${dataset}@${version}`, `dataset:t${dataset}@${version}`];
  const [made, model] = [`run:${dataset}-${version}`, `model:m${dataset}@${version}`];
  if (version < versions) yield [rows, `dataset:d${dataset}@${version + 1}`, 'append'];
  yield [rows, set, 'training-set'];
  yield [set, made, 'trained'];
  yield [made, model, 'registered'];
  yield [model, `endpoint:e${dataset}@${version}`, 'served'];
  yield [model, `evaluation:${dataset}-${version}`, 'evaluated'];
}

/** Into the tables of a server that is down: a million requests would be another bench. */
function fill(path: string): number {
  const database = new DatabaseSync(path);
  const insert = database.prepare(
    `insert into lineage_edges (workspace, from_uri, to_uri, relation, created_at) values ('default', ?, ?, ?, 1)`,
  );
  let count = 0;
  database.exec('begin');
  for (let dataset = 0; dataset < datasets; dataset += 1)
    for (let version = 1; version <= versions; version += 1)
      for (const edge of edgesOf(dataset, version)) {
        insert.run(...edge);
        count += 1;
      }
  database.exec('commit');
  database.close();
  return count;
}

async function run({ folder, rounds, say }: BenchContext): Promise<Outcome> {
  const data = join(folder, 'data');
  await (await startTidemill(data)).stop();
  const count = fill(join(data, 'tidemill.db'));
  const server = await startTidemill(data);
  try {
    const { access } = createClient({ url: server.url });
    const place = (i: number) => ({ dataset: (i * 7) % datasets, version: versions - later - (i % 100) });
    const questions = {
      lineage: async (i: number) => {
        const { dataset, version } = place(i);
        const { upstream } = await access.lineage({ uri: `model:m${dataset}@${version}` });
        assertEqual(upstream.length, 6, 'edges above a model');
      },
      impact: async (i: number) => {
        const dataset = place(i).dataset;
        const { dependents } = await access.impact({ uri: `dataset:d${dataset}@${versions - later}` });
        assertEqual(dependents.length, later + (later + 1) * 5, 'dependents');
      },
      wide: async (i: number) => {
        const found = await access.impact({ uri: `dataset:d${place(i).dataset}@1` });
        assertEqual(found.dependents.length, Math.min(1000, versions * 6 - 1), 'dependents at most');
      },
    };
    const found: Record<keyof typeof questions, number[]> = { lineage: [], impact: [], wide: [] };
    for (const key of Object.keys(questions) as (keyof typeof questions)[]) {
      const times = async (how: number) => timesOf(questions[key], key === 'wide' ? how / 10 : how);
      await times(asked);
      for (let round = 0; round < rounds; round += 1) found[key].push(percentile(await times(asked), 0.99));
      say(`${names[key]}: ${found[key].map((ms) => ms.toFixed(1)).join(', ')} ms`);
    }
    return {
      measured: (Object.keys(names) as (keyof typeof names)[]).map((key) => ({
        name: names[key],
        ours: found[key],
        peer: null,
      })),
      notes: [`${count.toLocaleString('en-US')} edges in the database`],
    };
  } finally {
    await server.stop();
  }
}

async function timesOf(ask: (i: number) => Promise<void>, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const started = performance.now();
    await ask(i);
    times.push(performance.now() - started);
  }
  return times;
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? Number.NaN;

function assertEqual(found: number, expected: number, what: string): void {
  if (found !== expected) throw new Error(`${found} ${what}, not ${expected}`);
}

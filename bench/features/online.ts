import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Measured, Outcome } from '../bench.ts';
import { median } from '../comparison.ts';
import { startTidemill } from '../processes.ts';
import { alternate } from '../rounds.ts';
import { feastMaterialize, startFeast } from './feast.ts';
import { redisReads } from './redis-reads.ts';
import { defineViews, featureNames, type Shape, writeTables } from './tables.ts';

const call = promisify(execFile);
const shape: Shape = { views: 5, features: 10, entities: 10_000 };
const connections = 8;
const seconds = 4;
const bodyCount = 64;

const one = '1 entity x 10 features';
const many = '100 entities x 50 features of 5 views';
const latency = 'p99 of 1 entity x 10 features at half that load';
const redis = 'Redis: 100 entities x 5 views';
const feast = { name: 'Feast', version: '0.67.0' };

export const featuresOnline: Bench = {
  name: 'features-online',
  summary:
    'features looked up by HTTP with the same requests, against feast serve; Redis against bare pipelined reads',
  settings: [
    `POST /get-online-features, ${connections} connections, ${seconds} s a round, ${bodyCount} different bodies of random entities`,
    'ours: tidemill up, one process, SQLite; peer: feast serve -w 1 with its SQLite store and a file registry',
    'the peer has its access log off; half load is half of what ours answered, open-loop',
    'Redis: our adapter in this process against ioredis with one pipeline of GETs of the same keys and values (TIDEMILL_TEST_REDIS)',
  ],
  promises: [
    { name: one, unit: 'requests/s', better: 'higher', target: 20, peer: feast },
    { name: latency, unit: 'ms', better: 'lower', target: 1, limit: 2, peer: null },
    { name: many, unit: 'requests/s', better: 'higher', target: 10, peer: feast },
    {
      name: redis,
      unit: 'reads/s',
      better: 'higher',
      target: 1 / 1.5,
      peer: { name: 'ioredis pipeline', version: '6.0.0' },
    },
  ],
  rounds: 5,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

interface Body {
  readonly features: string[];
  readonly entities: { readonly id: number[] };
}

/** The same numbers at every run, far apart. */
const entityOf = (i: number): number => (i * 7919 + 13) % shape.entities;

function buildBodies(views: number, entities: number): Body[] {
  const features = Array.from({ length: views }, (_, view) =>
    featureNames(view, shape.features).map((name) => `v${view}:${name}`),
  ).flat();
  return Array.from({ length: bodyCount }, (_, b) => ({
    features,
    entities: { id: Array.from({ length: entities }, (_, i) => entityOf(b * entities + i)) },
  }));
}

interface Work {
  readonly name: string;
  readonly bodies: readonly Body[];
  readonly path: string;
}

async function buildWork(folder: string): Promise<readonly [Work, Work]> {
  const work = async (name: string, file: string, bodies: Body[]): Promise<Work> => {
    const path = join(folder, file);
    await writeFile(path, JSON.stringify(bodies));
    return { name, bodies, path };
  };
  return [
    await work(one, 'one.json', buildBodies(1, 1)),
    await work(many, 'many.json', buildBodies(shape.views, 100)),
  ];
}

async function run(context: BenchContext): Promise<Outcome> {
  const { folder, python, say } = context;
  if (!python) return { measured: [] };
  await writeTables(folder, shape);
  const [single, batch] = await buildWork(folder);
  const peerSeconds = await feastMaterialize(python, folder, shape);
  say(`Feast has its values after ${peerSeconds.toFixed(1)} s`);
  const server = await startTidemill(join(folder, 'data'));
  try {
    const client = createClient({ url: server.url });
    await defineViews(client, folder, shape);
    for (let view = 0; view < shape.views; view += 1)
      await client.features.materialize({ name: `v${view}`, version: '1' });
    const peer = await startFeast(python, folder);
    try {
      const measured: Measured[] = [];
      for (const work of [single, batch]) measured.push(await measure(context, work, server.url, peer.url));
      await peer.stop();
      const half = median(measured[0]?.ours ?? [0]) / 2;
      measured.splice(1, 0, await measureLatency(context, single, server.url, half));
      const reads = await redisReads(context, redis);
      return { measured: reads ? [...measured, reads] : measured };
    } finally {
      await peer.stop();
    }
  } finally {
    await server.stop();
  }
}

async function measure(
  { rounds, say }: BenchContext,
  work: Work,
  ours: string,
  peer: string,
): Promise<Measured> {
  await assertEqual(work, ours, peer);
  say(`${work.name}: answers are equal; warming up`);
  const askOurs = async () => (await load(ours, work)).perSecond;
  let failures = 0;
  const askPeer = async () => {
    const loaded = await load(peer, work, { mayFail: true });
    failures += loaded.failures;
    return loaded.perSecond;
  };
  await askOurs();
  await askPeer();
  const sides = [askOurs, askPeer];
  const [a = [], b = []] = await alternate(sides, rounds, (round, [x = 0, y = 0]) =>
    say(
      `${work.name}, round ${round}: ours ${x.toFixed(0)}, peer ${y.toFixed(1)}, ratio ${(x / y).toFixed(1)}`,
    ),
  );
  if (failures > 0) say(`${work.name}: ${failures} requests that Feast answered with an error do not count`);
  return { name: work.name, ours: a, peer: b };
}

async function measureLatency(
  { rounds, say }: BenchContext,
  work: Work,
  url: string,
  rate: number,
): Promise<Measured> {
  const figures: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { p50, p99, perSecond } = await load(url, work, { rate: Math.round(rate) });
    figures.push(p99);
    say(`at ${perSecond.toFixed(0)} requests/s: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`);
  }
  return { name: latency, ours: figures, peer: null };
}

interface Loaded {
  readonly perSecond: number;
  readonly failures: number;
  readonly p50: number;
  readonly p99: number;
}

interface LoadOptions {
  /** Requests per second; as many as can be answered when absent. */
  readonly rate?: number;
  /** Feast's SQLite store fails now and then when it is asked by several at once. */
  readonly mayFail?: boolean;
}

async function load(url: string, { path }: Work, { rate = 0, mayFail }: LoadOptions = {}): Promise<Loaded> {
  const file = join(import.meta.dirname, 'load.ts');
  const address = `${url}/get-online-features`;
  const parameters = [file, address, path, String(seconds), String(connections), String(rate)];
  const { stdout } = await call(process.execPath, parameters);
  const loaded = JSON.parse(stdout) as Loaded;
  if ((loaded.failures !== 0 && !mayFail) || !loaded.perSecond)
    throw new Error(`${url} left ${loaded.failures} requests without an answer`);
  return loaded;
}

interface Reply {
  readonly metadata: { readonly feature_names: string[] };
  readonly results: readonly {
    readonly values: unknown[];
    readonly statuses: string[];
    readonly event_timestamps: string[];
  }[];
}

/** Value and event time by feature and entity. A missing value is PRESENT to Feast and NULL_VALUE to us. */
async function ask(url: string, body: Body): Promise<string> {
  const reply = await fetch(`${url}/get-online-features`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${await reply.text()}`);
  const { metadata, results } = (await reply.json()) as Reply;
  const found = metadata.feature_names.map((name, i) => {
    const { values, event_timestamps: times } = results[i] ?? { values: [], event_timestamps: [] };
    return [name, values, times.map((time) => Date.parse(time))];
  });
  return JSON.stringify(found.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
}

async function assertEqual({ bodies, name }: Work, ours: string, peer: string): Promise<void> {
  for (const body of bodies.slice(0, 20))
    if ((await ask(ours, body)) !== (await ask(peer, body)))
      throw new Error(`${name}: the two sides look up other values`);
}

// Reading among a hundred thousand runs, a chart of a million points, and making ten thousand runs.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench, BenchContext, Measured, Outcome, Promised } from '../bench.ts';
import {
  type DatabaseKind,
  mlflowVersion,
  onEachDatabase,
  type Side,
  startOurs,
  startPeer,
} from './sides.ts';
import { createRun, get, post, spread } from './wire.ts';

const call = promisify(execFile);
const runCount = Number(process.env.TIDEMILL_BENCH_RUNS || 100_000);
const pointCount = Number(process.env.TIDEMILL_BENCH_POINTS || 1_000_000);
const createdByOurs = Math.min(10_000, runCount);
/** The peer would take minutes for as many; both sides are compared by runs per second. */
const createdByPeer = 60;
const metricsPerRun = 20;
/** One run in twenty is found; a small trial has fewer than a hundred of them. */
const rowsAsked = Math.min(100, Math.floor(runCount / 25));
const queriesOfOurs = 5;
const width = 8;

const databases: readonly DatabaseKind[] = ['sqlite', 'postgres'];
const thousands = (count: number): string => count.toLocaleString('en-US');
const searchTitle = (database: DatabaseKind): string => `search 100 of ${thousands(runCount)}, ${database}`;
const speedupTitle = (database: DatabaseKind): string => `the same search and its peer, ${database}`;
const chartTitle = (database: DatabaseKind): string =>
  `chart of ${thousands(pointCount)} points, ${database}`;
const createTitle = (database: DatabaseKind): string =>
  `runs with ${metricsPerRun} metrics created, ${database}`;
const peer = { name: 'mlflow server', version: mlflowVersion };

const promisesOf = (database: DatabaseKind): Promised[] => [
  { name: searchTitle(database), unit: 'ms', better: 'lower', target: 1, limit: 30, peer: null },
  { name: speedupTitle(database), unit: 'ms', better: 'lower', target: 1, peer },
  { name: chartTitle(database), unit: 'ms', better: 'lower', target: 1, limit: 100, peer: null },
  { name: createTitle(database), unit: 'runs/s', better: 'higher', target: 50, peer },
];

export const search: Bench = {
  name: 'tracking-search',
  summary: `a search among ${thousands(runCount)} runs, a chart of ${thousands(pointCount)} points, ${thousands(createdByOurs)} new runs`,
  settings: [
    "search: metrics.a > 0.5 and params.p = '3', order by metrics.a DESC, 100 rows; the same runs in the same order on both sides",
    `the peer's runs are put into its database directly, ours come in by its API; the peer creates ${createdByPeer} runs`,
    `creation: runs/create and one log-batch a run, ${width} at once`,
    'chart: get-history-bulk-interval of one run, 2,500 points; TIDEMILL_BENCH_RUNS and TIDEMILL_BENCH_POINTS ask for fewer',
  ],
  promises: databases.flatMap(promisesOf),
  rounds: 2,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

async function run(context: BenchContext): Promise<Outcome> {
  const measured = await onEachDatabase(databases, context.say, (database) => measureOn(context, database));
  return { measured };
}

/** The sides are up one after the other: a search of the peer's takes all the processor there is. */
async function measureOn(context: BenchContext, database: DatabaseKind): Promise<Measured[]> {
  const { folder, rounds, python, say } = context;
  const ours = await withSide(startOurs({ folder, database }), async (side) => {
    say(`${database}: making ${thousands(runCount)} runs by our API`);
    const created = await createRuns(side, createdByOurs);
    await spread(runCount, 2 * width, (i) => createNumbered(side, i));
    await ask(side);
    const found: Found[] = [];
    for (let i = 0; i < rounds * queriesOfOurs; i++) found.push(await ask(side));
    return { created, found, charts: await chart(side, rounds * queriesOfOurs) };
  });
  const theirs = python
    ? await withSide(startPeer(python, { folder, database }), async (side) => {
        say(`${database}: the peer's turn`);
        const created = await createRuns(side, createdByPeer);
        await call(python, [join(import.meta.dirname, 'peer/fill.py'), uriOf(side), String(runCount)]);
        const found: Found[] = [];
        for (let i = 0; i < rounds; i++) found.push(await ask(side));
        return { created, found };
      })
    : null;
  if (theirs) assertSame(ours.found[0], theirs.found[0]);
  const times = ours.found.map(({ took }) => took);
  const peerTimes = theirs?.found.map(({ took }) => took) ?? null;
  say(`${database}: search ours ${times[0]?.toFixed(1)} ms, peer ${peerTimes?.[0]?.toFixed(0)} ms`);
  return [
    { name: searchTitle(database), ours: times, peer: null },
    { name: speedupTitle(database), ours: times, peer: peerTimes },
    { name: chartTitle(database), ours: ours.charts, peer: null },
    { name: createTitle(database), ours: [ours.created], peer: theirs && [theirs.created] },
  ];
}

async function withSide<T>(starting: Promise<Side>, work: (side: Side) => Promise<T>): Promise<T> {
  const side = await starting;
  try {
    return await work(side);
  } finally {
    await side.stop();
  }
}

function uriOf({ name, database }: Side): string {
  if (database) return database;
  throw new Error(`${name} has no database that can be filled directly.`);
}

interface Found {
  readonly names: readonly string[];
  readonly took: number;
}

async function ask(side: Side): Promise<Found> {
  const started = performance.now();
  const { runs } = await post<{ runs: { info: { run_name: string } }[] }>(side, 'runs/search', {
    experiment_ids: ['0'],
    filter: "metrics.a > 0.5 and params.p = '3'",
    order_by: ['metrics.a DESC'],
    max_results: rowsAsked,
  });
  return { names: runs.map(({ info }) => info.run_name), took: performance.now() - started };
}

function assertSame(ours: Found | undefined, theirs: Found | undefined): void {
  const [a, b] = [ours?.names ?? [], theirs?.names ?? []];
  if (a.length === rowsAsked && a.join() === b.join()) return;
  throw new Error(`answers differ: ours ${a.slice(0, 5)}, the peer's ${b.slice(0, 5)}`);
}

/** As `peer/fill.py` makes it. */
async function createNumbered(side: Side, i: number): Promise<void> {
  const timestamp = 1_700_000_000_000 + i;
  const created = await post<{ run: { info: { run_id: string } } }>(side, 'runs/create', {
    experiment_id: '0',
    run_name: `run-${i}`,
    start_time: timestamp,
  });
  const values = { a: ((i * 7919) % runCount) / runCount, b: i };
  await post(side, 'runs/log-batch', {
    run_id: created.run.info.run_id,
    params: [{ key: 'p', value: String(i % 10) }],
    metrics: Object.entries(values).map(([key, value]) => ({ key, value, timestamp, step: 0 })),
  });
}

/** Runs per second, in an experiment of their own. */
async function createRuns(side: Side, count: number): Promise<number> {
  const { experiment_id } = await post<{ experiment_id: string }>(side, 'experiments/create', {
    name: 'created',
  });
  const started = performance.now();
  await spread(count, width, async (i) => {
    const run_id = await createRun(side, experiment_id);
    const timestamp = 1_700_000_000_000 + i;
    const metrics = Array.from({ length: metricsPerRun }, (_, m) => ({
      key: `m${m}`,
      value: i / (m + 1),
      timestamp,
      step: 0,
    }));
    await post(side, 'runs/log-batch', { run_id, metrics });
  });
  return count / ((performance.now() - started) / 1000);
}

async function chart(side: Side, times: number): Promise<number[]> {
  const run_id = await createRun(side);
  const batches = Math.ceil(pointCount / 1_000);
  await spread(batches, width, async (batch) => {
    const metrics = Array.from({ length: 1_000 }, (_, i) => {
      const step = batch * 1_000 + i;
      return { key: 'long', value: Math.sin(step / 1_000), timestamp: 1_700_000_000_000 + step, step };
    });
    await post(side, 'runs/log-batch', { run_id, metrics });
  });
  const took: number[] = [];
  for (let i = 0; i <= times; i++) took.push(await drawn(side, run_id));
  // The first is not thrown away: it is what a person waits for.
  return took;
}

async function drawn(side: Side, run: string): Promise<number> {
  const query = { run_ids: run, metric_key: 'long', max_results: '2500' };
  const started = performance.now();
  const reply = await get<{ metrics: { step: number }[] }>(side, 'metrics/get-history-bulk-interval', query);
  const took = performance.now() - started;
  const [first, last] = [reply.metrics[0]?.step, reply.metrics.at(-1)?.step];
  if (first !== 0 || last !== Math.ceil(pointCount / 1_000) * 1_000 - 1)
    throw new Error(`${side.name} drew from ${first} to ${last}.`);
  return took;
}

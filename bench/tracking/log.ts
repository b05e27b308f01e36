// Writing points by raw HTTP, one at a time and a hundred at a time, on one connection and on eight.
import { createRequire } from 'node:module';
import type { Bench, BenchContext, Measured, Outcome, Promised } from '../bench.ts';
import { alternate } from '../rounds.ts';
import {
  type DatabaseKind,
  mlflowVersion,
  onEachDatabase,
  type Side,
  type Synchronous,
  startBare,
  startOurs,
  startPeer,
} from './sides.ts';
import { createRun, get, type Load, load, post } from './wire.ts';

const require = createRequire(import.meta.url);
const fastifyVersion = (require('fastify/package.json') as { version: string }).version;
const seconds = 2;
const runCount = 8;

const kinds = ['metric', 'batch'] as const;
const widths = [1, 8] as const;
type Measure = { readonly kind: Load['kind']; readonly connections: number };
const measures: readonly Measure[] = kinds.flatMap((kind) =>
  widths.map((connections) => ({ kind, connections })),
);

/** Times MLflow, from the issue: by what and on how many connections. */
const times = { metric: { 1: 30, 8: 300 }, batch: { 1: 50, 8: 1000 } } as const;
const shares = { 1: 0.6, 8: 0.8 } as const;

const titleOf = ({ kind, connections }: Measure, database: DatabaseKind): string =>
  `log-${kind}${kind === 'batch' ? '(100)' : ''} ×${connections}, ${database}`;
const shareTitle = (connections: number): string => `log-metric ×${connections}, share of bare`;
const atOnce = (connections: number): 1 | 8 => (connections === 1 ? 1 : 8);

const againstPeer = (database: DatabaseKind): Promised[] =>
  measures.map((measure) => ({
    name: titleOf(measure, database),
    unit: 'requests/s',
    better: 'higher',
    target: times[measure.kind][atOnce(measure.connections)],
    peer: { name: 'mlflow server', version: mlflowVersion },
  }));
const againstBare: readonly Promised[] = widths.map((connections) => ({
  name: shareTitle(connections),
  unit: 'requests/s',
  better: 'higher',
  target: shares[connections],
  peer: { name: 'Fastify + one prepared insert', version: fastifyVersion },
}));

const benchOf = (name: string, synchronous: Synchronous, databases: readonly DatabaseKind[]): Bench => ({
  name,
  summary: `points logged by raw HTTP, SQLite at synchronous ${synchronous.toUpperCase()}`,
  settings: [
    synchronous === 'full'
      ? 'SQLite: synchronous FULL on all sides; ours (--durability power) and the bare route in WAL, the peer as it comes, with a rollback journal'
      : 'SQLite: WAL, synchronous NORMAL on all sides; ours as it comes (--durability process), the peer by a hook on its connections',
    'PostgreSQL: the same server with the same settings for both',
    `load: autocannon, ${seconds} s a round, every request another point, ${runCount} runs in turn`,
  ],
  promises: [...againstBare, ...databases.flatMap(againstPeer)],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run: (context) => run(context, synchronous, databases),
});

export const log = benchOf('tracking-log', 'normal', ['sqlite', 'postgres']);
export const logPower = benchOf('tracking-power', 'full', ['sqlite']);

async function run(
  context: BenchContext,
  synchronous: Synchronous,
  databases: readonly DatabaseKind[],
): Promise<Outcome> {
  const measured = await onEachDatabase(databases, context.say, (database) =>
    measureOn(context, synchronous, database),
  );
  return { measured };
}

interface Contender {
  readonly side: Side;
  readonly runs: readonly string[];
}

async function measureOn(
  { folder, rounds, python, say }: BenchContext,
  synchronous: Synchronous,
  database: DatabaseKind,
): Promise<Measured[]> {
  const wish = { folder, database, synchronous };
  const sides: Side[] = [];
  try {
    sides.push(await startOurs(wish));
    if (python) sides.push(await startPeer(python, wish));
    const contenders = await Promise.all(sides.map(withRuns));
    for (const contender of contenders) await assertKept(contender);
    const [ours, peer] = contenders;
    if (!ours) return [];
    const bare = database === 'sqlite' ? { side: await startBare(wish), runs: ours.runs } : undefined;
    if (bare) sides.push(bare.side);
    const measured: Measured[] = [];
    for (const measure of measures) {
      const title = titleOf(measure, database);
      const asked = measure.kind === 'metric' ? [ours, peer, bare] : [ours, peer];
      const figures = await measureAll(asked, measure, rounds);
      say(`${title}: ours ${figures[0]?.at(-1)?.toFixed(0)}, peer ${figures[1]?.at(-1)?.toFixed(1)}`);
      measured.push({ name: title, ours: figures[0] ?? [], peer: peer ? (figures[1] ?? null) : null });
      if (bare && measure.kind === 'metric')
        measured.push({
          name: shareTitle(measure.connections),
          ours: figures[0] ?? [],
          peer: figures[2] ?? null,
        });
    }
    return measured;
  } finally {
    for (const side of sides) await side.stop();
  }
}

/** Figures in the order of `asked`; none of one that is not there. */
async function measureAll(
  asked: readonly (Contender | undefined)[],
  { kind, connections }: Measure,
  rounds: number,
): Promise<readonly (readonly number[])[]> {
  const there = asked.filter((contender) => contender !== undefined);
  const loadOf = async ({ side, runs }: Contender, duration: number): Promise<number> => {
    const { perSecond, failures } = await load(side, { kind, connections, runs, seconds: duration });
    if (failures > 0) throw new Error(`${side.name} left ${failures} requests without an answer.`);
    return perSecond;
  };
  for (const contender of there) await loadOf(contender, 1);
  const figures = await alternate(
    there.map((contender) => () => loadOf(contender, seconds)),
    rounds,
    () => {},
  );
  return asked.map((contender) => (contender ? (figures[there.indexOf(contender)] ?? []) : []));
}

async function withRuns(side: Side): Promise<Contender> {
  const runs: string[] = [];
  for (let i = 0; i < runCount; i++) runs.push(await createRun(side));
  return { side, runs };
}

/** Both keep what they are sent, in the same order, before anybody looks at a clock. */
async function assertKept({ side, runs: [run_id = ''] }: Contender): Promise<void> {
  const metrics = [3, 1, 2].map((step) => ({ key: 'kept', value: step / 2, timestamp: 1_000 + step, step }));
  await post(side, 'runs/log-batch', { run_id, metrics });
  const query = { run_id, metric_key: 'kept', max_results: '10' };
  const kept = await get<{ metrics: { step: number; value: number }[] }>(side, 'metrics/get-history', query);
  const told = kept.metrics.map(({ step, value }) => `${step}:${value}`).join(' ');
  if (told !== '1:0.5 2:1 3:1.5') throw new Error(`${side.name} kept ${told}.`);
}

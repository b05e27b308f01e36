// The same writes by the real Python client: its own cost is the floor.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench, BenchContext, Measured, Outcome, Promised } from '../bench.ts';
import {
  type DatabaseKind,
  mlflowVersion,
  onEachDatabase,
  type Side,
  startBare,
  startOurs,
  startPeer,
} from './sides.ts';

const call = promisify(execFile);
const seconds = 2;
const databases: readonly DatabaseKind[] = ['sqlite', 'postgres'];
const kinds = ['metric', 'batch'] as const;
const titles = { metric: 'log_metric', batch: 'log_batch(100)' } as const;
const titleOf = (kind: (typeof kinds)[number], database: DatabaseKind): string =>
  `${titles[kind]} by the client, ${database}`;
const addedTitle = 'log_metric, added to the bare control, sqlite';

const promisesOf = (database: DatabaseKind): Promised[] =>
  kinds.map((kind) => ({
    name: titleOf(kind, database),
    unit: 'ms p50',
    better: 'lower',
    target: 1,
    peer: { name: 'mlflow server', version: mlflowVersion },
  }));

export const client: Bench = {
  name: 'tracking-client',
  summary: `points logged by the mlflow ${mlflowVersion} client, one call after the other`,
  settings: [`${seconds} s of each call a round; the client's own work is in every figure`],
  promises: [
    { name: addedTitle, unit: 'ms p50', better: 'lower', target: 1, limit: 1, peer: null },
    ...databases.flatMap(promisesOf),
  ],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

type Told = Readonly<Record<(typeof kinds)[number], { readonly perSecond: number; readonly p50: number }>>;

async function run(context: BenchContext): Promise<Outcome> {
  const { python } = context;
  if (!python) return { measured: [] };
  const measured = await onEachDatabase(databases, context.say, (database) =>
    measureOn({ ...context, python }, database),
  );
  return { measured };
}

async function measureOn(
  { folder, rounds, python, say }: BenchContext & { readonly python: string },
  database: DatabaseKind,
): Promise<Measured[]> {
  const sides: Side[] = [];
  const ask = async ({ url }: Side, kind: string): Promise<Told> => {
    const { stdout } = await call(python, [
      join(import.meta.dirname, 'client.py'),
      url,
      String(seconds),
      kind,
    ]);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Told;
  };
  try {
    const start = async (starting: Promise<Side>): Promise<Side> => {
      const side = await starting;
      sides.push(side);
      return side;
    };
    const ours = await start(startOurs({ folder, database }));
    const peer = await start(startPeer(python, { folder, database }));
    const bare = await start(startBare({ folder, database }));
    const told: { ours: Told; peer: Told; bare: Told }[] = [];
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? [ours, peer, bare] : [bare, peer, ours];
      const found = new Map<Side, Told>();
      for (const side of order) found.set(side, await ask(side, side === bare ? 'metric' : 'both'));
      const toldBy = (side: Side): Told => found.get(side) as Told;
      told.push({ ours: toldBy(ours), peer: toldBy(peer), bare: toldBy(bare) });
      say(
        `${database}: log_metric ours ${toldBy(ours).metric.p50.toFixed(2)} ms, peer ${toldBy(peer).metric.p50.toFixed(2)} ms`,
      );
    }
    const lines: Measured[] = kinds.map((kind) => ({
      name: titleOf(kind, database),
      ours: told.map((round) => round.ours[kind].p50),
      peer: told.map((round) => round.peer[kind].p50),
    }));
    // Never below a hundredth of a millisecond: noise must not make a ratio of nothing.
    const added = told.map((round) => Math.max(0.01, round.ours.metric.p50 - round.bare.metric.p50));
    return database === 'sqlite' ? [{ name: addedTitle, ours: added, peer: null }, ...lines] : lines;
  } finally {
    for (const side of sides) await side.stop();
  }
}

// Jobs and trials at the least they can cost: what the queue, a job and a trial take when the command does nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from '@tidemill/sdk';
import { inParallel } from '../../server/src/base/in-parallel.ts';
import type { Bench, BenchContext, Measured, Outcome, Promised } from '../bench.ts';
import { median } from '../comparison.ts';
import { type RunningProcess, startServer } from '../processes.ts';
import { createDatabase, type DatabaseKind, onEachDatabase } from '../tracking/sides.ts';

const jobs = Number(process.env.TIDEMILL_BENCH_JOBS ?? 1_000);
const idleSeconds = Number(process.env.TIDEMILL_BENCH_IDLE_SECONDS ?? 60);
const [singles, trials, asked] = [40, 1_000, 200];
const command = ['/bin/true'];
const databases: readonly DatabaseKind[] = ['sqlite', 'postgres'];

const limited = (name: string, unit: string, limit: number): Promised => ({
  ...{ name, unit, better: 'lower', target: 1, limit, peer: null },
});
const names = {
  queue: (database: string) => `${database}: ${jobs} jobs through the queue`,
  overhead: (database: string) => `${database}: a job over its bare command, median`,
  empty: (database: string) => `${database}: processor time of an empty queue`,
  waiting: (database: string) => `${database}: processor time of a sweep that waits`,
  trial: (database: string) => `${database}: ask + tell by HTTP at ${trials} trials`,
};

export const trainingJobs: Bench = {
  name: 'training-jobs',
  summary: `${jobs} jobs through the queue, what one costs, what waiting costs, asking and telling by HTTP`,
  settings: [
    `each job runs ${command.join(' ')} with one core; two run at once on two cores (TIDEMILL_BENCH_JOBS sets how many)`,
    `overhead: ${singles} jobs one after the other, from submission to their end as the server wrote it, less the median of the bare command`,
    `waiting: ${idleSeconds} s of the server's own processor time (TIDEMILL_BENCH_IDLE_SECONDS), as seconds a minute`,
    `trials: TPE over four parameters; ${trials} told first, then ${asked} asked for and told one after the other`,
  ],
  promises: databases.flatMap((database) => [
    limited(names.queue(database), 's', (60 * jobs) / 1_000),
    limited(names.overhead(database), 'ms', 150),
    limited(names.empty(database), 's/min', 1),
    limited(names.waiting(database), 's/min', 2),
    limited(names.trial(database), 'ms', 50),
  ]),
  rounds: 1,
  run,
};

type Client = ReturnType<typeof createClient>;

async function run(context: BenchContext): Promise<Outcome> {
  const notes: string[] = [];
  const measured = await onEachDatabase(databases, context.say, (database) =>
    onDatabase(context, database, notes),
  );
  return { measured, notes: [...notes, `load of the machine at the end: ${loadavg()[0]?.toFixed(1)}`] };
}

async function onDatabase(
  { rounds, folder, say }: BenchContext,
  database: DatabaseKind,
  notes: string[],
): Promise<Measured[]> {
  const figures: Record<keyof typeof names, number[]> = {
    ...{ queue: [], overhead: [], empty: [], waiting: [], trial: [] },
  };
  for (let round = 1; round <= rounds; round++) {
    const own = database === 'postgres' ? await createDatabase() : null;
    const words = ['up', '--port', '0', '--data', `${folder}/${database}-${round}`, '--exit-with-parent'];
    const server = await startServer('cli/src/main.ts', own ? [...words, '--database', own.url] : words);
    const tell = (text: string) => say(`${database}, round ${round}: ${text}`);
    try {
      const client = createClient({ url: server.url });
      await client.jobs.submitCommand({ experiment: 'bench', command });
      await pause(1_000);
      figures.empty.push(await idleCost(server));
      tell(`an empty queue takes ${figures.empty.at(-1)?.toFixed(2)} s/min`);
      const { middle, high } = await overhead(client);
      figures.overhead.push(middle);
      notes.push(
        `${database}, round ${round}: 95 % of the jobs over their bare command: ${high.toFixed(0)} ms`,
      );
      tell(`a job costs ${middle.toFixed(0)} ms, 95 % ${high.toFixed(0)} ms`);
      figures.queue.push(await throughQueue(client, server, notes));
      tell(`${jobs} jobs took ${figures.queue.at(-1)?.toFixed(1)} s`);
      figures.waiting.push(await waitingSweep(client, server));
      tell(`a sweep that waits takes ${figures.waiting.at(-1)?.toFixed(2)} s/min`);
      figures.trial.push(await askAndTell(client));
      tell(`ask + tell takes ${figures.trial.at(-1)?.toFixed(1)} ms`);
    } finally {
      await server.stop();
      await own?.drop();
    }
  }
  return Object.entries(names).map(([key, nameOf]) => ({
    name: nameOf(database),
    ours: figures[key as keyof typeof names],
    peer: null,
  }));
}

/** Seconds of processor time a minute, while nothing is asked of it. */
async function idleCost(server: RunningProcess): Promise<number> {
  const before = (await server.cpuSeconds()) ?? Number.NaN;
  await pause(idleSeconds * 1_000);
  return ((((await server.cpuSeconds()) ?? Number.NaN) - before) / idleSeconds) * 60;
}

async function bareMs(): Promise<number> {
  const started = performance.now();
  await once(spawn(command[0] ?? '', command.slice(1), { stdio: 'ignore' }), 'exit');
  return performance.now() - started;
}

async function overhead(client: Client): Promise<{ middle: number; high: number }> {
  const bare: number[] = [];
  const whole: number[] = [];
  for (let i = 0; i < singles; i++) {
    bare.push(await bareMs());
    const { id } = await client.jobs.submitCommand({ experiment: 'bench', command });
    whole.push(await durationOf(client, id));
  }
  const less = median(bare);
  const sorted = whole.map((ms) => ms - less).sort((a, b) => a - b);
  return { middle: median(sorted), high: sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN };
}

async function durationOf(client: Client, id: string): Promise<number> {
  for (;;) {
    const { state, createdAt, finishedAt, error } = await client.jobs.get({ id });
    if (state === 'failed' || state === 'cancelled') throw new Error(`job ${id} ${state}: ${error}`);
    if (finishedAt !== null) return finishedAt - createdAt;
    await pause(20);
  }
}

/** Seconds from the first submission until the last one has ended. */
async function throughQueue(client: Client, server: RunningProcess, notes: string[]): Promise<number> {
  const started = performance.now();
  const busy = (await server.cpuSeconds()) ?? Number.NaN;
  const ids = await inParallel(Array.from({ length: jobs }), 8, async () => {
    const { id } = await client.jobs.submitCommand({ experiment: 'bench', command });
    return id;
  });
  const submitted = (performance.now() - started) / 1_000;
  for (const state of ['queued', 'running'] as const)
    while ((await client.jobs.list({ state, limit: 1 })).items.length > 0) await pause(200);
  const seconds = (performance.now() - started) / 1_000;
  for (const id of ids) await durationOf(client, id);
  const used = (((await server.cpuSeconds()) ?? Number.NaN) - busy) / jobs;
  notes.push(
    `submitted in ${submitted.toFixed(1)} s; ${(used * 1_000).toFixed(0)} ms of the server's processor time a job`,
  );
  return seconds;
}

const space = {
  lr: { type: 'float', low: 1e-5, high: 0.1, log: true },
  layers: { type: 'int', low: 1, high: 8 },
  act: { type: 'categorical', choices: ['relu', 'tanh'] },
  drop: { type: 'float', low: 0, high: 0.5 },
} as const;
const search = { experiment: 'bench', space, goals: [{ metric: 'loss', direction: 'minimize' }] } as const;

async function waitingSweep(client: Client, server: RunningProcess): Promise<number> {
  const { id } = await client.sweeps.search({
    ...search,
    goals: [...search.goals],
    ...{ parallel: 1, budget: { trials: 1 }, pruner: { type: 'median' } },
    command: { command: ['sleep', String(idleSeconds + 30)] },
  });
  await pause(2_000);
  const cost = await idleCost(server);
  await client.sweeps.cancel({ id });
  return cost;
}

/** Milliseconds of asking for a trial and telling it, once a thousand have ended. */
async function askAndTell(client: Client): Promise<number> {
  const { id } = await client.sweeps.search({
    ...{ ...search, goals: [...search.goals], budget: { trials: trials + asked } },
  });
  const play = async () => {
    const { trial } = await client.sweeps.ask({ id });
    if (!trial) throw new Error(`the sweep ${id} gave no trial`);
    const { number, lease, parameters } = trial;
    await client.sweeps.tell({ id, number, lease, value: Number(parameters.drop) + Number(parameters.lr) });
  };
  for (let i = 0; i < trials; i++) await play();
  const times: number[] = [];
  for (let i = 0; i < asked; i++) {
    const started = performance.now();
    await play();
    times.push(performance.now() - started);
  }
  return median(times);
}

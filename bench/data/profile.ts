// A profile of a million rows by twenty columns, against ydata-profiling's full one and its quick one.
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { createClient, type Profile } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';

const call = promisify(execFile);
const rows = Number(process.env.TIDEMILL_BENCH_ROWS ?? 1_000_000);
const peerVersion = '4.18.4';
const names = {
  full: 'profile against the full one',
  minimal: 'profile against minimal=True',
  memory: 'peak memory against the full one',
} as const;

export const dataProfile: Bench = {
  name: 'data-profile',
  summary: `a profile of ${rows.toLocaleString('en-US')} x 20 Parquet, with everything in it`,
  settings: [
    'ours: a fresh `tidemill up` on a folder that holds the version; the first GET of its profile, which reads the file',
    'peer: read_parquet and ProfileReport(...).get_description() in a fresh Python, no page rendered',
    'missing and distinct values must be equal, means and deviations to nine digits, before a time counts',
    'memory: VmHWM of the server, ru_maxrss of Python; TIDEMILL_BENCH_ROWS sets the rows',
  ],
  promises: [
    {
      name: names.full,
      unit: 's',
      better: 'lower',
      target: 30,
      peer: { name: 'ydata-profiling', version: peerVersion },
    },
    {
      name: names.minimal,
      unit: 's',
      better: 'lower',
      target: 10,
      peer: { name: 'ydata-profiling minimal=True', version: peerVersion },
    },
    {
      name: names.memory,
      unit: 'MiB',
      better: 'lower',
      target: 1,
      peer: { name: 'ydata-profiling', version: peerVersion },
    },
  ],
  rounds: 1,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

/** Prices, amounts with gaps, counts, flags, times, codes and words. */
const rowsSql = `
  select i as id, (hash(i, 20) % 1000000) / 100.0 as price, case when hash(i, 1) % 50 > 0 then (hash(i, 2) % 1000000) / 1000.0 end as amount,
    sqrt(hash(i, 3) % 1000000) as root, ln(1 + hash(i, 4) % 1000000) as logarithm, ((hash(i, 20) + hash(i, 5) % 100000) % 1000000) / 100.0 as near_price,
    (hash(i, 6) % 1000) / 7.0 as seventh, case when hash(i, 7) % 10 > 0 then (hash(i, 8) % 100000) / 3.0 end as third,
    cast(hash(i, 9) % 100 as bigint) as percent, cast(hash(i, 10) % 7 as bigint) as weekday, cast(hash(i, 11) % 1000000 as bigint) as account,
    cast(hash(i, 12) % 20000 as bigint) - 10000 as signed, hash(i, 13) % 3 = 0 as active, hash(i, 14) % 100 = 0 as rare,
    timestamp '2015-01-01' + to_seconds(cast(hash(i, 15) % 200000000 as bigint)) as seen_at, date '2015-01-01' + cast(i // 500 as integer) as day,
    ['north', 'south', 'east', 'west'][1 + cast(hash(i, 16) % 4 as integer)] as region, 'S' || (hash(i, 17) % 90) as symbol,
    'customer ' || (hash(i, 18) % 200000) as customer, case when hash(i, 19) % 5 > 0 then 'note ' || (hash(i, 21) % 5000) end as note
  from range(${rows}) t(i)`;

interface Found {
  readonly seconds: number;
  /** Seconds of processor time, which other work on the machine changes less. */
  readonly processor: number | null;
  readonly peakBytes: number | null;
  readonly columns: Readonly<Record<string, Figures>>;
}

interface Figures {
  readonly missing: number;
  readonly distinct: number;
  readonly mean: number | null;
  readonly deviation: number | null;
}

async function writeTable(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await instance.connect();
  await connection.run(`copy (${rowsSql}) to '${path}' (format parquet, compression zstd)`);
  connection.closeSync();
  instance.closeSync();
}

async function commit(data: string, path: string): Promise<void> {
  const server = await startTidemill(data);
  try {
    const content = createReadStream(path);
    await createClient({ url: server.url }).datasets.commit({ name: 'bench', format: 'parquet', content });
  } finally {
    await server.stop();
  }
}

async function profileOurs(data: string): Promise<Found> {
  const server = await startTidemill(data);
  try {
    const client = createClient({ url: server.url });
    const before = await server.cpuSeconds();
    const started = performance.now();
    const profile = await client.profiling.get({ name: 'bench', version: '1' });
    const seconds = (performance.now() - started) / 1000;
    const after = await server.cpuSeconds();
    const processor = before === null || after === null ? null : after - before;
    return { seconds, processor, peakBytes: await server.peakBytes(), columns: figuresOf(profile) };
  } finally {
    await server.stop();
  }
}

const figuresOf = ({ columns }: Profile): Record<string, Figures> =>
  Object.fromEntries(
    columns.map(({ column, nulls, distinct, mean, standardDeviation }) => [
      column,
      { missing: nulls, distinct, mean, deviation: standardDeviation },
    ]),
  );

async function profilePeer(python: string, path: string, mode: 'full' | 'minimal'): Promise<Found> {
  const script = join(import.meta.dirname, 'profile.py');
  const { stdout } = await call(python, [script, path, mode], { maxBuffer: 64 * 2 ** 20 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Found;
}

/** @throws where the two do not say the same. */
function assertEqual(ours: Found, peer: Found): void {
  for (const [name, theirs] of Object.entries(peer.columns)) {
    const mine = ours.columns[name];
    const isClose = (a: number | null | undefined, b: number | null) =>
      a == null || b === null || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
    const same =
      mine?.missing === theirs.missing &&
      mine.distinct === theirs.distinct &&
      isClose(mine.mean, theirs.mean) &&
      isClose(mine.deviation, theirs.deviation);
    if (!same) throw new Error(`${name}: ours ${JSON.stringify(mine)}, the peer's ${JSON.stringify(theirs)}`);
  }
}

const mebibytes = (bytes: number | null): number => Math.round((bytes ?? 0) / 2 ** 20);

async function run({ folder, rounds, python, say }: BenchContext): Promise<Outcome> {
  if (!python) return { measured: [] };
  const path = join(folder, 'bench.parquet');
  const data = join(folder, 'data');
  await writeTable(path);
  const [ours, full, minimal, notes]: [Found[], Found[], Found[], string[]] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    await commit(data, path);
    const found = await profileOurs(data);
    await rm(data, { recursive: true, force: true });
    const quick = await profilePeer(python, path, 'minimal');
    assertEqual(found, quick);
    const whole = await profilePeer(python, path, 'full');
    assertEqual(found, whole);
    ours.push(found);
    minimal.push(quick);
    full.push(whole);
    const note = [found, quick, whole]
      .map(
        ({ seconds, processor, peakBytes }) =>
          `${seconds.toFixed(1)} s, ${processor?.toFixed(1) ?? '?'} s of processor time, ${mebibytes(peakBytes)} MiB`,
      )
      .join('; ');
    say(`ours; minimal; full: ${note}`);
    notes.push(`ours; minimal; full: ${note}`);
  }
  const seconds = (list: readonly Found[]) => list.map((found) => found.seconds);
  const memory = (list: readonly Found[]) => list.map((found) => mebibytes(found.peakBytes));
  return {
    measured: [
      { name: names.full, ours: seconds(ours), peer: seconds(full) },
      { name: names.minimal, ours: seconds(ours), peer: seconds(minimal) },
      { name: names.memory, ours: memory(ours), peer: memory(full) },
    ],
    notes,
  };
}

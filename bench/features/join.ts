// The point-in-time join of a training set, against Feast's, with its DuckDB store and with its default one.
import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';

const call = promisify(execFile);
const rows = Number(process.env.TIDEMILL_BENCH_ROWS ?? 10_000_000);
/** The peer compares each row with each of its key: its time grows with this, ours hardly. */
const rowsPerCustomer = Number(process.env.TIDEMILL_BENCH_ROWS_PER_KEY ?? 1000);
/** What Feast's default store does in about a minute; it drops rows, and its time grows faster than they do. */
const smallRows = Math.min(rows, 100_000);
const peer = { name: 'Feast', version: '0.67.0' };
const names = {
  duckdb: `training set of ${(rows / 10).toLocaleString('en-US')} x ${rows.toLocaleString('en-US')} rows, against Feast's DuckDB store`,
  file: `of ${(smallRows / 10).toLocaleString('en-US')} x ${smallRows.toLocaleString('en-US')}, against Feast's default store (dask)`,
  memory: 'peak memory of the whole server',
} as const;

export const featuresJoin: Bench = {
  name: 'features-join',
  summary: `a training set of ${(rows / 10).toLocaleString('en-US')} entity rows from ${rows.toLocaleString('en-US')} feature rows, against Feast`,
  settings: [
    `a customer of text, some ${rowsPerCustomer} rows each over a year (TIDEMILL_BENCH_ROWS_PER_KEY), four features, created up to an hour later; one in a hundred corrected days later; ttl 7 days`,
    'ours: POST /api/v1/training-sets until the dataset version is there, over HTTP; created at or before T, as by default',
    'peer: get_historical_features(..., filter_by_created_timestamp=True).to_arrow() and the Parquet file written; its start and apply not counted',
    "equal first: every value of the DuckDB store's rows; of the default store's, which leaves rows without a value out, every row it gives",
    'the default store at its own, smaller size; TIDEMILL_BENCH_ROWS sets the rows',
  ],
  promises: [
    { name: names.duckdb, unit: 's', better: 'lower', target: 5, peer },
    { name: names.file, unit: 's', better: 'lower', target: 20, peer },
    { name: names.memory, unit: 'GiB', better: 'lower', target: 1, limit: 4, peer: null },
  ],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

export async function withDuckdb<T>(
  work: (query: (sql: string) => Promise<Record<string, unknown>[]>) => Promise<T>,
): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '4GB' });
  const connection = await instance.connect();
  try {
    return await work(async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJS());
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** `payments.parquet` and `requests.parquet`, the same for both sides. */
const writeRows = (folder: string, count: number): Promise<void> =>
  withDuckdb(async (query) => {
    const customers = Math.max(1, Math.round(count / rowsPerCustomer));
    const year = 31_536_000_000_000;
    const moment = (seed: number) =>
      `timestamp '2023-01-01' + to_microseconds(cast(hash(i, ${seed}) % ${year} as bigint))`;
    await query(`copy (
      with first_ as (
        select i, 'c' || (hash(i, 1) % ${customers}) as customer, ${moment(2)} as event_time,
          event_time + to_microseconds(cast(hash(i, 3) % 3600000000 as bigint)) as created_time,
          (hash(i, 4) % 1000000) / 100.0 as amount, (hash(i, 5) % 1000) / 7.0 as score,
          cast(hash(i, 6) % 100 as bigint) as visits, sqrt(hash(i, 7) % 100000) as risk
        from range(${Math.round(count * 0.99)}) t(i))
      select * exclude (i) from first_
      union all
      select customer, event_time, created_time + to_days(cast(1 + hash(i, 8) % 20 as integer)), amount + 1, score, visits + 1, risk
      from first_ where i < ${Math.round(count * 0.01)}
      order by event_time, created_time) to '${join(folder, 'payments.parquet')}' (format parquet, compression zstd)`);
    await query(`copy (
      select 'c' || (hash(i, 11) % ${customers}) as customer, ${moment(12)} as event_time, cast(i as bigint) as request
      from range(${Math.round(count / 10)}) t(i))
      to '${join(folder, 'requests.parquet')}' (format parquet, compression zstd)`);
  });

interface Found {
  readonly seconds: number;
  readonly cpuSeconds: number | null;
  readonly peakBytes: number | null;
}

async function joinOurs(folder: string, path: string): Promise<Found> {
  const data = join(folder, 'data');
  const server = await startTidemill(data);
  try {
    const client = createClient({ url: server.url });
    for (const name of ['payments', 'requests'])
      await client.datasets.commit({
        name,
        format: 'parquet',
        content: createReadStream(join(folder, `${name}.parquet`)),
      });
    await client.features.put({
      name: 'payments',
      sql: 'select * from payments',
      entity: ['customer'],
      eventTime: 'event_time',
      createdTime: 'created_time',
      ttl: '7d',
    });
    const before = await server.cpuSeconds();
    const started = performance.now();
    await client.features.createTrainingSet({ name: 'train', entities: 'requests@1', views: ['payments@1'] });
    const seconds = (performance.now() - started) / 1000;
    const after = await server.cpuSeconds();
    await download(`${server.url}/api/v1/datasets/train/versions/1/data.parquet`, path);
    const cpuSeconds = before === null || after === null ? null : after - before;
    return { seconds, cpuSeconds, peakBytes: await server.peakBytes() };
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

export async function download(url: string, path: string): Promise<void> {
  const reply = await fetch(url);
  if (!reply.ok || !reply.body) throw new Error(`${url}: ${reply.status}`);
  await pipeline(Readable.fromWeb(reply.body), createWriteStream(path));
}

async function joinPeer(python: string, folder: string, store: 'duckdb' | 'file'): Promise<Found> {
  const script = join(import.meta.dirname, 'join.py');
  const { stdout } = await call(python, ['-W', 'ignore', script, folder, store, 'created'], {
    maxBuffer: 64 * 2 ** 20,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Found;
}

/** @throws unless the peer's rows are ours, value by value; those it leaves out must have no value. */
const assertEqual = (ours: string, peers: string, mayLack: boolean): Promise<string> =>
  withDuckdb(async (query) => {
    const features = ['amount', 'score', 'visits', 'risk'];
    const differs = features.map((name) => `o.${name} is distinct from p.${name}`).join(' or ');
    const empty = features.map((name) => `o.${name} is null`).join(' and ');
    const [found] = await query(`
      select count(*)::double as all_, count(p.request)::double as common,
        count(*) filter (p.request is not null and (${differs}))::double as different,
        count(*) filter (p.request is null and not (${empty}))::double as lacking,
        count(o.amount)::double as filled
      from read_parquet('${ours}') o left join read_parquet('${peers}') p using (request)`);
    const note = `${found?.all_} rows, ${found?.filled} with values, ${found?.common} of them the peer's too, ${found?.different} different`;
    const isEqual =
      found?.different === 0 && found?.lacking === 0 && (mayLack || found?.common === found?.all_);
    if (!isEqual) throw new Error(`The answers differ: ${note}, ${found?.lacking} lacking.`);
    return note;
  });

const said = (found: Found): string =>
  `${found.seconds.toFixed(1)} s, ${found.cpuSeconds?.toFixed(1) ?? '?'} s of processor, ${Math.round((found.peakBytes ?? 0) / 2 ** 20)} MiB`;

async function run({ folder, rounds, python, say }: BenchContext): Promise<Outcome> {
  if (!python) return { measured: [] };
  const notes: string[] = [];
  async function side(store: 'duckdb' | 'file', count: number) {
    const place = join(folder, store);
    await mkdir(place, { recursive: true });
    await writeRows(place, count);
    const [ours, peers]: [Found[], Found[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const mine = await joinOurs(place, join(place, 'ours.parquet'));
      const theirs = await joinPeer(python ?? '', place, store);
      const equal = await assertEqual(
        join(place, 'ours.parquet'),
        join(place, `${store}.parquet`),
        store === 'file',
      );
      const note = `${store}: ours ${said(mine)}; Feast ${said(theirs)}; ${equal}`;
      say(note);
      notes.push(note);
      ours.push(mine);
      peers.push(theirs);
    }
    await rm(place, { recursive: true, force: true });
    return { ours, peers };
  }
  const large = await side('duckdb', rows);
  const small = await side('file', smallRows);
  const seconds = (list: readonly Found[]) => list.map((found) => found.seconds);
  return {
    measured: [
      { name: names.duckdb, ours: seconds(large.ours), peer: seconds(large.peers) },
      { name: names.file, ours: seconds(small.ours), peer: seconds(small.peers) },
      { name: names.memory, ours: large.ours.map(({ peakBytes }) => (peakBytes ?? 0) / 2 ** 30), peer: null },
    ],
    notes,
  };
}

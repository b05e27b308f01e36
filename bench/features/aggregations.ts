// Aggregations over windows in a training set, against the same question asked in DuckDB's own SQL.
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';
import { download, withDuckdb } from './join.ts';

const rows = Number(process.env.TIDEMILL_BENCH_ROWS ?? 1_000_000);
const rowsPerCustomer = Number(process.env.TIDEMILL_BENCH_ROWS_PER_KEY ?? 100);
const windows = [
  ['1h', 'interval 1 hour'],
  ['1d', 'interval 1 day'],
  ['7d', 'interval 7 days'],
  ['30d', 'interval 30 days'],
] as const;
const functions = ['count', 'sum', 'mean', 'std'] as const;
const name = `${functions.length} functions over ${windows.length} windows, ${rows.toLocaleString('en-US')} entity rows x ${rows.toLocaleString('en-US')} events`;

export const featuresAggregations: Bench = {
  name: 'features-aggregations',
  summary: `${name}, as a training set, against DuckDB's own SQL`,
  settings: [
    `a customer of text, some ${rowsPerCustomer} events each over a year (TIDEMILL_BENCH_ROWS_PER_KEY); count, sum, mean and std of a double over ${windows.map(([window]) => window).join(', ')}`,
    'ours: POST /api/v1/training-sets until the dataset version is there, over HTTP; sums are exact, so that equal inputs give equal digests',
    'peer: DuckDB, two threads, no server: window functions with range frames over events and rows together, written as one Parquet file; its sums are rounded at each step',
    'equal first: counts the same, other values to 1e-9 of their size; TIDEMILL_BENCH_ROWS sets the rows',
  ],
  promises: [{ name, unit: 's', better: 'lower', target: 0.5, peer: { name: 'DuckDB', version: '1.5' } }],
  rounds: 3,
  run,
};

const writeRows = (folder: string): Promise<void> =>
  withDuckdb(async (query) => {
    const customers = Math.max(1, Math.round(rows / rowsPerCustomer));
    const moment = (seed: number) =>
      `timestamp '2023-01-01' + to_microseconds(cast(hash(i, ${seed}) % 31536000000000 as bigint))`;
    const customer = (seed: number) => `'c' || (hash(i, ${seed}) % ${customers}) as customer`;
    await query(`copy (
      select ${customer(1)}, ${moment(2)} as event_time, (hash(i, 4) % 1000000) / 100.0::double as amount
      from range(${rows}) t(i) order by event_time)
      to '${join(folder, 'payments.parquet')}' (format parquet, compression zstd)`);
    await query(`copy (
      select ${customer(11)}, ${moment(12)} as event_time, cast(i as bigint) as request from range(${rows}) t(i))
      to '${join(folder, 'requests.parquet')}' (format parquet, compression zstd)`);
  });

async function askOurs(folder: string, path: string): Promise<number> {
  const data = join(folder, 'data');
  const server = await startTidemill(data);
  try {
    const client = createClient({ url: server.url });
    for (const dataset of ['payments', 'requests'])
      await client.datasets.commit({
        name: dataset,
        format: 'parquet',
        content: createReadStream(join(folder, `${dataset}.parquet`)),
      });
    await client.features.put({
      name: 'spent',
      sql: 'select customer, event_time, amount from payments',
      entity: ['customer'],
      eventTime: 'event_time',
      aggregations: windows.flatMap(([window]) =>
        functions.map((how) => ({ name: `${how}_${window}`, function: how, column: 'amount', window })),
      ),
    });
    const started = performance.now();
    await client.features.createTrainingSet({ name: 'train', entities: 'requests@1', views: ['spent@1'] });
    const seconds = (performance.now() - started) / 1000;
    await download(`${server.url}/api/v1/datasets/train/versions/1/data.parquet`, path);
    return seconds;
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** An event exactly one window old no longer counts. */
const askPeer = (folder: string, path: string): Promise<number> =>
  withDuckdb(async (query) => {
    const sql = { count: 'count', sum: 'sum', mean: 'avg', std: 'stddev_samp' };
    const frames = windows.map(
      ([window, width]) =>
        `w${window} as (partition by customer order by event_time range between ${width} - interval 1 microsecond preceding and current row)`,
    );
    const values = windows.flatMap(([window]) =>
      functions.map((how) => `${sql[how]}(amount) over w${window} as ${how}_${window}`),
    );
    const started = performance.now();
    await query(`copy (
      select * exclude (amount) from (
        select customer, event_time, request, amount, ${values.join(', ')} from (
          select customer, event_time, request, null::double as amount from read_parquet('${join(folder, 'requests.parquet')}')
          union all
          select customer, event_time, null, amount from read_parquet('${join(folder, 'payments.parquet')}'))
        window ${frames.join(', ')})
      where request is not null order by request) to '${path}' (format parquet, compression zstd)`);
    return (performance.now() - started) / 1000;
  });

/** @throws unless both gave the same, for each row */
const assertEqual = (ours: string, peers: string): Promise<string> =>
  withDuckdb(async (query) => {
    const differs = windows.flatMap(([window]) =>
      functions.map((how) => {
        const [o, p] = [`o.${how}_${window}`, `p.${how}_${window}`];
        if (how === 'count') return `${o} is distinct from ${p}`;
        return `(${o} is null) <> (${p} is null) or abs(${o} - ${p}) > 1e-9 * greatest(1, abs(${o}), o.sum_${window})`;
      }),
    );
    const [found] = await query(`
      select count(*)::double as all_, count(p.request)::double as common, sum(o.count_30d)::double as counted,
        count(*) filter (${differs.join(' or ')})::double as different
      from read_parquet('${ours}') o full join read_parquet('${peers}') p using (request)`);
    const note = `${found?.common} of ${found?.all_} rows in both, ${found?.counted} events within 30 days, ${found?.different} rows differ`;
    if (found?.common !== rows || found?.all_ !== rows || found?.different !== 0)
      throw new Error(`The answers differ: ${note}.`);
    return note;
  });

async function run({ folder, rounds, say }: BenchContext): Promise<Outcome> {
  await mkdir(folder, { recursive: true });
  await writeRows(folder);
  const [ours, peer]: [number[], number[]] = [[], []];
  const notes: string[] = [];
  const [mine, theirs] = [join(folder, 'ours.parquet'), join(folder, 'peers.parquet')];
  for (let round = 0; round < rounds; round++) {
    // Who begins changes from round to round.
    if (round % 2 === 1) peer.push(await askPeer(folder, theirs));
    ours.push(await askOurs(folder, mine));
    if (round % 2 === 0) peer.push(await askPeer(folder, theirs));
    const note = `ours ${ours.at(-1)?.toFixed(1)} s, DuckDB ${peer.at(-1)?.toFixed(1)} s; ${await assertEqual(mine, theirs)}`;
    say(note);
    notes.push(note);
  }
  return { measured: [{ name, ours, peer }], notes };
}

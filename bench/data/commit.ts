// A large CSV made a version, against what people glue together: `dvc add` of the file, and DuckDB's own conversion to Parquet.
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';

const call = promisify(execFile);
const name = 'commit of a CSV';
/** About 106 bytes a row. */
const rows = Number(process.env.TIDEMILL_BENCH_ROWS ?? 9_400_000);
const conversionWeight = 1.5;

export const dataCommit: Bench = {
  name: 'data-commit',
  summary: `${rows.toLocaleString('en-US')} rows of CSV (9.4 million are 1 GB) made a version`,
  settings: [
    'ours: tidemill up with SQLite on an empty folder; the file streamed by the SDK, until the version is acknowledged',
    `peer: seconds of \`dvc add\` (no git, its own cache, copies) plus ${conversionWeight} x DuckDB's read_csv to Parquet with zstd on 2 threads`,
    'TIDEMILL_BENCH_ROWS sets the rows',
  ],
  promises: [
    {
      name,
      unit: 's',
      better: 'lower',
      target: 1,
      peer: { name: `dvc add + ${conversionWeight} x DuckDB alone`, version: '3.67.1, 1.5.6' },
    },
  ],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

/** Twelve columns as tables have them: numbers, prices, days, times, codes, words and gaps. */
const rowsSql = `
  select i as id, 1000000 + hash(i) % 5000000 as account, 'S' || (hash(i, 1) % 500) as symbol,
    date '2015-01-01' + cast(i % 3000 as integer) as day,
    timestamp '2015-01-01 00:00:00' + to_seconds(cast(hash(i, 2) % 200000000 as bigint)) as seen_at,
    round((hash(i, 3) % 1000000) / 100.0, 2) as open, round((hash(i, 4) % 1000000) / 100.0, 2) as close,
    hash(i, 5) % 100000000 as volume, case when hash(i, 6) % 20 > 0 then (hash(i, 7) % 10000000) / 10000000.0 end as share,
    hash(i, 8) % 2 = 0 as active, ['north', 'south', 'east', 'west'][1 + cast(hash(i, 9) % 4 as integer)] as region,
    case when hash(i, 10) % 10 > 0 then 'note ' || (hash(i, 11) % 100000) end as note
  from range(${rows}) t(i)`;

async function inDuckdb(sql: string): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await instance.connect();
  try {
    const started = performance.now();
    await connection.run(sql);
    return (performance.now() - started) / 1000;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function commitOurs(
  folder: string,
  csv: string,
): Promise<{ seconds: number; peakBytes: number | null }> {
  const data = join(folder, 'data');
  const server = await startTidemill(data);
  try {
    const client = createClient({ url: server.url });
    const started = performance.now();
    const version = await client.datasets.commit({
      name: 'bench',
      format: 'csv',
      content: createReadStream(csv),
    });
    const seconds = (performance.now() - started) / 1000;
    if (version.rows !== rows) throw new Error(`${version.reference} has ${version.rows} rows, not ${rows}`);
    return { seconds, peakBytes: await server.peakBytes() };
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

async function addToDvc(python: string, folder: string, csv: string): Promise<number> {
  const repository = join(folder, 'dvc');
  await mkdir(repository);
  const dvc = (...parameters: string[]) =>
    call(python, ['-m', 'dvc', ...parameters], {
      cwd: repository,
      env: { ...process.env, DVC_NO_ANALYTICS: '1' },
    });
  await dvc('init', '--no-scm', '--quiet');
  await copyFile(csv, join(repository, 'bench.csv'));
  const started = performance.now();
  await dvc('add', '--quiet', 'bench.csv');
  const seconds = (performance.now() - started) / 1000;
  await rm(repository, { recursive: true });
  return seconds;
}

async function run({ folder, rounds, python, say }: BenchContext): Promise<Outcome> {
  if (!python) return { measured: [] };
  const csv = join(folder, 'bench.csv');
  const parquet = join(folder, 'bench.parquet');
  await inDuckdb(`copy (${rowsSql}) to '${csv}' (format csv, header true)`);
  const megabytes = Math.round((await stat(csv)).size / 1e6);
  const [ours, peer, notes]: [number[], number[], string[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const committed = await commitOurs(folder, csv);
    const added = await addToDvc(python, folder, csv);
    const converted = await inDuckdb(
      `copy (select * from read_csv('${csv}')) to '${parquet}' (format parquet, compression zstd)`,
    );
    ours.push(committed.seconds);
    peer.push(added + conversionWeight * converted);
    const memory =
      committed.peakBytes === null ? '' : `, peak ${Math.round(committed.peakBytes / 2 ** 20)} MiB`;
    const note = `${megabytes} MB: ours ${committed.seconds.toFixed(1)} s${memory}; dvc add ${added.toFixed(1)} s, DuckDB alone ${converted.toFixed(1)} s`;
    say(note);
    notes.push(note);
  }
  return { measured: [{ name, ours, peer }], notes };
}

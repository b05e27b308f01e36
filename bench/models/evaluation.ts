// A million predictions judged: metrics with intervals and slices, against a loop over scikit-learn's.
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { createClient, type Evaluation } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';

const call = promisify(execFile);
const rows = Number(process.env.TIDEMILL_BENCH_ROWS ?? 1_000_000);
const columns = 10;
const valuesPerColumn = 20;
const bootstrapRounds = 1000;
/** Of the peer, whose thousand would take hours. */
const peerRounds = 10;
const name = `${rows.toLocaleString('en-US')} predictions judged`;
const names = {
  seconds: `${name}, intervals of ${bootstrapRounds.toLocaleString('en-US')} rounds, ${columns * valuesPerColumn} slices`,
  loop: `the same, against scikit-learn's loop (${peerRounds} rounds timed, multiplied by ${bootstrapRounds / peerRounds})`,
} as const;
const peer = { name: 'scikit-learn', version: '1.9.1' };

export const modelsEvaluation: Bench = {
  name: 'models-evaluation',
  summary: `${rows.toLocaleString('en-US')} binary predictions: metrics with bootstrap intervals and ${columns * valuesPerColumn} slices`,
  settings: [
    'ours: POST /api/v1/evaluations over HTTP to tidemill up, until the kept evaluation is replied; worst slices are searched and curves made too',
    "ours: a confusion matrix's metrics by the multinomial of its counts, the others by a bag of little bootstraps; slices by the delta method and DeLong's",
    'peer: 30 metrics by scikit-learn, the same 30 again for each round of rows drawn with replacement; of each slice once, without intervals; imports and the Parquet read not counted',
    'equal first: all 30 metrics to nine digits',
    'TIDEMILL_BENCH_ROWS sets the rows',
  ],
  promises: [
    { name: names.seconds, unit: 's', better: 'lower', target: 1, limit: 20, peer: null },
    { name: names.loop, unit: 's', better: 'lower', target: 20, peer },
  ],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

async function writeTable(path: string): Promise<void> {
  const slices = Array.from(
    { length: columns },
    (_, k) => `'v' || lpad((hash(i, ${10 + k}) % ${valuesPerColumn})::varchar, 2, '0') as s${k}`,
  );
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await instance.connect();
  await connection.run(`copy (
    select (case when (hash(i, 1) % 1000000) / 1e6 < 0.7 * p * p + 0.1 then 1 else 0 end)::bigint as bought, p as score, ${slices.join(', ')}
    from (select i, (1 + hash(i, 2) % 999998) / 1e6 as p from range(${rows}) t(i)))
    to '${path}' (format parquet, compression zstd)`);
  connection.closeSync();
  instance.closeSync();
}

interface PeerReply {
  readonly metrics: Readonly<Record<string, number>>;
  readonly once: number;
  readonly rounds: readonly number[];
  readonly slices: number;
  readonly sliceSeconds: number;
}

async function judgePeer(python: string, table: string): Promise<PeerReply> {
  const script = join(import.meta.dirname, 'evaluation.py');
  const { stdout } = await call(python, [script, table, String(peerRounds)], { maxBuffer: 1e8 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as PeerReply;
}

/** @throws where a metric differs in its first nine digits, or has no interval */
function assertEqual({ metrics, intervals, slices }: Evaluation, found: PeerReply): void {
  for (const [metric, expected] of Object.entries(found.metrics)) {
    const value = metrics[metric];
    if (
      value === undefined ||
      value === null ||
      Math.abs(value - expected) > 1e-9 * Math.max(1, Math.abs(expected))
    )
      throw new Error(`${metric} is ${value} here and ${expected} by scikit-learn.`);
    if (!intervals[metric]) throw new Error(`${metric} has no interval.`);
  }
  if (slices.length !== found.slices) throw new Error(`${slices.length} slices here, ${found.slices} there.`);
}

async function run({ folder, rounds, python, say }: BenchContext): Promise<Outcome> {
  if (!python) return { measured: [] };
  const table = join(folder, 'scored.parquet');
  await writeTable(table);
  const server = await startTidemill(join(folder, 'data'));
  const ours: number[] = [];
  const loop: number[] = [];
  const notes: string[] = [];
  try {
    const { datasets, evaluation } = createClient({ url: server.url });
    await datasets.commit({ name: 'scored', format: 'parquet', content: createReadStream(table) });
    for (let round = 0; round < rounds; round += 1) {
      const started = performance.now();
      const judged = await evaluation.evaluate({
        dataset: 'scored@1',
        task: 'binary',
        target: 'bought',
        predictions: { score: 'score' },
        positive: '1',
        slices: Array.from({ length: columns }, (_, k) => `s${k}`),
        rounds: bootstrapRounds,
      });
      ours.push((performance.now() - started) / 1000);
      const found = await judgePeer(python, table);
      assertEqual(judged, found);
      const drawn = found.rounds.reduce((sum, seconds) => sum + seconds, 0);
      loop.push(found.once + found.sliceSeconds + drawn * (bootstrapRounds / peerRounds));
      const text = `ours ${ours.at(-1)?.toFixed(1)} s, ${Object.keys(judged.metrics).length} metrics; scikit-learn ${found.once.toFixed(1)} s once, ${(drawn / peerRounds).toFixed(1)} s a round, ${found.sliceSeconds.toFixed(1)} s the slices`;
      notes.push(text);
      say(text);
    }
    const peak = await server.peakBytes();
    notes.push(`peak memory of the server: ${Math.round((peak ?? 0) / 2 ** 20)} MiB`);
  } finally {
    await server.stop();
  }
  return {
    measured: [
      { name: names.seconds, ours, peer: null },
      { name: names.loop, ours, peer: loop },
    ],
    notes,
  };
}

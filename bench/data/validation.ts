// Twenty expectations on a table of a million rows and twenty columns, against Great Expectations on pandas: same
// Parquet in, counts and figures compared before a timing counts.
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { createClient, type Expectation, type ExpectationOutcome } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { startTidemill } from '../processes.ts';

const call = promisify(execFile);
const name = 'validation of a version';
const rows = Number(process.env.TIDEMILL_BENCH_ROWS ?? 1_000_000);

export const dataValidation: Bench = {
  name: 'data-validation',
  summary: `20 expectations on ${rows.toLocaleString('en-US')} rows of 20 columns`,
  settings: [
    'ours: POST …/versions/1/validations to tidemill up with SQLite, until the kept result is replied',
    'peer: pandas.read_parquet and batch.validate of one suite, imports and set-up not counted; result format BASIC',
    'six of the twenty find rows that are not as expected, and both sides give twenty sample values of them',
    'TIDEMILL_BENCH_ROWS sets the rows',
  ],
  promises: [
    {
      name,
      unit: 's',
      better: 'lower',
      target: 20,
      peer: { name: 'Great Expectations', version: '1.24.1' },
    },
  ],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

/** Columns as tables have them; a few rows of each kind of wrong. */
const rowsSql = `
  select i as id, 'S' || (hash(i, 1) % 500) as symbol, ['north', 'south', 'east', 'west'][1 + cast(hash(i, 2) % 4 as integer)] as region,
    'A' || (hash(i, 3) % 100000) as code,
    case when hash(i, 4) % 50 > 0 then 'note ' || (hash(i, 5) % 100000) end as note,
    case when hash(i, 6) % 100 > 0 then (hash(i, 7) % 100000) / 100.0 end as c0,
    (hash(i, 8) % 100000) / 1000.0 as low, (hash(i, 8) % 100000) / 1000.0 + (hash(i, 9) % 1000) / 10.0 - 0.05 as high,
    ${Array.from({ length: 12 }, (_, k) => `(hash(i, ${20 + k}) % 1000000) / 1000.0 as m${k}`).join(', ')}
  from range(${rows}) t(i)`;

const columns = [
  ...['id', 'symbol', 'region', 'code', 'note', 'c0', 'low', 'high'],
  ...Array.from({ length: 12 }, (_, k) => `m${k}`),
];

const expectations: readonly Expectation[] = [
  { kind: 'columnSet', columns },
  { kind: 'rowCount', min: 1 },
  { kind: 'notNull', column: 'id' },
  { kind: 'notNull', column: 'symbol' },
  { kind: 'notNull', column: 'c0' },
  { kind: 'unique', column: 'id' },
  { kind: 'between', column: 'c0', min: 0, max: 990 },
  { kind: 'between', column: 'm0', min: 0, max: 1000 },
  { kind: 'between', column: 'm1', min: 1 },
  { kind: 'inSet', column: 'region', values: ['north', 'south', 'east', 'west'] },
  { kind: 'inSet', column: 'symbol', values: Array.from({ length: 499 }, (_, i) => `S${i}`) },
  { kind: 'matchesRegex', column: 'code', pattern: '^A[0-9]+$' },
  { kind: 'notMatchesRegex', column: 'note', pattern: '77$' },
  { kind: 'lengthBetween', column: 'note', min: 1, max: 10 },
  { kind: 'pair', column: 'high', operator: '>=', other: 'low' },
  { kind: 'increasing', column: 'id', strictly: true },
  { kind: 'meanBetween', column: 'm2', min: 490, max: 510 },
  { kind: 'stdBetween', column: 'm3', min: 280, max: 300 },
  { kind: 'medianBetween', column: 'm4', min: 490, max: 510 },
  { kind: 'distinctCountBetween', column: 'region', min: 4, max: 4 },
];

async function writeTable(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await instance.connect();
  await connection.run(`copy (${rowsSql}) to '${path}' (format parquet, compression zstd)`);
  connection.closeSync();
  instance.closeSync();
}

interface Validated {
  readonly seconds: readonly number[];
  readonly outcomes: readonly ExpectationOutcome[];
  readonly peakBytes: number | null;
}

async function validateOurs(folder: string, table: string, rounds: number): Promise<Validated> {
  const server = await startTidemill(join(folder, 'data'));
  try {
    const { datasets, validation } = createClient({ url: server.url });
    await datasets.commit({ name: 'bench', format: 'parquet', content: createReadStream(table) });
    await validation.putExpectations({ name: 'bench', expectations: [...expectations] });
    const seconds: number[] = [];
    let outcomes: readonly ExpectationOutcome[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const started = performance.now();
      ({ outcomes } = await validation.validate({ name: 'bench', version: '1' }));
      seconds.push((performance.now() - started) / 1000);
    }
    return { seconds, outcomes, peakBytes: await server.peakBytes() };
  } finally {
    await server.stop();
  }
}

interface PeerReply {
  readonly seconds: readonly number[];
  readonly outcomes: readonly {
    readonly passed: boolean;
    readonly unexpected: number | null;
    readonly observed: number | null;
  }[];
}

async function validatePeer(
  python: string,
  folder: string,
  table: string,
  rounds: number,
): Promise<PeerReply> {
  const list = join(folder, 'expectations.json');
  await writeFile(list, JSON.stringify(expectations));
  const script = join(import.meta.dirname, 'expectations.py');
  const { stdout } = await call(python, [script, table, list, String(rounds)], { maxBuffer: 1e8 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as PeerReply;
}

/** @throws where the two sides do not say the same of an expectation */
function assertEqual(ours: readonly ExpectationOutcome[], peer: PeerReply['outcomes']): void {
  for (const [i, { title, passed, unexpected, observed }] of ours.entries()) {
    const other = peer[i];
    const isSame =
      passed === other?.passed &&
      (unexpected === null || unexpected === other.unexpected) &&
      (typeof observed !== 'number' ||
        other.observed === null ||
        Math.abs(observed - other.observed) <= 1e-9 * Math.abs(observed));
    if (!isSame)
      throw new Error(
        `${title}: ${JSON.stringify({ passed, unexpected, observed })} here, ${JSON.stringify(other)} there`,
      );
  }
}

async function run({ folder, rounds, python, say }: BenchContext): Promise<Outcome> {
  if (!python) return { measured: [] };
  const table = join(folder, 'bench.parquet');
  await writeTable(table);
  const ours = await validateOurs(folder, table, rounds);
  say(`ours: ${ours.seconds.map((value) => value.toFixed(3)).join(', ')} s`);
  const peer = await validatePeer(python, folder, table, rounds);
  say(`Great Expectations: ${peer.seconds.map((value) => value.toFixed(2)).join(', ')} s`);
  assertEqual(ours.outcomes, peer.outcomes);
  const unexpected = ours.outcomes.reduce((sum, outcome) => sum + (outcome.unexpected ?? 0), 0);
  return {
    measured: [{ name, ours: ours.seconds, peer: peer.seconds }],
    notes: [
      `equal on both sides: what holds of 20 expectations, ${unexpected} rows that are not as expected, and 4 figures`,
      ...(ours.peakBytes === null
        ? []
        : [`peak memory of the server: ${Math.round(ours.peakBytes / 1e6)} MB`]),
    ],
  };
}

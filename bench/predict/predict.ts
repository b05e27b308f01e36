import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { median } from '../comparison.ts';
import { type RunningProcess, startServer, startTidemill } from '../processes.ts';
import { alternate } from '../rounds.ts';
import { deployModel, featureRow, features, seeded, trees } from './model.ts';

const call = promisify(execFile);
const require = createRequire(import.meta.url);
const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;

const connections = 16;
const seconds = 3;
const bodyCount = 64;
const endpoint = 'bench';
const name = 'predict';

export const predict: Bench = {
  name,
  summary: 'one record to the endpoint route, against a bare Fastify route that calls onnxruntime',
  settings: [
    `model: ${trees.trees} trees of depth ${trees.depth}, ${features.length} features, by our learner; the same ONNX file on both sides`,
    `onnxruntime-node ${versionOf('onnxruntime-node')} in process, 1 thread, sequential, on both sides`,
    'ours: tidemill up, prediction log on (buffered), every check on',
    `peer: Fastify ${versionOf('fastify')}, body by its JSON Schema validator, reply by its serialiser, no log`,
    `load: autocannon ${versionOf('autocannon')}, ${connections} connections, ${seconds} s a round, ${bodyCount} different bodies`,
  ],
  promises: [
    {
      name,
      unit: 'requests/s',
      better: 'higher',
      target: 0.7,
      peer: { name: 'Fastify + onnxruntime-node', version: versionOf('fastify') },
    },
  ],
  rounds: 15,
  run,
};

/** One side, and what its rounds took of the processor. */
interface Side {
  readonly process: RunningProcess;
  readonly url: string;
  readonly bodies: string;
  readonly cpuMicros: number[];
}

async function run(context: BenchContext): Promise<Outcome> {
  const { folder } = context;
  const bodies = await writeBodies(folder);
  const running: RunningProcess[] = [];
  const start = async (starting: Promise<RunningProcess>, path: string): Promise<Side> => {
    const process = await starting;
    running.push(process);
    return { process, url: `${process.url}${path}`, bodies, cpuMicros: [] };
  };
  try {
    const ours = await start(startTidemill(join(folder, 'data')), `/api/v1/endpoints/${endpoint}/predict`);
    const model = await deployModel(createClient({ url: ours.process.url }), endpoint, folder);
    const peer = await start(
      startServer('bench/predict/peer.ts', [model, String(features.length)]),
      '/predict',
    );
    const bare = await start(startServer('bench/predict/bare.ts', []), '/');
    return await measure(context, { ours, peer, bare });
  } finally {
    for (const process of running.reverse()) await process.stop();
  }
}

async function measure(
  { rounds, say }: BenchContext,
  { ours, peer, bare }: Readonly<Record<'ours' | 'peer' | 'bare', Side>>,
): Promise<Outcome> {
  await assertEqual(ours, peer, buildBodies());
  say('answers are equal; warming up');
  for (const side of [ours, peer, bare]) await warmUp(side);
  const before = await load(bare);
  const figures = await alternate([() => load(ours), () => load(peer)], rounds, (round, [a = 0, b = 0]) =>
    say(`round ${round}: ours ${a.toFixed(0)}, peer ${b.toFixed(0)}, ratio ${(a / b).toFixed(3)}`),
  );
  const after = await load(bare);
  return {
    measured: [{ name, ours: figures[0] ?? [], peer: figures[1] ?? null }],
    control: { what: 'bare node:http under the same load', unit: 'requests/s', before, after },
    notes: [
      `processor time a request, median: ours ${cpuOf(ours)}, peer ${cpuOf(peer)}, control ${cpuOf(bare)}`,
    ],
  };
}

/** Twice: after one round the compiler is still at work, longest where there is most code. */
async function warmUp(side: Side): Promise<void> {
  await load(side);
  await load(side);
  side.cpuMicros.length = 0;
}

const cpuOf = ({ cpuMicros }: Side): string =>
  cpuMicros.length === 0 ? 'unknown' : `${median(cpuMicros).toFixed(0)} µs`;

type Body = { records: Record<string, string | number>[] };

function buildBodies(): Body[] {
  const random = seeded(11);
  return Array.from({ length: bodyCount }, (_, i) => ({
    records: [{ item: `item-${i}`, ...featureRow(random) }],
  }));
}

async function writeBodies(folder: string): Promise<string> {
  const path = join(folder, 'bodies.json');
  await writeFile(path, JSON.stringify(buildBodies()));
  return path;
}

/** The same values for every body that will be sent, and for all of them in one request. */
async function assertEqual(ours: Side, theirs: Side, bodies: readonly Body[]): Promise<void> {
  const all = { records: bodies.flatMap((body) => body.records) };
  for (const body of [...bodies, all]) {
    const [a, b] = await Promise.all([ask(ours, body), ask(theirs, body)]);
    if (a.length === body.records.length && a.every((value, i) => value === b[i])) continue;
    throw new Error(`answers differ: ours ${a.join(', ')}; the peer's ${b.join(', ')}`);
  }
}

async function ask({ url }: Side, body: Body): Promise<readonly number[]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const { predictions } = (await response.json()) as { predictions: { value: number }[] };
  return predictions.map((prediction) => prediction.value);
}

/** Requests answered per second in one round. */
async function load({ process: side, url, bodies, cpuMicros }: Side): Promise<number> {
  const file = join(import.meta.dirname, 'load.ts');
  const cpuBefore = await side.cpuSeconds();
  const { stdout } = await call(process.execPath, [file, url, bodies, String(seconds), String(connections)]);
  const cpuAfter = await side.cpuSeconds();
  const { answered, perSecond, failures } = JSON.parse(stdout) as Record<string, number>;
  if (failures !== 0 || !answered || !perSecond)
    throw new Error(`${url} left ${failures} requests without an answer`);
  if (cpuBefore !== null && cpuAfter !== null) cpuMicros.push(((cpuAfter - cpuBefore) * 1e6) / answered);
  return perSecond;
}

import { execFile, spawn } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { median } from '../comparison.ts';
import {
  type RunningProcess,
  readCpuSeconds,
  readPeakBytes,
  startServer,
  startTidemill,
} from '../processes.ts';
import { alternate } from '../rounds.ts';
import { deployModel, featureRow, features, seeded, trees } from './model.ts';

const call = promisify(execFile);
const require = createRequire(import.meta.url);
const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version;

const connections = 16;
const seconds = 3;
const bodyCount = 64;
const aloneCount = 2000;
const mlserver = { name: 'MLServer', version: '1.7.1' };
const control = { name: 'node:http + onnxruntime-node', version: versionOf('onnxruntime-node') };
const names = {
  control: 'requests against the bare control',
  inProcess: 'requests against MLServer, parallel_workers 0',
  workers: 'requests against MLServer, its default worker',
  p99: '99 % of requests',
  alone: 'one request alone, over the control',
  log: 'what the log costs',
};

export const servingRequests: Bench = {
  name: 'serving-requests',
  summary: 'one record to an endpoint, against a bare loop over onnxruntime and against MLServer',
  settings: [
    `model: ${trees.trees} trees of depth ${trees.depth}, ${features.length} features, by our learner; the same ONNX file on all sides, 1 thread, sequential`,
    'ours: tidemill up, one process; prediction log on (buffered), every check on',
    'control: node:http, JSON.parse, onnxruntime-node, JSON.stringify; nothing checked, nothing logged',
    'MLServer: V2 JSON to a runtime of a few lines over onnxruntime (Python); once in its own process, once with its default worker; gzip and metrics of requests as it comes, access log off, gRPC on',
    `load: autocannon ${versionOf('autocannon')}, ${connections} connections, ${seconds} s a round, ${bodyCount} different bodies; alone: ${aloneCount} requests over one connection`,
  ],
  promises: [
    { name: names.control, unit: 'requests/s', better: 'higher', target: 0.75, peer: control },
    { name: names.inProcess, unit: 'requests/s', better: 'higher', target: 6, peer: mlserver },
    { name: names.workers, unit: 'requests/s', better: 'higher', target: 6, peer: mlserver },
    { name: names.p99, unit: 'ms', better: 'lower', target: 1, limit: 8, peer: null },
    { name: names.alone, unit: 'ms', better: 'lower', target: 1, limit: 0.1, peer: null },
    { name: names.log, unit: '%', better: 'lower', target: 1, limit: 15, peer: null },
  ],
  rounds: 9,
  requirements: join(import.meta.dirname, 'requirements.txt'),
  run,
};

/** One side, and what its rounds took. */
interface Side {
  readonly process: RunningProcess;
  readonly url: string;
  readonly bodies: string;
  readonly p99: number[];
  readonly cpuMicros: number[];
}

type Sides = Readonly<Record<'ours' | 'quiet' | 'bare' | 'inProcess' | 'workers', Side>>;

async function run(context: BenchContext): Promise<Outcome> {
  const { folder } = context;
  const ours = await writeJson(folder, 'records.json', buildBodies());
  const theirs = await writeJson(folder, 'tensors.json', buildBodies().map(toTensors));
  const running: RunningProcess[] = [];
  const side = (process: RunningProcess, path: string, bodies: string): Side => {
    running.push(process);
    return { process, url: `${process.url}${path}`, bodies, p99: [], cpuMicros: [] };
  };
  try {
    const tidemill = await startTidemill(join(folder, 'data'));
    const logged = side(tidemill, '/api/v1/endpoints/bench/predict', ours);
    const client = createClient({ url: tidemill.url });
    const model = await deployModel(client, 'bench', folder);
    await client.endpoints.put({
      name: 'quiet',
      entity: ['item'],
      variants: [{ name: 'main', model: 'bench@1', weight: 1 }],
      log: 'off',
    });
    const width = String(features.length);
    const sides: Sides = {
      ours: logged,
      quiet: { ...logged, url: `${tidemill.url}/api/v1/endpoints/quiet/predict`, p99: [], cpuMicros: [] },
      bare: side(await startServer('bench/serving/control.ts', [model, width]), '/', ours),
      inProcess: side(await startMlserver(context, model, 0), '/v2/models/bench/infer', theirs),
      workers: side(await startMlserver(context, model, 1), '/v2/models/bench/infer', theirs),
    };
    return await measure(context, sides);
  } finally {
    for (const process of running.reverse()) await process.stop();
  }
}

async function measure({ rounds, say }: BenchContext, sides: Sides): Promise<Outcome> {
  await assertEqual(sides);
  say('answers are equal; warming up');
  for (const side of Object.values(sides)) await warmUp(side);
  const before = await load(sides.bare);
  const all = [sides.ours, sides.bare, sides.quiet, sides.inProcess, sides.workers];
  const figures = await alternate(
    all.map((side) => () => load(side)),
    rounds,
    (round, found) =>
      say(`round ${round}: ${found.map((figure) => figure.toFixed(0)).join(', ')} requests/s`),
  );
  const [ours = [], bare = [], quiet = [], inProcess = [], workers = []] = figures;
  const after = await load(sides.bare);
  const alone = await alternate(
    [() => askAlone(sides.ours), () => askAlone(sides.bare)],
    rounds,
    () => undefined,
  );
  const [mine = [], theirs = []] = alone;
  const cost = ours.map((figure, round) => Math.max(0.1, (1 - figure / (quiet[round] ?? Number.NaN)) * 100));
  return {
    measured: [
      { name: names.control, ours, peer: bare },
      { name: names.inProcess, ours, peer: inProcess },
      { name: names.workers, ours, peer: workers },
      { name: names.p99, ours: sides.ours.p99, peer: null },
      { name: names.alone, ours: mine.map((ms, round) => ms - (theirs[round] ?? Number.NaN)), peer: null },
      { name: names.log, ours: cost, peer: null },
    ],
    control: { what: 'the bare control under the same load', unit: 'requests/s', before, after },
    notes: [
      `one request alone, median: ours ${median(mine).toFixed(3)} ms, the control ${median(theirs).toFixed(3)} ms`,
      `99 % of requests, median of rounds: the control ${median(sides.bare.p99).toFixed(0)} ms, MLServer ${median(sides.inProcess.p99).toFixed(0)} and ${median(sides.workers.p99).toFixed(0)} ms`,
      `processor time a request, median: ours ${cpuOf(sides.ours)}, without a log ${cpuOf(sides.quiet)}, the control ${cpuOf(sides.bare)}, MLServer ${cpuOf(sides.inProcess)}`,
    ],
  };
}

/** Twice: after one round the compiler is still at work, longest where there is most code. */
async function warmUp(side: Side): Promise<void> {
  await load(side);
  await load(side);
  side.cpuMicros.length = 0;
  side.p99.length = 0;
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

const toTensors = ({ records }: Body) => ({
  inputs: [
    {
      name: 'rows',
      shape: [records.length, features.length],
      datatype: 'FP32',
      data: records.flatMap((record) => features.map((feature) => record[feature])),
    },
  ],
});

async function writeJson(folder: string, name: string, value: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(value));
  return path;
}

/** The same values for every body that will be sent. */
async function assertEqual(sides: Sides): Promise<void> {
  const { ours, quiet, bare, inProcess, workers } = sides;
  for (const body of buildBodies()) {
    const [expected, ...others] = await Promise.all([
      ...[bare, ours, quiet].map((side) => ask(side, body)),
      ...[inProcess, workers].map((side) => ask(side, toTensors(body))),
    ]);
    for (const found of others)
      if (found.length !== 1 || found[0] !== expected?.[0])
        throw new Error(`answers differ: ${found.join(', ')}, the control's ${expected?.join(', ')}`);
  }
}

async function ask({ url }: Side, body: object): Promise<readonly number[]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  const { predictions, outputs } = (await response.json()) as {
    predictions?: { value: number }[];
    outputs?: { data: number[] }[];
  };
  return predictions?.map((prediction) => prediction.value) ?? outputs?.[0]?.data ?? [];
}

/** Requests answered per second in one round. */
async function load({ process: side, url, bodies, p99, cpuMicros }: Side): Promise<number> {
  const file = join(import.meta.dirname, 'load.ts');
  const cpuBefore = await side.cpuSeconds();
  const { stdout } = await call(process.execPath, [file, url, bodies, String(seconds), String(connections)]);
  const cpuAfter = await side.cpuSeconds();
  const found = JSON.parse(stdout) as Record<'answered' | 'perSecond' | 'failures' | 'p99', number>;
  if (found.failures !== 0 || !found.answered)
    throw new Error(`${url} left ${found.failures} requests without an answer`);
  p99.push(found.p99);
  if (cpuBefore !== null && cpuAfter !== null)
    cpuMicros.push(((cpuAfter - cpuBefore) * 1e6) / found.answered);
  return found.perSecond;
}

/** Milliseconds of the median request of one connection. */
async function askAlone({ url, bodies }: Side): Promise<number> {
  const file = join(import.meta.dirname, 'alone.ts');
  const { stdout } = await call(process.execPath, [file, url, bodies, String(aloneCount)]);
  return (JSON.parse(stdout) as { p50: number }).p50;
}

/** `mlserver start` on free ports, with one model. */
async function startMlserver(
  { folder, python }: BenchContext,
  model: string,
  workers: number,
): Promise<RunningProcess> {
  if (!python) throw new Error('there is no Python for MLServer');
  const home = join(folder, `mlserver-${workers}`);
  await cp(join(import.meta.dirname, 'mlserver'), home, { recursive: true });
  const [http = 0, grpc = 0, metrics = 0] = await Promise.all([freePort(), freePort(), freePort()]);
  const ports = { host: '127.0.0.1', http_port: http, grpc_port: grpc, metrics_port: metrics };
  await writeJson(home, 'settings.json', { ...ports, parallel_workers: workers, debug: false });
  const parameters = { uri: model };
  await writeJson(home, 'model-settings.json', {
    name: 'bench',
    implementation: 'onnx_runtime.OnnxRuntime',
    parameters,
  });
  // Not by its script: that names the folder in which its environment was made.
  const command = 'from mlserver.cli import main; main()';
  const child = spawn(python, ['-c', command, 'start', home], {
    cwd: home,
    env: { ...process.env, PYTHONPATH: home },
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
  });
  const url = `http://127.0.0.1:${http}`;
  for (let i = 0; ; i++) {
    const response = await fetch(`${url}/v2/models/bench/ready`).catch(() => null);
    if (response?.ok) break;
    if (i > 600 || child.exitCode !== null) throw new Error('MLServer did not start');
    await pause(100);
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    url,
    cpuSeconds: () => readCpuSeconds(child.pid ?? 0),
    peakBytes: () => readPeakBytes(child.pid ?? 0),
    async stop() {
      // Its workers are in its process group.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

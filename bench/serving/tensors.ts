import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createClient } from '@tidemill/sdk';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { median } from '../comparison.ts';
import { startServer, startTidemill } from '../processes.ts';
import { alternate } from '../rounds.ts';
import { deployModel, features, seeded } from './model.ts';

const require = createRequire(import.meta.url);
const { version } = require('onnxruntime-node/package.json') as { version: string };
const rows = 100_000;
const perRound = 10;
const name = 'a tensor of 1,000,000 floats';

export const servingTensors: Bench = {
  name: 'serving-tensors',
  summary:
    'a binary tensor of a million floats through the Open Inference door, against a bare loop over onnxruntime',
  settings: [
    `model: ridge over ${features.length} features, ${rows} rows a request; the same ONNX file on both sides, 1 thread, sequential`,
    'ours: tidemill up, POST /v2/models/bench/infer, binary in and out, prediction log on (buffered), every check on',
    'control: node:http, the bytes of the body as floats, onnxruntime-node, the floats as bytes; nothing checked, nothing logged',
    `load: one request after the other, ${perRound} a round, timed at the client`,
  ],
  promises: [
    {
      name,
      unit: 'requests/s',
      better: 'higher',
      target: 0.5,
      peer: { name: 'node:http + onnxruntime-node', version },
    },
  ],
  rounds: 15,
  run,
};

interface Side {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

async function run({ folder, rounds, say }: BenchContext): Promise<Outcome> {
  const tidemill = await startTidemill(join(folder, 'data'));
  try {
    const client = createClient({ url: tidemill.url });
    const model = await deployModel(client, 'bench', folder, { learner: 'ridge', parameters: {} });
    const control = await startServer('bench/serving/tensor-control.ts', [model, String(features.length)]);
    try {
      return await measure(toSides(tidemill.url, control.url), rounds, say);
    } finally {
      await control.stop();
    }
  } finally {
    await tidemill.stop();
  }
}

function toSides(ourUrl: string, controlUrl: string): { ours: Side; control: Side } {
  const random = seeded(3);
  const floats = Float32Array.from({ length: rows * features.length }, () => random() * 10 - 5);
  const bytes = new Uint8Array(floats.buffer);
  const header = new TextEncoder().encode(
    JSON.stringify({
      parameters: { binary_data_output: true },
      inputs: [
        {
          name: 'rows',
          shape: [rows, features.length],
          datatype: 'FP32',
          parameters: { binary_data_size: bytes.length },
        },
      ],
    }),
  );
  const body = new Uint8Array(header.length + bytes.length);
  body.set(header);
  body.set(bytes, header.length);
  // As tritonclient asks, unless it is told to compress.
  const type = { 'content-type': 'application/octet-stream', 'accept-encoding': 'identity' };
  return {
    ours: {
      url: `${ourUrl}/v2/models/bench/infer`,
      headers: { ...type, 'inference-header-content-length': String(header.length) },
      body,
    },
    control: { url: controlUrl, headers: type, body: bytes },
  };
}

/** What it answers: floats, without the header that says what they are. */
async function ask({ url, headers, body }: Side): Promise<Uint8Array> {
  const response = await fetch(url, { method: 'POST', headers, body });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${Buffer.from(bytes).toString()}`);
  return bytes.subarray(Number(response.headers.get('inference-header-content-length') ?? 0));
}

async function load(side: Side): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < perRound; i++) {
    const started = performance.now();
    await ask(side);
    times.push(performance.now() - started);
  }
  return 1000 / median(times);
}

async function measure(
  { ours, control }: { ours: Side; control: Side },
  rounds: number,
  say: (text: string) => void,
): Promise<Outcome> {
  const [mine, theirs] = await Promise.all([ask(ours), ask(control)]);
  if (Buffer.compare(mine, theirs) !== 0 || mine.length !== rows * 4)
    throw new Error(`answers differ: ${mine.length} and ${theirs.length} bytes`);
  say('answers are equal; warming up');
  for (const side of [ours, control, ours, control]) await load(side);
  const [a = [], b = []] = await alternate(
    [() => load(ours), () => load(control)],
    rounds,
    (round, figures) =>
      say(`round ${round}: ${figures.map((figure) => figure.toFixed(1)).join(', ')} requests/s`),
  );
  return { measured: [{ name, ours: a, peer: b }] };
}

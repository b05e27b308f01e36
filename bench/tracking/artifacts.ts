// A large file up and down, against a bare PUT that hashes; the server's memory while it passes.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Bench, BenchContext, Outcome } from '../bench.ts';
import { alternate } from '../rounds.ts';
import { type Side, startBare, startOurs } from './sides.ts';
import { createRun } from './wire.ts';

const mebibytes = Number(process.env.TIDEMILL_BENCH_ARTIFACT_MIB || 512);
const upTitle = `${mebibytes} MiB up`;
const downTitle = `${mebibytes} MiB down`;
const memoryTitle = 'memory while it passes';
const peer = { name: 'bare PUT with SHA-256', version: process.versions.node };

export const artifacts: Bench = {
  name: 'tracking-artifacts',
  summary: `an artifact of ${mebibytes} MiB up and down by the proxy's routes (TIDEMILL_BENCH_ARTIFACT_MIB for others)`,
  settings: [
    'random bytes; both sides hash while they write and sync the file before they answer',
    "memory: the highest VmRSS of all the server's processes, looked at every 50 ms",
  ],
  promises: [
    { name: upTitle, unit: 'MiB/s', better: 'higher', target: 0.7, peer },
    { name: downTitle, unit: 'MiB/s', better: 'higher', target: 0.7, peer },
    { name: memoryTitle, unit: 'MiB', better: 'lower', target: 1, limit: 250, peer: null },
  ],
  rounds: 3,
  run,
};

async function run({ folder, rounds, say }: BenchContext): Promise<Outcome> {
  const path = join(folder, 'large.bin');
  const digest = await writeRandom(path);
  const sides: Side[] = [];
  try {
    const ours = await startOurs({ folder, database: 'sqlite' });
    sides.push(ours);
    const bare = await startBare({ folder, database: 'sqlite' });
    sides.push(bare);
    const run = await createRun(ours);
    let upload = 0;
    // Another place each time: what is stored already must not be let off.
    const place = () =>
      `${ours.url}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${upload}/large.bin`;
    const watch = watchMemory(ours);
    const up = await alternate(
      [
        () => {
          upload++;
          return rateOf(() => send(path, place()));
        },
        () => rateOf(() => send(path, `${bare.url}/file`)),
      ],
      rounds,
      (round, [a = 0, b = 0]) => say(`up ${round}: ours ${a.toFixed(0)}, bare ${b.toFixed(0)} MiB/s`),
    );
    const down = await alternate(
      [() => rateOf(() => receive(place(), digest)), () => rateOf(() => receive(`${bare.url}/file`, digest))],
      rounds,
      (round, [a = 0, b = 0]) => say(`down ${round}: ours ${a.toFixed(0)}, bare ${b.toFixed(0)} MiB/s`),
    );
    return {
      measured: [
        { name: upTitle, ours: up[0] ?? [], peer: up[1] ?? null },
        { name: downTitle, ours: down[0] ?? [], peer: down[1] ?? null },
        { name: memoryTitle, ours: [watch.stop()], peer: null },
      ],
    };
  } finally {
    for (const side of sides) await side.stop();
  }
}

async function rateOf(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return mebibytes / ((performance.now() - started) / 1000);
}

/** Blocks that differ, made from a few random ones: making 2 GB of true randomness would be the longest part. */
async function writeRandom(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  const piece = Buffer.alloc(2 ** 20);
  for (let i = 0; i < 16; i++) piece.set(block, i * block.length);
  for (let i = 0; i < mebibytes; i++) {
    piece.writeUInt32LE(i);
    hash.update(piece);
    await file.write(piece);
  }
  await file.close();
  return hash.digest('hex');
}

async function send(path: string, url: string): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream', 'content-length': mebibytes * 2 ** 20 };
  const put = request(url, { method: 'PUT', headers });
  const answered = new Promise<number>((resolve, reject) => {
    put.once('error', reject);
    put.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), put);
  const status = await answered;
  if (status !== 200) throw new Error(`${url} answered ${status}.`);
}

async function receive(url: string, digest: string): Promise<void> {
  const hash = createHash('sha256');
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}.`);
  for await (const chunk of response.body) hash.update(chunk);
  if (hash.digest('hex') !== digest) throw new Error(`${url} gave back something else.`);
}

function watchMemory(side: Side): { stop(): number } {
  let highest = 0;
  const timer = setInterval(async () => {
    highest = Math.max(highest, (await side.memoryMiB()) ?? 0);
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return highest;
    },
  };
}

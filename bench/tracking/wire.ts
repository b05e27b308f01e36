// What the benches say to either side in MLflow's words.
import { execFile } from 'node:child_process';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Side } from './sides.ts';

const call = promisify(execFile);
const prefix = '/api/2.0/mlflow';

/** Kept connections, and `node:http`, which takes half the processor time of `fetch`: the server's is what is wanted. */
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export function post<Reply>(side: Side, path: string, body: object): Promise<Reply> {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return send(side, path, { method: 'POST', headers, text });
}

export function get<Reply>(
  side: Side,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Reply> {
  return send(side, `${path}?${new URLSearchParams(query)}`, { method: 'GET', headers: {}, text: '' });
}

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly text: string;
}

function send<Reply>(side: Side, path: string, { method, headers, text }: Sent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(`${side.url}${prefix}/${path}`, { method, headers, agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const reply = Buffer.concat(parts).toString();
        if (response.statusCode === 200) resolve(JSON.parse(reply) as Reply);
        else reject(new Error(`${side.name} answered ${response.statusCode} to ${path}: ${reply}`));
      });
    });
    sent.once('error', reject);
    sent.end(text);
  });
}

export async function createRun(side: Side, experiment = '0'): Promise<string> {
  const body = { experiment_id: experiment, user_id: 'bench', start_time: Date.now() };
  const { run } = await post<{ run: { info: { run_id: string } } }>(side, 'runs/create', body);
  return run.info.run_id;
}

export interface Loaded {
  readonly answered: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failures: number;
}

export interface Load {
  readonly kind: 'metric' | 'batch';
  readonly runs: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

/** Counts on over all loads of this process: no point comes twice. */
let offset = 0;

export async function load(side: Side, { kind, runs, connections, seconds }: Load): Promise<Loaded> {
  const file = join(import.meta.dirname, 'load.ts');
  const words = [side.url, kind, runs.join(','), connections, seconds, offset].map(String);
  const { stdout } = await call(process.execPath, [file, ...words]);
  const { next = 0, ...loaded } = JSON.parse(stdout) as Loaded & { next?: number };
  offset = next + 1_000_000;
  return loaded;
}

/** Runs `work` for 0 to `count` - 1, as many at once as `width` says. */
export async function spread(
  count: number,
  width: number,
  work: (number: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

// What the benches say to either side in MLflow's words.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Side } from './sides.ts';

const call = promisify(execFile);
const prefix = '/api/2.0/mlflow';

export async function post<Reply>(side: Side, path: string, body: object): Promise<Reply> {
  const response = await fetch(`${side.url}${prefix}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return read(side, path, response);
}

export async function get<Reply>(
  side: Side,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Reply> {
  const words = new URLSearchParams(query);
  return read(side, path, await fetch(`${side.url}${prefix}/${path}?${words}`));
}

async function read<Reply>(side: Side, path: string, response: Response): Promise<Reply> {
  if (response.ok) return (await response.json()) as Reply;
  throw new Error(`${side.name} answered ${response.status} to ${path}: ${await response.text()}`);
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

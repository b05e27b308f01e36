// A trainer as its own process, and what its run then shows.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../../scripts/steps.ts';

export const trainersFolder = join(root, 'python/trainers');
export const trainerFile = (name: string): string => join(trainersFolder, `${name}.py`);

export interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

export interface Start {
  readonly python: string;
  readonly script: string;
  readonly words: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends it by SIGTERM at the first line that says so. */
  readonly stopAt?: (line: string) => boolean;
}

const isOurs = ([name]: [string, unknown]): boolean => /^(MLFLOW|TIDEMILL)_/.test(name);

/** Runs a script to its end, or to SIGTERM. */
export async function runScript({ python, script, words, folder, env, stopAt }: Start): Promise<Ended> {
  const inherited = Object.fromEntries(Object.entries(process.env).filter((pair) => !isOurs(pair)));
  const child = spawn(python, [script, ...words], {
    cwd: folder,
    env: { ...inherited, HOME: folder, PYTHONUNBUFFERED: '1', ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (stopAt?.(line)) child.kill('SIGTERM');
  }
  return { code: await ended, lines, stderr };
}

export interface ShownRun {
  readonly status: string;
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
}

async function ask<T>(url: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}

/** A run as MLflow's client would make it, for a script that finds MLFLOW_RUN_ID. */
export async function createRun(url: string, experiment = '0'): Promise<string> {
  const { run } = await ask<{ run: { info: { run_id: string } } }>(url, 'runs/create', {
    experiment_id: experiment,
  });
  return run.info.run_id;
}

type Pair<T> = { readonly key: string; readonly value: T };
interface MlflowRun {
  readonly info: { readonly status: string };
  readonly data: {
    readonly params?: readonly Pair<string>[];
    readonly metrics?: readonly Pair<number>[];
    readonly tags?: readonly Pair<string>[];
  };
}

const asRecord = <T>(pairs: readonly Pair<T>[] = []) =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

export async function showRun(url: string, id: string): Promise<ShownRun> {
  const { run } = await ask<{ run: MlflowRun }>(url, `runs/get?run_id=${id}`);
  const { params, metrics, tags } = run.data;
  return {
    status: run.info.status,
    params: asRecord(params),
    metrics: asRecord(metrics),
    tags: asRecord(tags),
  };
}

/** The latest value of each step. */
export async function historyOf(url: string, id: string, key: string): Promise<ReadonlyMap<number, number>> {
  const path = `metrics/get-history?run_id=${id}&metric_key=${key}&max_results=10000`;
  const { metrics = [] } = await ask<{ metrics?: { step: number; value: number }[] }>(url, path);
  return new Map(metrics.map(({ step, value }) => [Number(step), value]));
}

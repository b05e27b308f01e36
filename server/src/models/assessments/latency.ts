/** How long one prediction takes, on this machine and warm. */
import { arch, availableParallelism, cpus, hostname, loadavg, platform, release, totalmem } from 'node:os';
import type { Latency } from '@tidemill/contract';
import type { Runtime } from '../../adapters/inference/inference.ts';

const warmup = 20;
const longestMs = 20_000;

export interface TimedRows {
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
  readonly rows: number;
}

type Timed = Omit<Latency, 'dataset'>;

/** One row after another, each when the one before has been answered. */
export async function timePredictions(
  runtime: Runtime,
  table: TimedRows,
  wanted: number,
  signal: AbortSignal,
): Promise<Timed> {
  const machine = describeMachine();
  const asks = Array.from({ length: table.rows }, (_, row) => askOf(runtime, table, row, signal));
  const ask = (i: number) => (asks[i % asks.length] as () => Promise<unknown>)();
  for (let i = 0; i < warmup; i += 1) await ask(i);
  const times: number[] = [];
  const start = performance.now();
  while (times.length < wanted && (times.length < warmup || performance.now() - start < longestMs)) {
    signal.throwIfAborted();
    const before = performance.now();
    await ask(times.length);
    times.push(performance.now() - before);
  }
  return { runtime: runtime.kind, warmup, ...summarize(times), machine };
}

/** What it takes to build the question is not counted. */
function askOf(runtime: Runtime, { names, columns }: TimedRows, row: number, signal: AbortSignal) {
  if (runtime.predictTable) {
    const cells = new Map(
      names.map((name, i) => [name, columns[i]?.slice(row, row + 1) ?? new Float64Array(1)]),
    );
    return () => runtime.predictTable?.(cells, 1, signal) as Promise<unknown>;
  }
  const cells = Float32Array.from(columns, (column) => column[row] ?? Number.NaN);
  return () => runtime.predict(cells, 1, names.length, signal);
}

/** Nearest rank: each figure is a time that was measured. */
export function summarize(times: readonly number[]) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  return {
    predictions: sorted.length,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
    max_ms: at(1),
    mean_ms: sorted.reduce((sum, time) => sum + time, 0) / sorted.length,
  };
}

const describeMachine = (): Latency['machine'] => ({
  name: hostname(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
  platform: `${platform()} ${release()} ${arch()}, Node ${process.versions.node}`,
  load: loadavg()[0] ?? 0,
});

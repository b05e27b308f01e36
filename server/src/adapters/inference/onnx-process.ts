import { type ChildProcess, fork } from 'node:child_process';
import { errors } from '../../base/errors.ts';
import { abortable } from './abortable.ts';
import type { Runtime, RuntimeState, Signature } from './inference.ts';
import { failureOf, type Given, type Order, type Report } from './onnx-orders.ts';
import type { OnnxSource } from './onnx-session.ts';
import { assertShape, reasonOf } from './shape.ts';
import { tableOf } from './tensor-table.ts';
import type { Tensor } from './tensors.ts';

export interface ProcessOptions {
  /** Predictions under way at once; later ones fail with `runtimeUnavailable`. */
  readonly maxOutstanding?: number;
  /** A child that leaves a prediction unanswered for this long is killed and started again. */
  readonly stuckAfterMs?: number;
}

interface Outstanding {
  readonly since: number;
  resolve(values: Given): void;
  reject(error: Error): void;
}

const firstDelayMs = 100;
const longestDelayMs = 5000;
const childFile = new URL('./onnx-child.ts', import.meta.url);

/** In a process of its own, started again with growing delays when it dies: a model that crashes takes nothing with it. */
export async function openOnnxProcess(
  source: OnnxSource,
  { maxOutstanding = 1000, stuckAfterMs = 10_000 }: ProcessOptions = {},
): Promise<Runtime> {
  const { model } = source;
  const outstanding = new Map<number, Outstanding>();
  let child: ChildProcess;
  let state: RuntimeState['state'] = 'starting';
  let closed = false;
  let restarts = 0;
  let delay = firstDelayMs;
  let lastId = 0;
  let restart: NodeJS.Timeout | undefined;
  let signature: Signature = { inputs: [], outputs: [] };

  const unavailable = (reason: string) => errors.runtimeUnavailable({ model, reason });
  const post = (to: ChildProcess, order: Order): void => void to.send(order, () => undefined);

  function rejectAll(reason: string): void {
    for (const entry of outstanding.values()) entry.reject(unavailable(reason));
    outstanding.clear();
  }

  function settle(report: Extract<Report, { id: number }>): void {
    const entry = outstanding.get(report.id);
    outstanding.delete(report.id);
    if (report.kind === 'values') {
      delay = firstDelayMs;
      entry?.resolve(report.values);
    } else {
      entry?.reject(failureOf(report) ?? unavailable(report.reason));
    }
  }

  /** Resolves once the model is loaded; a child that dies later starts the next one by itself. */
  function start(): Promise<void> {
    state = 'starting';
    const fresh = fork(childFile, {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child = fresh;
    return new Promise((resolve, reject) => {
      fresh.on('message', (report: Report) => {
        if (report.kind === 'ready') {
          state = 'ready';
          signature = report.signature;
          resolve();
        } else if (report.kind === 'unreadable') {
          reject(errors.modelUnreadable({ model, reason: report.reason }));
        } else settle(report);
      });
      fresh.once('error', (error) => reject(unavailable(reasonOf(error))));
      fresh.once('exit', (code, signal) => {
        reject(unavailable(`its process ended (${signal ?? `exit code ${code}`})`));
        lose(`its process ended (${signal ?? `exit code ${code}`})`);
      });
      post(fresh, { kind: 'open', source });
    });
  }

  function lose(reason: string): void {
    const wasUp = state === 'ready' || restarts > 0;
    state = 'dead';
    rejectAll(reason);
    if (closed || !wasUp) return;
    restart = setTimeout(again, delay);
    delay = Math.min(delay * 2, longestDelayMs);
  }

  function again(): void {
    restarts += 1;
    start().catch(() => {
      // A model that cannot be read any more ends its child, and the exit schedules the next attempt.
      child.kill('SIGKILL');
    });
  }

  const watch = setInterval(
    () => {
      const [oldest] = outstanding.values();
      if (oldest && performance.now() - oldest.since > stuckAfterMs) child.kill('SIGKILL');
    },
    Math.max(10, stuckAfterMs / 10),
  );
  watch.unref();

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    clearInterval(watch);
    clearTimeout(restart);
    rejectAll('it was closed');
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await ended;
  }

  await start().catch(async (error: unknown) => {
    await close();
    throw error;
  });

  async function ask<T extends Given>(
    order: (id: number) => Order,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
    if (closed) throw unavailable('it was closed');
    if (state !== 'ready') throw unavailable('its process is being started again');
    if (outstanding.size >= maxOutstanding)
      throw unavailable(`${outstanding.size} predictions are under way`);
    lastId += 1;
    const id = lastId;
    const reply = new Promise<Given>((resolve, reject) => {
      outstanding.set(id, { since: performance.now(), resolve, reject });
    });
    post(child, order(id));
    // Aborted or not, it counts as outstanding until it is answered: aborting cannot flood the child.
    return abortable(reply as Promise<T>, signal);
  }

  const infer: Runtime['infer'] = (inputs, wanted, signal) =>
    ask<readonly Tensor[]>((id) => ({ kind: 'infer', id, inputs, ...(wanted ? { wanted } : {}) }), signal);

  return {
    kind: 'onnx-process',
    signature,
    infer,
    ...tableOf(model, signature, infer),
    async predict(rows, rowCount, featureCount, signal) {
      assertShape(rows, rowCount, featureCount);
      return ask((id) => ({ kind: 'predict', id, rows, rowCount, featureCount }), signal);
    },
    describe: () => ({ kind: 'onnx-process', state, restarts, ...(child.pid ? { pid: child.pid } : {}) }),
    close,
  };
}

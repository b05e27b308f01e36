/**
 * An ONNX model on a thread of its own. onnxruntime computes, and loads, on the thread that asks it, whatever its promises
 * look like; what takes long must not be asked on the one that answers requests.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';
import { createAnswerer, failureOf, type Given, type Order, type Report } from './onnx-orders.ts';
import type { OnnxSession, OnnxSource } from './onnx-session.ts';
import { reasonOf } from './shape.ts';
import type { Tensor } from './tensors.ts';

const maxWaiting = 1000;

type Waiting = PromiseWithResolvers<Given>;

/** @throws `Error` in a sentence that goes on "cannot be loaded: " */
export async function openThread(source: OnnxSource, onEnd: () => void): Promise<OnnxSession> {
  const { model } = source;
  const worker = new Worker(new URL(import.meta.url), { execArgv: [] });
  const waiting = new Map<number, Waiting>();
  const opened = Promise.withResolvers<OnnxSession>();
  const ended = Promise.withResolvers<void>();
  let lastId = 0;
  let hasEnded = false;

  const unavailable = (reason: string) => errors.runtimeUnavailable({ model, reason });
  const post = (order: Order): void => worker.postMessage(order);

  async function ask<T extends Given>(order: (id: number) => Order): Promise<T> {
    if (hasEnded) throw unavailable('its thread ended');
    if (waiting.size >= maxWaiting) throw unavailable(`${waiting.size} predictions wait for its thread`);
    lastId += 1;
    const answer = Promise.withResolvers<Given>();
    waiting.set(lastId, answer);
    worker.ref();
    post(order(lastId));
    return answer.promise as Promise<T>;
  }

  function settle(report: Extract<Report, { id: number }>): void {
    const answer = waiting.get(report.id);
    waiting.delete(report.id);
    if (waiting.size === 0) worker.unref();
    if (report.kind === 'values') answer?.resolve(report.values);
    else answer?.reject(failureOf(report) ?? unavailable(report.reason));
  }

  function fail(reason: string): void {
    opened.reject(new Error(reason));
    for (const answer of waiting.values()) answer.reject(unavailable(reason));
    waiting.clear();
  }

  /** The thread ends by itself when what it computes is done: ending it in the middle is not safe with native code. */
  async function release(): Promise<void> {
    worker.ref();
    worker.postMessage(null);
    await ended.promise;
  }

  worker.on('message', (report: Report) => {
    if (report.kind === 'unreadable') {
      fail(report.reason);
      void release();
    } else if (report.kind === 'ready') {
      // A waiting request holds the process, an idle model does not.
      worker.unref();
      opened.resolve({
        signature: report.signature,
        run: (rows, rowCount, featureCount) =>
          ask((id) => ({ kind: 'predict', id, rows, rowCount, featureCount })),
        infer: (inputs, wanted) =>
          ask<readonly Tensor[]>((id) => ({ kind: 'infer', id, inputs, ...(wanted ? { wanted } : {}) })),
        tryOut: async () => null,
        release,
      });
    } else settle(report);
  });
  worker.on('error', (error) => fail(reasonOf(error)));
  worker.on('exit', () => {
    hasEnded = true;
    fail('its thread ended');
    onEnd();
    ended.resolve();
  });
  post({ kind: 'open', source });
  return opened.promise;
}

if (!isMainThread && parentPort) {
  const port = parentPort;
  const answer = createAnswerer((report) => port.postMessage(report));
  port.on('message', (order: Order | null) => (order ? answer(order) : port.close()));
}

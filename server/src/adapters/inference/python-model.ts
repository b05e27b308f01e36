/** One model in a Python worker, started again with growing delays when it ends, and the line of those who wait for it. */
import { errors, TidemillError } from '../../base/errors.ts';
import type { Column, Outputs, PythonSource, RuntimeState } from './inference.ts';
import { decodeTensors, encodeTensors, type Frame } from './python-frames.ts';
import { decodeOutputs, encodeColumns } from './python-table.ts';
import { ModelUnloadable, type PythonSignature, type PythonWorker } from './python-worker.ts';
import { reasonOf } from './shape.ts';
import type { Tensor } from './tensors.ts';

export interface ModelOptions {
  /** Predictions that may wait; later ones fail with `runtimeUnavailable`. */
  readonly maxWaiting: number;
  /** A worker that takes longer for one prediction is ended. */
  readonly requestMs: number;
  /** How often a worker that has nothing to do is asked whether it is well. */
  readonly healthMs: number;
}

interface Order {
  readonly header: object;
  readonly parts?: readonly Uint8Array[];
  readonly limitMs: number;
  readonly what: string;
  resolve(frame: Frame): void;
  reject(error: unknown): void;
}

export interface PythonModel {
  readonly signature: PythonSignature;
  predict(columns: ReadonlyMap<string, Column>, rowCount: number, signal?: AbortSignal): Promise<Outputs>;
  infer(
    inputs: readonly Tensor[],
    wanted: readonly string[] | undefined,
    signal?: AbortSignal,
  ): Promise<readonly Tensor[]>;
  /** Under way and in line. */
  waiting(): number;
  describe(): RuntimeState;
  close(): Promise<void>;
}

const firstDelayMs = 100;
const longestDelayMs = 30_000;
const pingMs = 10_000;

/** @throws what `start` throws, the first time */
export async function openPythonModel(
  { model }: Pick<PythonSource, 'model'>,
  start: (signal: AbortSignal) => Promise<PythonWorker>,
  { maxWaiting, requestMs, healthMs }: ModelOptions,
): Promise<PythonModel> {
  const waiting: Order[] = [];
  const stop = new AbortController();
  let current: Order | null = null;
  let worker: PythonWorker | null = null;
  let state: RuntimeState['state'] = 'starting';
  let restarts = 0;
  let delay = firstDelayMs;
  let lastEnd: string | undefined;
  let restart: NodeJS.Timeout | undefined;
  let starting: Promise<void> = Promise.resolve();
  let lastId = 0;
  let signature: PythonSignature = { inputs: [], outputs: [], optional: [] };

  const unavailable = (reason: string) => errors.runtimeUnavailable({ model, reason });

  function rejectAll(reason: string): void {
    for (const order of [...(current ? [current] : []), ...waiting.splice(0)])
      order.reject(unavailable(reason));
    current = null;
  }

  async function bringUp(): Promise<void> {
    state = 'starting';
    const fresh = await start(stop.signal);
    worker = fresh;
    signature = fresh.signature;
    state = 'ready';
    void fresh.ended.then(lose);
    pump();
  }

  function lose(reason: string): void {
    worker = null;
    state = 'dead';
    lastEnd = reason;
    rejectAll(stop.signal.aborted ? 'it was closed' : reason);
    if (stop.signal.aborted) return;
    restart = setTimeout(() => {
      restarts += 1;
      starting = bringUp().catch((error: unknown) => lose(reasonOf(error)));
    }, delay);
    delay = Math.min(delay * 2, longestDelayMs);
  }

  function pump(): void {
    if (current || !worker || state !== 'ready') return;
    const order = waiting.shift();
    if (!order) return;
    const at = worker;
    current = order;
    lastId += 1;
    const late = setTimeout(
      () => void at.end(`it took longer than ${order.limitMs / 1000} seconds ${order.what}`),
      order.limitMs,
    );
    void at.ended.then(() => clearTimeout(late));
    void at.ask({ ...order.header, id: lastId }, order.parts).then((frame) => {
      clearTimeout(late);
      delay = firstDelayMs;
      if (current === order) current = null;
      order.resolve(frame);
      pump();
    });
  }

  const enqueue = (order: Omit<Order, 'resolve' | 'reject'>, signal?: AbortSignal): Promise<Frame> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        const at = waiting.indexOf(full);
        if (at >= 0) waiting.splice(at, 1);
        reject(errors.computeCancelled({ reason: reasonOf(signal?.reason) }));
      };
      const done =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', leave);
          settle(value);
        };
      const full: Order = { ...order, resolve: done(resolve), reject: done(reject) };
      signal?.addEventListener('abort', leave, { once: true });
      waiting.push(full);
      pump();
    });

  const health = setInterval(() => {
    if (state !== 'ready' || current || waiting.length > 0) return;
    const ping = { header: { kind: 'ping' }, limitMs: pingMs, what: 'to say that it is well' };
    enqueue(ping).catch(() => undefined);
  }, healthMs);
  health.unref();

  async function close(): Promise<void> {
    stop.abort();
    clearInterval(health);
    clearTimeout(restart);
    rejectAll('it was closed');
    await starting.catch(() => undefined);
    await worker?.end('it was closed');
    state = 'dead';
  }

  try {
    await bringUp();
  } catch (error) {
    await close();
    if (error instanceof TidemillError) throw error;
    if (error instanceof ModelUnloadable)
      throw errors.modelUnreadable({ model, reason: error.message }, error);
    throw unavailable(reasonOf(error));
  }

  function assertFree(signal: AbortSignal | undefined): void {
    if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
    if (stop.signal.aborted) throw unavailable('it was closed');
    if (state !== 'ready') throw unavailable(`it is being started again${lastEnd ? `, as ${lastEnd}` : ''}`);
    if (waiting.length >= maxWaiting) throw unavailable(`${waiting.length} predictions wait for it`);
  }

  return {
    signature,
    async predict(columns, rowCount, signal) {
      assertFree(signal);
      const order = { header: { kind: 'predict' }, parts: [encodeColumns(columns)] };
      const frame = await enqueue({ ...order, limitMs: requestMs, what: `for ${rowCount} rows` }, signal);
      assertAnswered(model, frame, 'values');
      return decodeOutputs(frame.header.outputs as string[], frame.body);
    },
    async infer(inputs, wanted, signal) {
      assertFree(signal);
      const { specs, parts } = encodeTensors(inputs);
      const header = { kind: 'infer', inputs: specs, ...(wanted ? { wanted } : {}) };
      const what = `for a tensor of shape [${inputs[0]?.shape.join(', ') ?? ''}]`;
      const frame = await enqueue({ header, parts, limitMs: requestMs, what }, signal);
      assertAnswered(model, frame, 'tensors');
      return decodeTensors(frame);
    },
    waiting: () => waiting.length + (current ? 1 : 0),
    describe: () => ({
      ...{ kind: 'python', state, restarts },
      ...(worker && { pid: worker.pid }),
      ...(lastEnd !== undefined && { lastEnd }),
    }),
    close,
  };
}

/** @throws modelRaised, modelInputInvalid, modelOutputInvalid */
function assertAnswered(model: string, { header }: Frame, kind: 'values' | 'tensors'): void {
  if (header.kind === kind) return;
  const reason = String(header.reason ?? `a frame of kind '${header.kind}'`);
  if (header.kind === 'raised') {
    const { type, message, frames } = header as { type: string; message: string; frames: string[] };
    throw errors.modelRaised({
      model,
      type,
      message,
      frames: frames.map((frame) => `  ${frame}`).join('\n'),
    });
  }
  if (header.about === 'input')
    throw errors.modelInputInvalid({
      expected: 'the columns of its signature',
      found: `other ones: ${reason}`,
    });
  throw errors.modelOutputInvalid({
    model,
    found: reason.replace(/^it gave /, ''),
    expected: 'a value per row',
  });
}

/**
 * Few calls at once to a runtime; what arrives meanwhile goes together in the next one. Alone, a request is passed on
 * at once; under load, batches of rows cost the runtime hardly more than single ones. Nothing ever waits for company.
 */
import { TidemillError } from '../../base/errors.ts';
import { type BatchCost, createBatchCost } from './batch-cost.ts';

/** The part of a runtime that predicts. */
export interface BatchRuntime {
  predict(rows: Float32Array, rowCount: number, featureCount: number): Promise<ArrayLike<number>>;
}

export interface Batched {
  /** One prediction per row. */
  readonly values: ArrayLike<number>;
  readonly queueMs: number;
  readonly inferenceMs: number;
}

interface Waiting {
  readonly rows: Float32Array;
  readonly rowCount: number;
  readonly since: number;
  /** When it is answered by somebody else. */
  readonly until: number;
  readonly timeoutMs: number;
  readonly isGone: (() => boolean) | undefined;
  readonly resolve: (batched: Batched) => void;
  readonly reject: (error: Error) => void;
  isSettled: boolean;
  /** In company it failed: its own fault or another's is found out by asking it alone. */
  isAlone: boolean;
}

interface Running {
  readonly batch: readonly Waiting[];
  readonly rowCount: number;
  readonly begun: number;
  /** Whether its place was given to the next: everybody in it has been answered. */
  isLeft: boolean;
}

/** The runtime gave no answer in time. */
export class BatchTimeout extends Error {
  override readonly name = 'BatchTimeout';
}

/** Nobody waits for the answer any more, so it was not asked for. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

export interface MicroBatch {
  /**
   * Rejects with the runtime's error, or with `BatchTimeout` after `timeoutMs`, waiting time included. `isGone` is asked
   * when its turn comes: then nothing is begun, and it rejects with `CallerGone`.
   */
  submit(rows: Float32Array, rowCount: number, timeoutMs: number, isGone?: () => boolean): Promise<Batched>;
  /** Milliseconds until a call that is submitted now would begin, by what calls have cost; 0 when there is room. */
  expectedWaitMs(): number;
  /** Milliseconds a call with so many rows takes, by what calls have cost; 0 while nothing is known. */
  expectedCostMs(rowCount: number): number;
}

const maximumRows = 512;

export function createMicroBatch(
  runtime: BatchRuntime,
  featureCount: number,
  concurrency = 2,
  cost: BatchCost = createBatchCost(),
): MicroBatch {
  const running = new Set<Running>();
  let places = concurrency;
  let queue: Waiting[] = [];
  let head = 0;
  let waitingRows = 0;
  let timer: NodeJS.Timeout | null = null;
  let timerAt = Number.POSITIVE_INFINITY;

  function shift(): Waiting | undefined {
    const next = queue[head];
    if (next === undefined) return undefined;
    queue[head++] = undefined as unknown as Waiting;
    waitingRows -= next.rowCount;
    // What was taken is let go of in pieces, so that taking one stays cheap.
    if (head === queue.length || head > 1024) {
      queue = queue.slice(head);
      head = 0;
    }
    return next;
  }

  /** Leaves out whoever is not waiting any more; grows no batch beyond what its most impatient member can wait for. */
  function takeBatch(now: number): Waiting[] {
    const batch: Waiting[] = [];
    let rows = 0;
    let leftMs = Number.POSITIVE_INFINITY;
    for (let next = queue[head]; next !== undefined; next = queue[head]) {
      if (next.isSettled || isOver(next, now)) {
        shift();
        continue;
      }
      const left = Math.min(leftMs, next.until - now);
      const isTooMuch = rows + next.rowCount > maximumRows || cost.of(rows + next.rowCount) > left;
      if (batch.length > 0 && (isTooMuch || next.isAlone)) break;
      shift();
      batch.push(next);
      rows += next.rowCount;
      leftMs = left;
      if (next.isAlone) break;
    }
    return batch;
  }

  /** Not begun: its time is over, or its caller has left. */
  function isOver(waiting: Waiting, now: number): boolean {
    if (waiting.until <= now) expire(waiting);
    else if (waiting.isGone?.()) fail(waiting, new CallerGone('the caller left before its turn came'));
    return waiting.isSettled;
  }

  function fail(waiting: Waiting, error: Error): void {
    if (waiting.isSettled) return;
    waiting.isSettled = true;
    waiting.reject(error);
  }

  const expire = (waiting: Waiting) =>
    fail(waiting, new BatchTimeout(`timeout after ${Math.round(waiting.timeoutMs)} ms`));

  function beginNext(): void {
    while (places > 0 && head < queue.length) {
      const now = performance.now();
      const batch = takeBatch(now);
      if (batch.length > 0) run(batch, now);
    }
  }

  function run(batch: readonly Waiting[], begun: number): void {
    places--;
    const rowCount = batch.reduce((sum, waiting) => sum + waiting.rowCount, 0);
    const call: Running = { batch, rowCount, begun, isLeft: false };
    running.add(call);
    let predicted: Promise<ArrayLike<number>>;
    try {
      predicted = runtime.predict(joinRows(batch, rowCount), rowCount, featureCount);
    } catch (error) {
      predicted = Promise.reject(error as Error);
    }
    predicted.then(
      (values) => end(call, () => settle(call, values)),
      (error: Error) => end(call, () => failAll(call, error)),
    );
  }

  function joinRows(batch: readonly Waiting[], rowCount: number): Float32Array {
    const [first] = batch;
    if (first && batch.length === 1) return first.rows;
    const rows = new Float32Array(rowCount * featureCount);
    let offset = 0;
    for (const waiting of batch) {
      rows.set(waiting.rows, offset);
      offset += waiting.rowCount * featureCount;
    }
    return rows;
  }

  function end(call: Running, settleAll: () => void): void {
    leave(call);
    settleAll();
    beginNext();
  }

  function leave(call: Running): void {
    running.delete(call);
    if (!call.isLeft) places++;
    call.isLeft = true;
  }

  function settle({ batch, rowCount, begun }: Running, values: ArrayLike<number>): void {
    const inferenceMs = performance.now() - begun;
    cost.learn(rowCount, inferenceMs);
    const width = values.length / rowCount;
    let offset = 0;
    for (const waiting of batch) {
      if (!waiting.isSettled) {
        waiting.isSettled = true;
        const own = toScalars(values, width, offset, waiting.rowCount);
        waiting.resolve({ values: own, queueMs: begun - waiting.since, inferenceMs });
      }
      offset += waiting.rowCount;
    }
  }

  /** What one request brought must not fail the others: all are asked again, each alone, before whoever waits. */
  function failAll({ batch }: Running, error: Error): void {
    const isOfRuntime = error instanceof TidemillError && error.code === 'runtimeUnavailable';
    if (batch.length === 1 || isOfRuntime) {
      for (const waiting of batch) fail(waiting, error);
      return;
    }
    const again = batch.filter((waiting) => !waiting.isSettled);
    for (const waiting of again) waiting.isAlone = true;
    queue = [...again, ...queue.slice(head)];
    head = 0;
    waitingRows += again.reduce((sum, waiting) => sum + waiting.rowCount, 0);
  }

  /** One timer for all that is under way: most requests are answered long before it would matter to them. */
  function watch(until: number): void {
    if (until >= timerAt) return;
    if (timer) clearTimeout(timer);
    timerAt = until;
    timer = setTimeout(sweep, Math.max(1, Math.ceil(until - performance.now())));
    timer.unref();
  }

  function sweep(): void {
    timer = null;
    timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    const look = (waiting: Waiting) => {
      if (waiting.isSettled) return;
      if (waiting.until <= now) expire(waiting);
      else next = Math.min(next, waiting.until);
    };
    for (const call of running) {
      call.batch.forEach(look);
      // What comes after the time is ignored; it frees its place at once.
      if (!call.isLeft && call.batch.every((waiting) => waiting.isSettled)) leave(call);
    }
    for (let i = head; i < queue.length; i++) look(queue[i] as Waiting);
    if (next < Number.POSITIVE_INFINITY) watch(next);
    beginNext();
  }

  function expectedWaitMs(): number {
    if (places > 0) return 0;
    const now = performance.now();
    let left = Number.POSITIVE_INFINITY;
    for (const call of running) left = Math.min(left, cost.of(call.rowCount) - (now - call.begun));
    const waiting = waitingRows > 0 ? cost.of(waitingRows) / concurrency : 0;
    return Math.max(0, left) + waiting;
  }

  return {
    submit: (rows, rowCount, timeoutMs, isGone) =>
      new Promise((resolve, reject) => {
        const since = performance.now();
        const until = since + timeoutMs;
        queue.push({
          ...{ rows, rowCount, since, until, timeoutMs, isGone, resolve, reject },
          ...{ isSettled: false, isAlone: false },
        });
        waitingRows += rowCount;
        watch(until);
        if (places > 0) beginNext();
      }),
    expectedWaitMs,
    expectedCostMs: (rowCount) => cost.of(rowCount),
  };
}

/**
 * One number per row, from `offset` on: the number itself, the probability of the second of two classes, or the index
 * of the likeliest of several.
 */
function toScalars(
  values: ArrayLike<number>,
  width: number,
  offset: number,
  rows: number,
): ArrayLike<number> {
  if (width === 1 && rows === values.length) return values;
  return Float64Array.from({ length: rows }, (_, row) => {
    const start = (offset + row) * width;
    if (width <= 2) return values[start + width - 1] ?? Number.NaN;
    let best = 0;
    for (let i = 1; i < width; i++) if ((values[start + i] ?? 0) > (values[start + best] ?? 0)) best = i;
    return best;
  });
}

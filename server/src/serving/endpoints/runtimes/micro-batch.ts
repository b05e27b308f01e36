/**
 * Few calls at once to a runtime; what arrives meanwhile goes together in the next one. Alone, a request is passed on
 * at once; under load, batches of rows cost the runtime hardly more than single ones. Nothing ever waits for company.
 */
import { TidemillError } from '../../../base/errors.ts';
import { type BatchCost, createBatchCost } from './batch-cost.ts';

/** What is batched: inputs of several requests become one, and its output is taken apart again. */
export interface BatchWork<In, Out> {
  run(input: In, rowCount: number): Promise<Out>;
  join(inputs: readonly In[], rowCount: number): In;
  /** The output of rows `from` up to `to` of `rowCount`. */
  part(output: Out, from: number, to: number, rowCount: number): Out;
}

export interface Batched<Out> {
  readonly output: Out;
  readonly queueMs: number;
  readonly inferenceMs: number;
}

interface Waiting<In, Out> {
  readonly input: In;
  readonly rowCount: number;
  readonly since: number;
  /** When it is answered by somebody else. */
  readonly until: number;
  readonly timeoutMs: number;
  readonly isGone: (() => boolean) | undefined;
  readonly resolve: (batched: Batched<Out>) => void;
  readonly reject: (error: Error) => void;
  isSettled: boolean;
  /** In company it failed: its own fault or another's is found out by asking it alone. */
  isAlone: boolean;
}

interface Running<In, Out> {
  readonly batch: readonly Waiting<In, Out>[];
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

export interface MicroBatch<In, Out> {
  /**
   * Rejects with the runtime's error, or with `BatchTimeout` after `timeoutMs`, waiting time included. `isGone` is asked
   * when its turn comes: then nothing is begun, and it rejects with `CallerGone`.
   */
  submit(input: In, rowCount: number, timeoutMs: number, isGone?: () => boolean): Promise<Batched<Out>>;
  /** Adds what waits here to what waits elsewhere. */
  addLoad(load: Load): void;
  /** Milliseconds until a call that is submitted now would begin, by what calls have cost; 0 when there is room. */
  expectedWaitMs(): number;
  /** Milliseconds a call with so many rows takes, by what calls have cost; 0 while nothing is known. */
  expectedCostMs(rowCount: number): number;
}

/** What a newcomer would find, summed over the models that may answer it. */
export interface Load {
  isBusy: boolean;
  waiting: number;
  waitingMs: number;
  serviceMs: number;
}

export interface MicroBatchOptions {
  readonly concurrency?: number;
  /** Of requests that go together; with 0 each goes alone. */
  readonly maximumRows?: number;
  readonly cost?: BatchCost;
}

export function createMicroBatch<In, Out>(
  work: BatchWork<In, Out>,
  { concurrency = 2, maximumRows = 512, cost = createBatchCost() }: MicroBatchOptions = {},
): MicroBatch<In, Out> {
  type Waits = Waiting<In, Out>;
  const running = new Set<Running<In, Out>>();
  let places = concurrency;
  let queue: Waits[] = [];
  let head = 0;
  let waitingRows = 0;
  /** Rows of a request as they usually are. */
  let usualRows = 1;
  let timer: NodeJS.Timeout | null = null;
  let timerAt = Number.POSITIVE_INFINITY;

  function shift(): Waits | undefined {
    const next = queue[head];
    if (next === undefined) return undefined;
    queue[head++] = undefined as unknown as Waits;
    waitingRows -= next.rowCount;
    // What was taken is let go of in pieces, so that taking one stays cheap.
    if (head === queue.length || head > 1024) {
      queue = queue.slice(head);
      head = 0;
    }
    return next;
  }

  /** Leaves out whoever is not waiting any more; grows no batch beyond what its most impatient member can wait for. */
  function takeBatch(now: number): Waits[] {
    const batch: Waits[] = [];
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
  function isOver(waiting: Waits, now: number): boolean {
    if (waiting.until <= now) expire(waiting);
    else if (waiting.isGone?.()) fail(waiting, new CallerGone('the caller left before its turn came'));
    return waiting.isSettled;
  }

  function fail(waiting: Waits, error: Error): void {
    if (waiting.isSettled) return;
    waiting.isSettled = true;
    waiting.reject(error);
  }

  const expire = (waiting: Waits) =>
    fail(waiting, new BatchTimeout(`timeout after ${Math.round(waiting.timeoutMs)} ms`));

  function beginNext(): void {
    while (places > 0 && head < queue.length) {
      const now = performance.now();
      const batch = takeBatch(now);
      if (batch.length > 0) run(batch, now);
    }
  }

  function run(batch: readonly Waits[], begun: number): void {
    places--;
    const rowCount = batch.reduce((sum, waiting) => sum + waiting.rowCount, 0);
    const call: Running<In, Out> = { batch, rowCount, begun, isLeft: false };
    running.add(call);
    let predicted: Promise<Out>;
    try {
      predicted = work.run(joinAll(batch, rowCount), rowCount);
    } catch (error) {
      predicted = Promise.reject(error as Error);
    }
    predicted.then(
      (output) => end(call, () => settle(call, output)),
      (error: Error) => end(call, () => failAll(call, error)),
    );
  }

  function joinAll(batch: readonly Waits[], rowCount: number): In {
    const [first] = batch;
    if (first && batch.length === 1) return first.input;
    return work.join(
      batch.map(({ input }) => input),
      rowCount,
    );
  }

  function end(call: Running<In, Out>, settleAll: () => void): void {
    leave(call);
    settleAll();
    beginNext();
  }

  function leave(call: Running<In, Out>): void {
    running.delete(call);
    if (!call.isLeft) places++;
    call.isLeft = true;
  }

  function settle({ batch, rowCount, begun }: Running<In, Out>, output: Out): void {
    const inferenceMs = performance.now() - begun;
    cost.learn(rowCount, inferenceMs);
    let from = 0;
    for (const waiting of batch) {
      const to = from + waiting.rowCount;
      if (!waiting.isSettled) {
        waiting.isSettled = true;
        const own = batch.length === 1 ? output : work.part(output, from, to, rowCount);
        waiting.resolve({ output: own, queueMs: begun - waiting.since, inferenceMs });
      }
      from = to;
    }
  }

  /** What one request brought must not fail the others: all are asked again, each alone, before whoever waits. */
  function failAll({ batch }: Running<In, Out>, error: Error): void {
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
    const look = (waiting: Waits) => {
      if (waiting.isSettled) return;
      if (waiting.until <= now) expire(waiting);
      else next = Math.min(next, waiting.until);
    };
    for (const call of running) {
      call.batch.forEach(look);
      // What comes after the time is ignored; it frees its place at once.
      if (!call.isLeft && call.batch.every((waiting) => waiting.isSettled)) leave(call);
    }
    for (let i = head; i < queue.length; i++) look(queue[i] as Waits);
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
    submit: (input, rowCount, timeoutMs, isGone) =>
      new Promise((resolve, reject) => {
        const since = performance.now();
        const until = since + timeoutMs;
        queue.push({
          ...{ input, rowCount, since, until, timeoutMs, isGone, resolve, reject },
          ...{ isSettled: false, isAlone: false },
        });
        waitingRows += rowCount;
        usualRows += (rowCount - usualRows) / 64;
        watch(until);
        if (places > 0) beginNext();
      }),
    addLoad(load) {
      if (places <= 0) load.isBusy = true;
      load.waiting += queue.length - head;
      if (waitingRows > 0) load.waitingMs += cost.of(waitingRows);
      load.serviceMs += cost.of(usualRows);
    },
    expectedWaitMs,
    expectedCostMs: (rowCount) => cost.of(rowCount),
  };
}

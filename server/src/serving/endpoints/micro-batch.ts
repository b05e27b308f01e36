/**
 * Few calls at once to a runtime; what arrives meanwhile goes together in the next one. Alone, a request is passed on
 * at once; under load, batches of rows cost the runtime hardly more than single ones.
 */

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
  readonly resolve: (batched: Batched) => void;
  readonly reject: (error: Error) => void;
}

/** The runtime gave no answer in time. */
export class BatchTimeout extends Error {
  override readonly name = 'BatchTimeout';
}

export interface MicroBatch {
  /** Rejects with the runtime's error, or with `BatchTimeout` after `timeoutMs`, waiting time included. */
  submit(rows: Float32Array, rowCount: number, timeoutMs: number): Promise<Batched>;
}

const maximumRows = 512;

export function createMicroBatch(runtime: BatchRuntime, featureCount: number, concurrency = 2): MicroBatch {
  let running = 0;
  let queue: Waiting[] = [];

  function takeBatch(): Waiting[] {
    let rows = 0;
    let taken = 0;
    while (taken < queue.length) {
      rows += queue[taken]?.rowCount ?? 0;
      if (taken > 0 && rows > maximumRows) break;
      taken++;
    }
    const batch = queue.slice(0, taken);
    queue = queue.slice(taken);
    return batch;
  }

  async function run(batch: Waiting[], timeoutMs: number): Promise<void> {
    running++;
    const begun = performance.now();
    try {
      const values = await withTimeout(
        predict(batch),
        timeoutMs - (begun - (batch[0]?.since ?? begun)),
        timeoutMs,
      );
      settle(batch, values, begun);
    } catch (error) {
      for (const waiting of batch) waiting.reject(error as Error);
    } finally {
      running--;
      if (queue.length > 0) void run(takeBatch(), timeoutMs);
    }
  }

  function predict(batch: Waiting[]): Promise<ArrayLike<number>> {
    const [first] = batch;
    if (first && batch.length === 1) return runtime.predict(first.rows, first.rowCount, featureCount);
    const total = batch.reduce((sum, waiting) => sum + waiting.rowCount, 0);
    const rows = new Float32Array(total * featureCount);
    let offset = 0;
    for (const waiting of batch) {
      rows.set(waiting.rows, offset);
      offset += waiting.rowCount * featureCount;
    }
    return runtime.predict(rows, total, featureCount);
  }

  function settle(batch: Waiting[], values: ArrayLike<number>, begun: number): void {
    const inferenceMs = performance.now() - begun;
    const total = batch.reduce((sum, waiting) => sum + waiting.rowCount, 0);
    const width = values.length / total;
    let offset = 0;
    for (const { resolve, rowCount, since } of batch) {
      resolve({ values: toScalars(values, width, offset, rowCount), queueMs: begun - since, inferenceMs });
      offset += rowCount;
    }
  }

  return {
    submit: (rows, rowCount, timeoutMs) =>
      new Promise((resolve, reject) => {
        queue.push({ rows, rowCount, since: performance.now(), resolve, reject });
        if (running < concurrency) void run(takeBatch(), timeoutMs);
      }),
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

/** What comes after the time is ignored; it frees its place in the queue at once. */
function withTimeout<T>(work: Promise<T>, leftMs: number, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new BatchTimeout(`timeout after ${timeoutMs} ms`));
    const timer = setTimeout(late, Math.max(0, leftMs));
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

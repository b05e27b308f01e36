import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

export interface CheckpointOptions {
  readonly file: string;
  /** As on the writer's connection. */
  readonly synchronous: string;
}

const workerFile = new URL('./checkpoint-worker.ts', import.meta.url);
const lookEveryMs = 2_000;
/** A log shorter than this is not worth a thread: most processes never write so much. */
const worthBytes = 4 * 1024 * 1024;

/**
 * Checkpoints write and sync megabytes. Left to the writer they stop the event loop for tens of milliseconds in the
 * middle of somebody's request; here a thread does them while the log grows. The writer keeps a limit of its own.
 */
export function checkpointInBackground({ file, synchronous }: CheckpointOptions): {
  close(): Promise<void>;
} {
  let worker: Worker | undefined;
  let isBusy = false;
  let lastChange = 0;

  async function look(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    const log = await stat(`${file}-wal`).catch(() => null);
    // The file keeps its length when it is written from the beginning again; its time says whether anything came.
    if (!log || log.size < worthBytes || log.mtimeMs === lastChange) {
      isBusy = false;
      return;
    }
    lastChange = log.mtimeMs;
    worker ??= start();
    worker.postMessage('checkpoint');
  }

  function start(): Worker {
    const started = new Worker(workerFile, { workerData: { file, synchronous } });
    started.unref();
    started.on('message', () => {
      isBusy = false;
    });
    // Without the thread the writer's own limit does its work.
    started.on('error', () => clearInterval(timer));
    return started;
  }

  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await worker?.terminate();
    },
  };
}

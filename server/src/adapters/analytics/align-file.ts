import { Worker } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';
import { createTurns } from '../../base/turns.ts';
import type { AlignReply, AlignRequest } from './analytics.ts';

export interface FileAligner {
  align(request: AlignRequest): Promise<AlignReply>;
  /** Waits for what runs: a thread that is ended during a query takes the program with it. */
  close(): Promise<void>;
}

/** A thread per file, one at a time, since each holds the hashes of all old rows. */
export function fileAligner(): FileAligner {
  const inTurn = createTurns();

  function run(request: AlignRequest): Promise<AlignReply> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./align-worker.ts', import.meta.url), { workerData: request });
      worker.once('message', resolve);
      worker.once('error', (error) =>
        reject(errors.queryFailed({ reason: error instanceof Error ? error.message : String(error) }, error)),
      );
      // After an answer this changes nothing.
      worker.once('exit', () => reject(errors.queryFailed({ reason: 'the thread that aligns rows ended' })));
    });
  }

  return {
    align: (request) => inTurn('align', () => run(request)),
    close: () => inTurn('align', async () => {}),
  };
}

/** Functions for the tests of `worker-pool.ts`, which must live in a module that worker threads can load. */
import { threadId } from 'node:worker_threads';
import { errors } from '../../base/errors.ts';

type Report = (progress: unknown) => void;

export const double = (values: Float64Array): { values: Float64Array; threadId: number } => ({
  values: values.map((value) => value * 2),
  threadId,
});

export function countTo(end: number, report: Report): string {
  for (let i = 1; i <= end; i += 1) report(i);
  return 'done';
}

export function refuse(reference: string): never {
  throw errors.referenceInvalid({ reference, reason: 'a test' });
}

export function fail(): never {
  throw new TypeError('broken');
}

/** Busy until a report throws; `started` lets the test know that it runs. */
export function spin(started: Int32Array, report: Report): never {
  for (;;) {
    Atomics.store(started, 0, 1);
    if (started[1] === 1) report('tick');
  }
}

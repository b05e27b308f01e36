/** Runs in a worker thread of `worker-pool.ts`: calls the function and carries reports and failures back. */
import type { MessagePort } from 'node:worker_threads';
import { TidemillError } from '../../base/errors.ts';

export interface Order {
  readonly module: string;
  readonly name: string;
  readonly input: unknown;
  readonly port: MessagePort;
  /** One number, 1 once the caller is gone. */
  readonly abandoned: Int32Array;
}

/** Errors lose their class between threads, so those of the catalogue travel as code and details. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly failure: { readonly code: string; readonly details: Readonly<Record<string, unknown>> } };

type Report = (progress: unknown) => void;

export async function run({ module, name, input, port, abandoned }: Order): Promise<Outcome> {
  try {
    const exported = (await import(module)) as Record<string, unknown>;
    const found = exported[name];
    if (typeof found !== 'function') throw new Error(`${module} exports no function '${name}'`);
    const report: Report = (progress) => {
      if (Atomics.load(abandoned, 0) === 1) throw new Error('nobody waits for the result any more');
      port.postMessage(progress);
    };
    return { value: await (found as (input: unknown, report: Report) => unknown)(input, report) };
  } catch (error) {
    if (error instanceof TidemillError) return { failure: { code: error.code, details: error.details } };
    throw error;
  } finally {
    port.close();
  }
}

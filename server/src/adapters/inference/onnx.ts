import { stat } from 'node:fs/promises';
import { errors } from '../../base/errors.ts';
import { abortable } from './abortable.ts';
import type { Runtime, Signature } from './inference.ts';
import { type OnnxSession, type OnnxSource, openSession } from './onnx-session.ts';
import { openThread } from './onnx-thread.ts';
import { assertShape, reasonOf } from './shape.ts';
import { tableOf } from './tensor-table.ts';
import type { Tensor } from './tensors.ts';

export interface OnnxOptions {
  /** Bytes of a file that is loaded beside requests: loading holds them up, for trees some 80 ms a megabyte. */
  readonly largestHere?: number;
  /** What is expected to compute for longer goes to a thread of its own, and the others' requests go on. */
  readonly longestHereMs?: number;
}

interface Placed {
  readonly signature: Signature;
  /** Where so many values are computed. */
  at(valueCount: number): OnnxSession | Promise<OnnxSession>;
  release(): Promise<void>;
}

const triedRows = 32;
const tries = 3;

/**
 * In this process: fastest for small models, but a crash inside onnxruntime is a crash of the server. A model that is slow,
 * or large to load, lives on a thread; one that is not gets a second copy there with the first request that would hold up
 * the others.
 */
export async function openOnnx(source: OnnxSource, options: OnnxOptions = {}): Promise<Runtime> {
  const { model } = source;
  const placed = await place(source, options).catch((error: unknown) => {
    throw errors.modelUnreadable({ model, reason: reasonOf(error) }, error);
  });
  const { signature } = placed;
  let closed = false;

  function assertOpen(signal: AbortSignal | undefined): void {
    if (closed) throw errors.runtimeUnavailable({ model, reason: 'it was closed' });
    if (signal?.aborted) throw errors.computeCancelled({ reason: reasonOf(signal.reason) });
  }

  /** Whatever onnxruntime says of a session that was released under it. */
  const orClosed = (error: unknown): unknown =>
    closed ? errors.runtimeUnavailable({ model, reason: 'it was closed' }) : error;

  const infer: Runtime['infer'] = async (inputs, wanted, signal) => {
    assertOpen(signal);
    try {
      const session = await placed.at(valuesIn(inputs));
      return await abortable(session.infer(inputs, wanted), signal);
    } catch (error) {
      throw orClosed(error);
    }
  };

  return {
    kind: 'onnx',
    signature,
    infer,
    ...tableOf(model, signature, infer),
    async predict(rows, rowCount, featureCount, signal) {
      assertOpen(signal);
      assertShape(rows, rowCount, featureCount);
      const found = placed.at(rows.length);
      try {
        if (!(found instanceof Promise)) return await found.run(rows, rowCount, featureCount);
        return await abortable((await found).run(rows, rowCount, featureCount), signal);
      } catch (error) {
        throw orClosed(error);
      }
    },
    describe: () => ({ kind: 'onnx', state: closed ? 'dead' : 'ready', restarts: 0 }),
    async close() {
      if (closed) return;
      closed = true;
      await placed.release();
    },
  };
}

const valuesIn = (inputs: readonly Tensor[]): number =>
  inputs.reduce((sum, { data }) => sum + data.length, 0);

async function place(
  source: OnnxSource,
  { largestHere = 1024 ** 2, longestHereMs = 5 }: OnnxOptions,
): Promise<Placed> {
  let thread: Promise<OnnxSession> | null = null;
  const onThread = (): Promise<OnnxSession> => {
    thread ??= openThread(source, () => {
      thread = null;
    });
    return thread;
  };
  const onThreadAlone = async (): Promise<Placed> => {
    const { signature } = await onThread();
    return {
      signature,
      at: onThread,
      release: async () => (await thread)?.release(),
    };
  };
  const { size } = await stat(source.path).catch(() => ({ size: 0 }));
  if (size > largestHere) return onThreadAlone();
  const here = await openSession(source);
  const cost = await costOf(here, longestHereMs);
  if (cost.rowMs > longestHereMs) {
    await here.release();
    return onThreadAlone();
  }
  return {
    signature: here.signature,
    at: (valueCount) => (cost.rowMs + valueCount * cost.msPerValue > longestHereMs ? onThread() : here),
    async release() {
      await here.release();
      await (await thread)?.release();
    },
  };
}

/** The shortest of some tries, as other work of this process may come between. */
async function costOf(
  session: OnnxSession,
  longestMs: number,
): Promise<{ rowMs: number; msPerValue: number }> {
  const shortest = async (rowCount: number) => {
    const found: { ms: number; valueCount: number }[] = [];
    for (let i = 0; i < tries; i += 1) {
      const tried = await session.tryOut(rowCount).catch(() => null);
      if (tried) found.push(tried);
      if (tried && tried.ms > longestMs) break;
    }
    return found.toSorted((a, b) => a.ms - b.ms)[0];
  };
  const one = await shortest(1);
  // One row that takes too long says enough, and many would hold everything up.
  const many = one && one.ms <= longestMs ? await shortest(triedRows) : undefined;
  if (!one) return { rowMs: 0, msPerValue: 0 };
  const more = many ? many.valueCount - one.valueCount : 0;
  return {
    rowMs: one.ms,
    msPerValue:
      many && more > 0 ? Math.max(0, many.ms - one.ms) / more : one.ms / Math.max(1, one.valueCount),
  };
}

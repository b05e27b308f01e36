/** A loaded model that can be set aside: its memory is free until somebody loads or asks it again. */
import type { Runtime, RuntimeState } from '../../../adapters/inference/inference.ts';
import { errors } from '../../../base/errors.ts';

export interface UnloadableRuntime extends Runtime {
  /** Does nothing to a model that is loaded. */
  load(): Promise<void>;
  /** Resolves when its memory is free: what is computed is computed to its end. */
  unload(): Promise<void>;
}

interface Held {
  readonly runtime: Runtime;
  using: number;
  /** Set once it is to be closed by whoever uses it last. */
  leave: (() => void) | null;
}

/** @param open called again at each load; rejects when the model cannot be loaded */
export async function openUnloadable(
  model: string,
  open: () => Promise<Runtime>,
): Promise<UnloadableRuntime> {
  const first = await open();
  let held: Held | null = hold(first);
  let opening: Promise<void> | null = null;
  let lastState: RuntimeState = first.describe();
  let isClosed = false;

  /** Requests that come while it is being loaded wait for the same load. */
  function reopen(): Promise<void> {
    opening ??= open()
      .then(async (runtime) => {
        held = hold(runtime);
        if (!isClosed) return;
        await runtime.close();
        throw errors.runtimeUnavailable({ model, reason: 'it was closed' });
      })
      .finally(() => {
        opening = null;
      });
    return opening;
  }

  async function use<T>(work: (runtime: Runtime) => Promise<T>): Promise<T> {
    if (isClosed) throw errors.runtimeUnavailable({ model, reason: 'it was closed' });
    // Between the load and this request's turn it may have been set aside again.
    while (!held) await reopen();
    const used: Held = held;
    used.using++;
    try {
      return await work(used.runtime);
    } finally {
      used.using--;
      if (used.using === 0) used.leave?.();
    }
  }

  const { kind, predictTable, signature } = first;
  return {
    kind,
    predict: (rows, rowCount, featureCount, signal) =>
      use((runtime) => runtime.predict(rows, rowCount, featureCount, signal)),
    ...(predictTable && {
      predictTable: (columns, rowCount, signal) =>
        use((runtime) => (runtime.predictTable as typeof predictTable)(columns, rowCount, signal)),
    }),
    infer: (inputs, wanted, signal) => use((runtime) => runtime.infer(inputs, wanted, signal)),
    signature,

    describe(): RuntimeState {
      if (held) return held.runtime.describe();
      const { pid: _gone, ...known } = lastState;
      return { ...known, state: opening ? 'starting' : 'unloaded' };
    },

    async load(): Promise<void> {
      if (!held) await reopen();
    },

    async unload(): Promise<void> {
      if (opening) await opening.catch(() => {});
      if (!held) return;
      const { runtime } = held;
      lastState = runtime.describe();
      const leaving = held;
      held = null;
      if (leaving.using > 0)
        await new Promise<void>((resolve) => {
          leaving.leave = resolve;
        });
      await runtime.close();
    },

    async close(): Promise<void> {
      isClosed = true;
      await held?.runtime.close();
      await opening?.catch(() => {});
    },
  };
}

const hold = (runtime: Runtime): Held => ({ runtime, using: 0, leave: null });

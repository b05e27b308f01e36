/** Loaded models, shared by every variant and revision that serves the same bytes in the same way. */
import type { ModelVersion } from '@tidemill/contract';
import type { Runtime } from '../../../adapters/inference/inference.ts';
import type { BreakerChange } from '../protection/breaker.ts';
import { isSlowToOpen, type RuntimeChoice } from './runtime-choice.ts';
import { createServedModel, type ServedModel } from './served-model.ts';
import { openUnloadable, type UnloadableRuntime } from './unloadable-runtime.ts';

type Open = (model: ModelVersion, choice: RuntimeChoice) => Promise<Runtime>;

export interface RuntimeLease {
  readonly model: ServedModel;
  /** Brings back what was set aside; a request does so by itself. */
  load(): Promise<void>;
  /** Frees its memory until it is loaded or asked, for all who share it. */
  unload(): Promise<void>;
  /** The last one to release it closes the runtime. */
  release(): void;
}

interface Entry {
  readonly opened: Promise<{ readonly model: ServedModel; readonly runtime: UnloadableRuntime }>;
  leases: number;
}

export interface RuntimePoolListeners {
  readonly onCloseFailed: (error: unknown) => void;
  /** The model of so many leases is no longer asked, or asked again. */
  readonly onBreaker?: (served: ServedModel, change: BreakerChange) => void;
}

export function createRuntimePool(open: Open, { onCloseFailed, onBreaker }: RuntimePoolListeners) {
  const entries = new Map<string, Entry>();
  const closing = new Set<Promise<void>>();

  function begin(key: string, model: ModelVersion, choice: RuntimeChoice, concurrency: number | null): Entry {
    const opened = openUnloadable(model.reference, () => open(model, choice)).then((runtime) => {
      const served = createServedModel(runtime, model, {
        concurrency,
        onBreaker: (change) => onBreaker?.(served, change),
      });
      return { model: served, runtime };
    });
    const entry = { opened, leases: 0 };
    entries.set(key, entry);
    return entry;
  }

  function drop(key: string, entry: Entry): void {
    entry.leases--;
    if (entry.leases > 0) return;
    entries.delete(key);
    const closed: Promise<void> = entry.opened
      .then(({ runtime }) => runtime.close())
      .catch(onCloseFailed)
      .finally(() => closing.delete(closed));
    closing.add(closed);
  }

  return {
    /** Loads the model, or shares it; rejects when it cannot be loaded. */
    async lease(
      model: ModelVersion,
      choice: RuntimeChoice,
      concurrency: number | null = null,
    ): Promise<RuntimeLease> {
      const kind = isSlowToOpen(model, choice) ? 'python' : choice.isolation;
      const key = `${kind}:${model.digest}:${concurrency ?? ''}`;
      const entry = entries.get(key) ?? begin(key, model, choice, concurrency);
      entry.leases++;
      try {
        const { model: served, runtime } = await entry.opened;
        let isReleased = false;
        return {
          model: served,
          load: () => runtime.load(),
          unload: () => runtime.unload(),
          release() {
            if (!isReleased) drop(key, entry);
            isReleased = true;
          },
        };
      } catch (error) {
        entry.leases--;
        if (entries.get(key) === entry) entries.delete(key);
        throw error;
      }
    },

    /** Resolves when every runtime nobody leases any more is closed. */
    async settled(): Promise<void> {
      await Promise.all(closing);
    },
  };
}

export type RuntimePool = ReturnType<typeof createRuntimePool>;

/** Several workers of one model; each request goes to the one that has least to do. */
import type { RuntimeState } from './inference.ts';
import type { PythonModel } from './python-model.ts';

export interface PythonPool extends Omit<PythonModel, 'waiting'> {
  /** Never fewer than before. @throws what opening a worker throws; those there are go on */
  grow(workers: number): Promise<void>;
}

export async function openPythonPool(open: () => Promise<PythonModel>, workers: number): Promise<PythonPool> {
  const first = await open();
  const models = [first];
  let growing: Promise<void> = Promise.resolve();
  let isClosed = false;

  /** A worker that is being started again is asked only when there is no other, and says so. */
  function leastBusy(): PythonModel {
    const ready = models.filter((model) => model.describe().state === 'ready');
    return ready.reduce<PythonModel>(
      (least, model) => (model.waiting() < least.waiting() ? model : least),
      ready[0] ?? first,
    );
  }

  async function add(count: number): Promise<void> {
    const found = await Promise.allSettled(
      Array.from({ length: Math.max(0, count - models.length) }, () => open()),
    );
    const opened = found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    if (isClosed) await Promise.all(opened.map((model) => model.close()));
    else models.push(...opened);
    const failed = found.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
  }

  function grow(count: number): Promise<void> {
    const next = growing.then(() => (isClosed ? undefined : add(count)));
    growing = next.catch(() => undefined);
    return next;
  }

  function describe(): RuntimeState {
    const states = models.map((model) => model.describe());
    const ready = states.filter(({ state }) => state === 'ready');
    const shown = ready[0] ?? states[0] ?? first.describe();
    const lastEnd = states.find((state) => state.lastEnd !== undefined)?.lastEnd;
    return {
      ...shown,
      restarts: states.reduce((sum, { restarts }) => sum + restarts, 0),
      ...(lastEnd === undefined ? {} : { lastEnd }),
      ...(models.length > 1 ? { workers: { ready: ready.length, of: models.length } } : {}),
    };
  }

  async function close(): Promise<void> {
    isClosed = true;
    await growing;
    await Promise.all(models.map((model) => model.close()));
  }

  await grow(workers).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    signature: first.signature,
    predict: (...order) => leastBusy().predict(...order),
    infer: (...order) => leastBusy().infer(...order),
    describe,
    grow,
    close,
  };
}

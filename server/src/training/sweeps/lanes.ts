/** More would only wait for each other's cores. */
const lanes = 2;

/** Takes the items in turn, two at a time. A lane that breaks lets the other finish: nothing may be written afterwards. */
export async function inLanes<T>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const due = [...items];
  let broken = false;
  const lane = async (): Promise<void> => {
    for (let item = due.shift(); item !== undefined && !broken; item = due.shift()) {
      signal.throwIfAborted();
      await work(item);
    }
  };
  const stop = (error: unknown) => {
    broken = true;
    throw error;
  };
  const results = await Promise.allSettled(Array.from({ length: lanes }, () => lane().catch(stop)));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BatchWork, createMicroBatch } from './micro-batch.ts';

type Work = BatchWork<number[], number[]>;

/** Adds one to each row, and counts its calls; answers in later turns, so that requests meet. */
function adding(): Work & { readonly calls: number[] } {
  const calls: number[] = [];
  return {
    calls,
    async run(rows, rowCount) {
      calls.push(rowCount);
      await new Promise((resolve) => setImmediate(resolve));
      return rows.map((value) => value + 1);
    },
    join: (inputs) => inputs.flat(),
    part: (output, from, to) => output.slice(from, to),
  };
}

test('every request gets its own rows back, however they were put together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: -999, max: 999 }), { minLength: 1, maxLength: 9 }), {
        maxLength: 30,
      }),
      async (requests) => {
        const runtime = adding();
        const batch = createMicroBatch(runtime);
        const replies = await Promise.all(
          requests.map((values) => batch.submit(values, values.length, 1000)),
        );
        expect(replies.map((reply) => reply.output)).toEqual(
          requests.map((values) => values.map((value) => value + 1)),
        );
        if (requests.length > 4) expect(runtime.calls.length).toBeLessThan(requests.length);
      },
    ),
  );
});

test('a hung runtime fails what waits after its time, and answers again once it can', async () => {
  let hangs = true;
  const good = adding();
  const batch = createMicroBatch<number[], number[]>(
    { ...good, run: (...call) => (hangs ? new Promise(() => {}) : good.run(...call)) },
    { concurrency: 1 },
  );
  const waiting = Array.from({ length: 3 }, () => batch.submit([1], 1, 30));
  const results = await Promise.allSettled(waiting);
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
  hangs = false;
  expect((await batch.submit([3], 1, 1000)).output).toEqual([4]);
});

test('one failing call fails its own requests only', async () => {
  let calls = 0;
  const good = adding();
  const batch = createMicroBatch<number[], number[]>({
    ...good,
    run: (...call) => (calls++ === 0 ? Promise.reject(new Error('broken')) : good.run(...call)),
  });
  await expect(batch.submit([1], 1, 1000)).rejects.toThrow('broken');
  expect((await batch.submit([1], 1, 1000)).output).toEqual([2]);
});

const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const joining = {
  join: (inputs: readonly number[][]) => inputs.flat(),
  part: (output: number[], from: number, to: number) => output.slice(from, to),
};

/** Doubles; takes so long for each call and row, and fails calls that hold a negative row. */
function slow(perCallMs: number, perRowMs = 0) {
  const calls: { rows: number; begun: number }[] = [];
  let atOnce = 0;
  const seen = { most: 0 };
  return {
    calls,
    seen,
    ...joining,
    async run(rows: number[], rowCount: number) {
      calls.push({ rows: rowCount, begun: performance.now() });
      atOnce++;
      seen.most = Math.max(seen.most, atOnce);
      await later(perCallMs + perRowMs * rowCount);
      atOnce--;
      if (rows.some((value) => value < 0)) throw new Error('a bad row');
      return rows.map((value) => value * 2);
    },
  };
}

test('every row is answered exactly once with its own value, whatever fails, leaves or is late', async () => {
  const request = fc.record({
    values: fc.array(fc.integer({ min: -1, max: 400 }), { minLength: 1, maxLength: 5 }),
    timeoutMs: fc.constantFrom(3, 5000),
    isGone: fc.boolean(),
    wait: fc.integer({ min: 0, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { maxLength: 25 }),
      fc.integer({ min: 1, max: 3 }),
      async (all, places) => {
        const runtime = slow(1);
        const batch = createMicroBatch(runtime, { concurrency: places });
        let settled = 0;
        const asked = [];
        for (const { values, timeoutMs, isGone, wait } of all) {
          const submitted = batch.submit(values, values.length, timeoutMs, () => isGone);
          asked.push(Promise.allSettled([submitted.finally(() => settled++)]));
          if (wait > 0) await later(wait);
        }
        const results = (await Promise.all(asked)).flat();
        expect(settled).toBe(all.length);
        expect(runtime.seen.most).toBeLessThanOrEqual(places);
        results.forEach((result, i) => {
          const { values, timeoutMs, isGone } = all[i] as (typeof all)[number];
          if (result.status === 'fulfilled') {
            expect(result.value.output).toEqual(values.map((value) => value * 2));
            expect(values.every((value) => value >= 0)).toBe(true);
            return;
          }
          const { name, message } = result.reason as Error;
          if (name === 'CallerGone') expect(isGone).toBe(true);
          else if (name === 'BatchTimeout') expect(timeoutMs).toBe(3);
          else expect([message, values.some((value) => value < 0)]).toEqual(['a bad row', true]);
        });
        expect(batch.expectedWaitMs()).toBe(0);
      },
    ),
    { numRuns: 40 },
  );
});

test('each is answered by its own time, though a longer one is before it', async () => {
  const batch = createMicroBatch<number[], number[]>(
    { ...joining, run: () => new Promise(() => {}) },
    { concurrency: 1 },
  );
  const begun = performance.now();
  const long = batch.submit([1], 1, 300).catch((error: Error) => error);
  const short = batch.submit([1], 1, 20).catch((error: Error) => error);
  expect(await short).toMatchObject({ name: 'BatchTimeout', message: 'timeout after 20 ms' });
  expect(performance.now() - begun).toBeLessThan(200);
  expect(await long).toMatchObject({ message: 'timeout after 300 ms' });
});

test('work whose caller has left, or whose time is over, is not begun', async () => {
  const runtime = slow(30);
  const batch = createMicroBatch(runtime, { concurrency: 1 });
  let isGone = false;
  const first = batch.submit([1], 1, 1000);
  const left = batch.submit([2], 1, 1000, () => isGone);
  const late = batch.submit([3], 1, 10);
  isGone = true;
  await expect(late).rejects.toMatchObject({ name: 'BatchTimeout' });
  await expect(left).rejects.toMatchObject({ name: 'CallerGone' });
  expect((await first).output).toEqual([2]);
  expect(runtime.calls).toHaveLength(1);
});

test('alone, a request begins at once, and a batch grows no longer than its members can wait', async () => {
  const runtime = slow(2, 2);
  const batch = createMicroBatch(runtime, { concurrency: 1 });
  const ask = (rows: number, timeoutMs: number) => batch.submit(new Array(rows).fill(1), rows, timeoutMs);
  const begun = performance.now();
  await ask(1, 1000);
  expect((runtime.calls[0]?.begun ?? 0) - begun).toBeLessThan(5);
  for (const rows of [5, 10, 1, 5]) await ask(rows, 1000);
  expect(batch.expectedCostMs(20)).toBeGreaterThan(30);
  runtime.calls.length = 0;
  await Promise.all(Array.from({ length: 41 }, () => ask(1, 400)));
  const sizes = runtime.calls.map((call) => call.rows);
  expect(sizes[0]).toBe(1);
  expect(sizes.reduce((sum, rows) => sum + rows, 0)).toBe(41);
  runtime.calls.length = 0;
  await Promise.allSettled(Array.from({ length: 41 }, () => ask(1, 45)));
  expect(Math.max(...runtime.calls.map((call) => call.rows))).toBeLessThan(30);
});

test('what is waiting says how long the next would wait', async () => {
  const batch = createMicroBatch(slow(20), { concurrency: 1 });
  await batch.submit([1], 1, 1000);
  expect(batch.expectedWaitMs()).toBe(0);
  const asked = [1, 2, 3].map((value) => batch.submit([value], 1, 1000));
  expect(batch.expectedWaitMs()).toBeGreaterThan(10);
  await Promise.all(asked);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMicroBatch } from './micro-batch.ts';

/** Sums each row, and counts its calls; answers in later turns, so that requests meet. */
function summing(width = 1) {
  const calls: number[] = [];
  return {
    calls,
    async predict(rows: Float32Array, rowCount: number, featureCount: number) {
      calls.push(rowCount);
      await new Promise((resolve) => setImmediate(resolve));
      return Float64Array.from(
        { length: rowCount * width },
        (_, i) =>
          rows
            .subarray(Math.floor(i / width) * featureCount, (Math.floor(i / width) + 1) * featureCount)
            .reduce((a, b) => a + b, 0) +
          (i % width),
      );
    },
  };
}

test('every request gets its own rows back, however they were put together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: -999, max: 999 }), { minLength: 1, maxLength: 9 }), {
        maxLength: 30,
      }),
      async (requests) => {
        const runtime = summing();
        const batch = createMicroBatch(runtime, 2);
        const replies = await Promise.all(
          requests.map((values) =>
            batch.submit(Float32Array.from(values.flatMap((value) => [value, 1])), values.length, 1000),
          ),
        );
        expect(replies.map((reply) => Array.from(reply.values))).toEqual(
          requests.map((values) => values.map((value) => value + 1)),
        );
        if (requests.length > 4) expect(runtime.calls.length).toBeLessThan(requests.length);
      },
    ),
  );
});

test('of two classes the second is the value', async () => {
  const batch = createMicroBatch(summing(2), 1);
  const reply = await batch.submit(Float32Array.of(5, 7), 2, 1000);
  expect(Array.from(reply.values)).toEqual([6, 8]);
});

test('a hung runtime fails what waits after its time, and answers again once it can', async () => {
  let hangs = true;
  const good = summing();
  const batch = createMicroBatch(
    { predict: (...call) => (hangs ? new Promise(() => {}) : good.predict(...call)) },
    1,
    1,
  );
  const waiting = Array.from({ length: 3 }, () => batch.submit(Float32Array.of(1), 1, 30));
  const results = await Promise.allSettled(waiting);
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
  hangs = false;
  expect(Array.from((await batch.submit(Float32Array.of(3), 1, 1000)).values)).toEqual([3]);
});

test('one failing call fails its own requests only', async () => {
  let calls = 0;
  const good = summing();
  const batch = createMicroBatch(
    {
      predict: (...call) => (calls++ === 0 ? Promise.reject(new Error('broken')) : good.predict(...call)),
    },
    1,
  );
  await expect(batch.submit(Float32Array.of(1), 1, 1000)).rejects.toThrow('broken');
  expect(Array.from((await batch.submit(Float32Array.of(1), 1, 1000)).values)).toEqual([1]);
});

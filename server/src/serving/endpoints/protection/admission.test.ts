import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAdmission, type Pressure } from './admission.ts';

const limits = { maxQueue: 1000, timeoutMs: 1000 };
const calm: Pressure = { isBusy: false, waiting: 0, waitingMs: 0, serviceMs: 1, loopMs: 0 };

test('a bound on what is under way holds, low first and high last', () => {
  const admission = createAdmission({ ...limits, maxQueue: 10 });
  for (let i = 0; i < 5; i++) expect(admission.tryEnter('low', calm, 0)).toBeNull();
  expect(admission.tryEnter('low', calm, 0)).toMatchObject({ reason: '5 requests are under way' });
  for (let i = 0; i < 4; i++) expect(admission.tryEnter('normal', calm, 0)).toBeNull();
  expect(admission.tryEnter('normal', calm, 0)).not.toBeNull();
  expect(admission.tryEnter('high', calm, 0)).toBeNull();
  expect(admission.tryEnter('high', calm, 0)).not.toBeNull();
  expect(admission.refused()).toBe(3);
  admission.leave(1);
  expect(admission.tryEnter('high', calm, 1)).toBeNull();
});

test('a queue of usual length is let in however slow the model is', () => {
  const admission = createAdmission(limits);
  const pressure = { isBusy: true, waiting: 15, waitingMs: 900, serviceMs: 60, loopMs: 0 };
  expect(admission.tryEnter('normal', pressure, 1000)).toBeNull();
});

test('a long queue that is quick is let in; one that takes long is not, after a rush', () => {
  const admission = createAdmission(limits);
  expect(admission.check('normal', { ...calm, waiting: 200, waitingMs: 4 }, 0)).toBeNull();
  const long = { ...calm, isBusy: true, waiting: 200, waitingMs: 200 };
  admission.check('normal', calm, 1000);
  expect(admission.check('normal', long, 1040)).toBeNull();
  expect(admission.check('normal', { ...long, waitingMs: 600 }, 1040)).not.toBeNull();
  expect(admission.check('normal', long, 1060)).toMatchObject({
    reason: '200 requests wait, which takes 200 ms',
  });
});

test('under pressure low is refused where normal is not, and normal where high is not', () => {
  fc.assert(
    fc.property(
      fc.record({
        isBusy: fc.boolean(),
        waiting: fc.nat(200),
        waitingMs: fc.double({ min: 0, max: 500, noNaN: true }),
        serviceMs: fc.double({ min: 0, max: 50, noNaN: true }),
        loopMs: fc.double({ min: 0, max: 500, noNaN: true }),
      }),
      fc.nat(100),
      (pressure, at) => {
        const admission = createAdmission(limits);
        const [low, normal, high] = (['low', 'normal', 'high'] as const).map(
          (priority) => admission.check(priority, pressure, at) === null,
        );
        if (low) expect(normal).toBe(true);
        if (normal) expect(high).toBe(true);
      },
    ),
  );
});

test('a loop that falls behind refuses too, once many are under way', () => {
  const admission = createAdmission(limits);
  const late = { ...calm, serviceMs: 0.05, loopMs: 30 };
  for (let i = 0; i < 64; i++) expect(admission.tryEnter('normal', late, 1000)).toBeNull();
  expect(admission.check('normal', late, 1000)).toMatchObject({
    reason: 'the server is 30 ms behind',
  });
});

test('when to come again is what is under way, at the rate of late', () => {
  const admission = createAdmission({ ...limits, maxQueue: 100 });
  for (let i = 0; i < 100; i++) admission.tryEnter('high', calm, 0);
  expect(admission.tryEnter('high', calm, 0)?.retryAfterSeconds).toBe(1);
  // Twenty answers a second, for three seconds.
  for (let i = 1; i <= 60; i++) {
    admission.leave(i * 50);
    admission.tryEnter('high', calm, i * 50);
  }
  expect(admission.rate(3000)).toBeCloseTo(20, 0);
  expect(admission.tryEnter('high', calm, 3000)?.retryAfterSeconds).toBe(5);
});

/** Open loop on a fake clock: one server that takes a batch at a time, so many requests a second come. */
function simulate(perSecond: number, perCallMs: number, perRowMs: number, seconds: number) {
  const admission = createAdmission(limits);
  const latencies: number[] = [];
  let queue: number[] = [];
  let busyUntil = 0;
  let batch: number[] = [];
  const cost = (rows: number) => perCallMs + perRowMs * rows;
  let refused = 0;
  const serve = (until: number) => {
    while (busyUntil <= until && (batch.length > 0 || queue.length > 0)) {
      for (const came of batch) {
        latencies.push(busyUntil - came);
        admission.leave(busyUntil);
      }
      batch = queue;
      queue = [];
      if (batch.length > 0) busyUntil = Math.max(busyUntil, batch[0] as number) + cost(batch.length);
    }
  };
  for (let i = 0; i < perSecond * seconds; i++) {
    const at = (i * 1000) / perSecond;
    serve(at);
    const waitingMs = queue.length > 0 ? cost(queue.length) : 0;
    const isBusy = batch.length > 0;
    const pressure = { isBusy, waiting: queue.length, waitingMs, serviceMs: cost(1), loopMs: 0 };
    if (admission.tryEnter('normal', pressure, at)) refused++;
    else queue.push(at);
  }
  serve(Number.POSITIVE_INFINITY);
  latencies.sort((a, b) => a - b);
  return { p99: latencies[Math.floor(latencies.length * 0.99)] ?? 0, refused, answered: latencies.length };
}

test.each([
  ['a model that takes 5 ms a row', 0, 5],
  ['one that takes 100 ms a call, and hardly more for many rows', 100, 1],
  ['one that takes 1 ms a row and 1 ms a call', 1, 1],
])(
  'three times what %s can answer: those let in are answered quickly, as many as it can',
  (_name, call, row) => {
    // At most so many rows fit into a second; a batch of sixteen is what usually waits.
    const capacity = (1000 * 16) / (call + 16 * row);
    const over = simulate(3 * capacity, call, row, 20);
    expect(over.p99).toBeLessThan(2 * 2 * (call + 16 * row) + 60);
    expect(over.answered).toBeGreaterThan(0.9 * capacity * 20);
    const under = simulate(0.6 * capacity, call, row, 20);
    expect(under.refused).toBe(0);
  },
);

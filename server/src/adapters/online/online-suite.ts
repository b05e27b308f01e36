import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { OnlineRow, OnlineStore } from './online.ts';

const row = (key: string, eventTime: number, values: OnlineRow['values'] = {}): OnlineRow => ({
  key,
  eventTime,
  values,
});

const someKey = fc.constantFrom(
  'a',
  'b',
  "c'; drop table online_rows; --",
  'd\u0000e',
  'd',
  'é',
  'e\u0301',
  '🌊',
);
const someRow = fc.record({
  key: someKey,
  eventTime: fc.integer({ min: -3, max: 3 }),
  values: fc.record({ n: fc.integer() }),
});
const someWrites = fc.array(fc.array(someRow, { maxLength: 8 }), { maxLength: 6 });

/** What the store must hold after these writes, in the plainest words. */
function toExpected(writes: readonly (readonly OnlineRow[])[]): Map<string, OnlineRow> {
  const newest = new Map<string, OnlineRow>();
  for (const candidate of writes.flat()) {
    const held = newest.get(candidate.key);
    if (held === undefined || candidate.eventTime >= held.eventTime) newest.set(candidate.key, candidate);
  }
  return newest;
}

/** What every kind of online store promises. `open` gives a new, empty one at each call. */
export function onlineSuite(open: () => Promise<OnlineStore>): void {
  const openForTest = async () => {
    const store = await open();
    onTestFinished(() => store.close());
    return store;
  };

  test('after any writes in any order, each key holds its newest row, and the later of equals', async () => {
    const store = await openForTest();
    let run = 0;
    const property = fc.asyncProperty(someWrites, async (writes) => {
      const view = `view ${run++}`;
      for (const rows of writes) await store.write(view, rows);
      for (const [key, { eventTime, values }] of toExpected(writes)) {
        expect(await store.read(view, [key])).toEqual([{ eventTime, values }]);
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('writing the same again changes nothing', async () => {
    const store = await openForTest();
    let run = 0;
    const property = fc.asyncProperty(
      fc.uniqueArray(someRow, { selector: ({ key }) => key }),
      async (rows) => {
        const view = `view ${run++}`;
        const keys = rows.map(({ key }) => key);
        expect(await store.write(view, rows)).toEqual({ written: rows.length });
        const first = await store.read(view, keys);
        await store.write(view, rows.toReversed());
        expect(await store.read(view, keys)).toEqual(first);
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  test('an older row is not kept and not counted', async () => {
    const store = await openForTest();
    expect(await store.write('v', [row('a', 10, { n: 1 })])).toEqual({ written: 1 });
    expect(await store.write('v', [row('a', 9, { n: 2 }), row('b', 9)])).toEqual({ written: 1 });
    expect(await store.write('v', [])).toEqual({ written: 0 });
    expect(await store.read('v', ['a'])).toEqual([{ eventTime: 10, values: { n: 1 } }]);
  });

  test('concurrent writers leave the newest of them all', async () => {
    const store = await openForTest();
    const writers = Array.from({ length: 10 }, (_, n) =>
      store.write(
        'v',
        Array.from({ length: 1_500 }, (_, k) => row(`k${k}`, (n * 7 + k) % 10, { n })),
      ),
    );
    await Promise.all(writers);
    const answers = await store.read('v', ['k0', 'k777', 'k1499']);
    expect(answers.map((answer) => answer?.eventTime)).toEqual([9, 9, 9]);
  });

  test('answers stand in the order of the keys, repeated and unknown ones included', async () => {
    const store = await openForTest();
    await store.write('v', [row('a', 1, { n: 1 }), row('b', 2, { n: 2 })]);
    const answers = await store.read('v', ['b', 'nobody', 'a', 'b', '']);
    expect(answers.map((answer) => answer?.values.n)).toEqual([2, undefined, 1, 2, undefined]);
    expect(answers[1]).toBeNull();
    expect(await store.read('v', [])).toEqual([]);
  });

  test('keys of any text stay apart, and values of any JSON come back', async () => {
    const store = await openForTest();
    let run = 0;
    const property = fc.asyncProperty(
      fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), { maxLength: 10 }),
      fc.jsonValue(),
      async (keys, value) => {
        const view = `view ${run++} ${keys[0] ?? ''}`;
        await store.write(
          view,
          keys.map((key, n) => row(key, n, { key, value })),
        );
        const expected = keys.map((key, n) => ({
          eventTime: n,
          values: JSON.parse(JSON.stringify({ key, value })),
        }));
        expect(await store.read(view, keys)).toEqual(expected);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  test('a number that JSON cannot hold is null, and far event times are exact', async () => {
    const store = await openForTest();
    await store.write('v', [
      row('a', Number.MAX_SAFE_INTEGER, { x: Number.NaN, y: Number.POSITIVE_INFINITY }),
    ]);
    await store.write('v', [row('b', Number.MIN_SAFE_INTEGER)]);
    expect(await store.read('v', ['a', 'b'])).toEqual([
      { eventTime: Number.MAX_SAFE_INTEGER, values: { x: null, y: null } },
      { eventTime: Number.MIN_SAFE_INTEGER, values: {} },
    ]);
  });

  test.each([
    ['an empty key', row('', 1)],
    ['a key without end', row('k'.repeat(1_025), 1)],
    ['half a surrogate pair', row('a\ud800', 1)],
    ['an event time between milliseconds', row('a', 1.5)],
    ['no event time', row('a', Number.NaN)],
    ['an event time past exactness', row('a', 2 ** 53)],
    ['values that are not JSON', row('a', 1, { n: 1n })],
  ])('%s refuses the whole write', async (_, wrong) => {
    const store = await openForTest();
    await expect(store.write('v', [row('good', 1), wrong])).rejects.toMatchObject({
      code: 'onlineRowInvalid',
    });
    expect(await store.read('v', ['good'])).toEqual([null]);
  });

  test('drop forgets one view, however large, and no other', async () => {
    const store = await openForTest();
    const many = Array.from({ length: 2_500 }, (_, n) => row(`k${n}`, 1));
    await store.write('gone', many);
    await store.write('kept', [row('k0', 1)]);
    await store.drop('gone');
    await store.drop('never there');
    const keys = many.map(({ key }) => key);
    expect((await store.read('gone', keys)).every((answer) => answer === null)).toBe(true);
    expect(await store.read('kept', ['k0'])).toEqual([{ eventTime: 1, values: {} }]);
    expect(await store.write('gone', [row('k0', 0)])).toEqual({ written: 1 });
  });
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { type OnlineRow, type OnlineStore, type OnlineValues, separator } from './online.ts';

const row = (key: string, eventTime: number, values: unknown = []): OnlineRow => ({
  key,
  eventTime,
  values: JSON.stringify(values),
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
  values: fc.integer().map((n) => JSON.stringify([n])),
});
const someWrites = fc.array(fc.array(someRow, { maxLength: 8 }), { maxLength: 6 });

const readOne = async (
  store: OnlineStore,
  view: string,
  keys: readonly string[],
): Promise<(OnlineValues | null)[]> => (await store.read([{ view, keys }]))[0] ?? [];

async function fileOf(lines: readonly string[]): Promise<string> {
  const path = join(await tempDir(), 'rows');
  await writeFile(path, lines.join(''));
  return path;
}
const lineOf = ({ key, eventTime, values }: OnlineRow): string =>
  `${[key, eventTime, values].join(separator)}\n`;

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

  test('erases a subject by some or all of its key columns, and nobody else', async () => {
    const store = await openForTest();
    const keys = ['["a",7]', '["a",70]', '["b",7]', '["7","a"]', '["a\\"",7]', '["a",9007199254740993]'];
    await store.write(
      'v',
      keys.map((key) => row(key, 1)),
    );
    await store.write('w', [row('["a",7]', 1)]);
    const of = (key: Record<string, string>) => ({ entity: ['shop', 'n'], key });
    expect(await store.count('v', of({ n: '7' }))).toBe(3);
    expect(await store.count('v', of({ n: '9007199254740992' }))).toBe(0);
    expect(await store.count('none', of({ n: '7' }))).toBe(0);
    await store.read([{ view: 'v', keys }]);
    expect(await store.erase('v', of({ shop: 'a', n: '7' }))).toBe(1);
    expect(await store.erase('v', of({ shop: 'a', n: '7' }))).toBe(0);
    const left = (await readOne(store, 'v', keys)).map((found) => found !== null);
    expect(left).toEqual([false, true, true, true, true, true]);
    expect(await store.count('w', of({ shop: 'a' }))).toBe(1);
    expect(await store.erase('v', of({ shop: 'a' }))).toBe(2);
  });

  test('after any writes in any order, each key holds its newest row, and the later of equals', async () => {
    const store = await openForTest();
    let run = 0;
    const property = fc.asyncProperty(someWrites, async (writes) => {
      const view = `view ${run++}`;
      for (const rows of writes) await store.write(view, rows);
      for (const [key, { eventTime, values }] of toExpected(writes)) {
        expect(await readOne(store, view, [key])).toEqual([{ eventTime, values }]);
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
        const first = await readOne(store, view, keys);
        await store.write(view, rows.toReversed());
        expect(await readOne(store, view, keys)).toEqual(first);
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  test('an older row is not kept and not counted', async () => {
    const store = await openForTest();
    expect(await store.write('v', [row('a', 10, [1])])).toEqual({ written: 1 });
    expect(await store.write('v', [row('a', 9, [2]), row('b', 9)])).toEqual({ written: 1 });
    expect(await store.write('v', [])).toEqual({ written: 0 });
    expect(await readOne(store, 'v', ['a'])).toEqual([{ eventTime: 10, values: '[1]' }]);
  });

  test('concurrent writers leave the newest of them all', async () => {
    const store = await openForTest();
    const writers = Array.from({ length: 10 }, (_, n) =>
      store.write(
        'v',
        Array.from({ length: 1_500 }, (_, k) => row(`k${k}`, (n * 7 + k) % 10, [n])),
      ),
    );
    await Promise.all(writers);
    const answers = await readOne(store, 'v', ['k0', 'k777', 'k1499']);
    expect(answers.map((answer) => answer?.eventTime)).toEqual([9, 9, 9]);
  });

  test('answers stand in the order of the keys, repeated and unknown ones included', async () => {
    const store = await openForTest();
    await store.write('v', [row('a', 1, [1]), row('b', 2, [2])]);
    const answers = await readOne(store, 'v', ['b', 'nobody', 'a', 'b', '']);
    expect(answers.map((answer) => answer?.values)).toEqual(['[2]', undefined, '[1]', '[2]', undefined]);
    expect(answers[1]).toBeNull();
    expect(await readOne(store, 'v', [])).toEqual([]);
  });

  test('keys of any text stay apart, and values come back as they were', async () => {
    const store = await openForTest();
    let run = 0;
    const property = fc.asyncProperty(
      fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), { maxLength: 10 }),
      fc.jsonValue(),
      async (keys, value) => {
        const view = `view ${run++} ${keys[0] ?? ''}`;
        await store.write(
          view,
          keys.map((key, n) => row(key, n, [key, value])),
        );
        const expected = keys.map((key, n) => ({
          eventTime: n,
          values: JSON.stringify([key, value]),
        }));
        expect(await readOne(store, view, keys)).toEqual(expected);
      },
    );
    await fc.assert(property, { numRuns: 40 });
  });

  test('far event times are exact, to the microsecond', async () => {
    const store = await openForTest();
    const [last, first] = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    await store.write('v', [row('a', last), row('b', first)]);
    expect(await store.write('v', [row('a', last - 1), row('b', first + 1, [1])])).toEqual({ written: 1 });
    expect(await readOne(store, 'v', ['a', 'b'])).toEqual([
      { eventTime: last, values: '[]' },
      { eventTime: first + 1, values: '[1]' },
    ]);
  });

  test('many views are read together', async () => {
    const store = await openForTest();
    const views = Array.from({ length: 50 }, (_, n) => `view${n}`);
    for (const [n, view] of views.entries())
      await store.write(view, [row('a', n, [view]), row('b', 1, ['b'])]);
    const keys = ['a', 'nobody', 'b'];
    const answers = await store.read([...views, 'never'].map((view) => ({ view, keys })));
    expect(answers).toHaveLength(51);
    expect(answers[49]).toEqual([
      { eventTime: 49, values: '["view49"]' },
      null,
      { eventTime: 1, values: '["b"]' },
    ]);
    expect(answers[50]).toEqual([null, null, null]);
    expect(await store.read([])).toEqual([]);
    expect(await store.read([{ view: 'view1', keys: [] }])).toEqual([[]]);
  });

  test('a file of rows is taken like a write, whatever its keys', async () => {
    const store = await openForTest();
    let run = 0;
    const someRows = fc.array(
      fc.record({
        key: fc.string({ unit: 'grapheme', minLength: 1 }).filter((key) => !/[\p{Cc}]/u.test(key)),
        eventTime: fc.integer({ min: -5, max: 5 }),
        values: fc.jsonValue().map((value) => JSON.stringify(value)),
      }),
      { minLength: 1, maxLength: 30 },
    );
    const property = fc.asyncProperty(someRows, async (rows) => {
      const [written, loaded] = [`written ${run}`, `loaded ${run++}`];
      const keys = rows.map(({ key }) => key);
      const { written: count } = await store.write(written, rows);
      expect(await store.load(loaded, await fileOf(rows.map(lineOf)))).toEqual({
        rows: rows.length,
        written: count,
        newest: Math.max(...rows.map(({ eventTime }) => eventTime)),
      });
      expect(await readOne(store, loaded, keys)).toEqual(await readOne(store, written, keys));
    });
    await fc.assert(property, { numRuns: 20 });
  });

  test('a large file is told of while it is read, and does not overwrite newer rows', async () => {
    const store = await openForTest();
    await store.write('v', [row('k7', 2, ['newer'])]);
    const lines = Array.from({ length: 60_000 }, (_, n) => lineOf(row(`k${n}`, 1, [n, 'é'.repeat(20)])));
    const told: number[] = [];
    const path = await fileOf(lines);
    expect(await store.load('v', path, { onProgress: (rows) => told.push(rows) })).toEqual({
      rows: 60_000,
      written: 59_999,
      newest: 1,
    });
    expect(told.length).toBeGreaterThan(1);
    expect(told.at(-1)).toBe(60_000);
    expect(await readOne(store, 'v', ['k7', 'k59999'])).toEqual([
      { eventTime: 2, values: '["newer"]' },
      { eventTime: 1, values: JSON.stringify([59_999, 'é'.repeat(20)]) },
    ]);
  });

  test('the filling from a file stops when nobody waits for it', async () => {
    const store = await openForTest();
    const lines = Array.from({ length: 60_000 }, (_, n) => lineOf(row(`k${n}`, 1, ['x'.repeat(50)])));
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    const loading = store.load('v', await fileOf(lines), { signal: controller.signal, onProgress });
    await expect(loading).rejects.toThrow('enough');
    expect(await store.write('v', [row('still', 1)])).toEqual({ written: 1 });
  });

  test.each([
    ['a line of two parts', `a${separator}1\n`],
    ['a line without a time', `a${separator}${separator}[]\n`],
    ['a time that is none', `a${separator}soon${separator}[]\n`],
    ['a time past exactness', `a${separator}9007199254740993${separator}[]\n`],
    ['an empty key', `${separator}1${separator}[]\n`],
  ])('%s ends the file with a reason', async (_, line) => {
    const store = await openForTest();
    await expect(store.load('v', await fileOf([line]))).rejects.toMatchObject({ code: 'onlineRowInvalid' });
    await expect(store.load('v', join(await tempDir(), 'nothing'))).rejects.toThrow(/ENOENT/);
  });

  test.each([
    ['an empty key', row('', 1)],
    ['a key without end', row('k'.repeat(1_025), 1)],
    ['half a surrogate pair', row('a\ud800', 1)],
    ['an event time between microseconds', row('a', 1.5)],
    ['no event time', row('a', Number.NaN)],
    ['an event time past exactness', row('a', 2 ** 53)],
    ['values with half a surrogate pair', { ...row('a', 1), values: 'x\ud800' }],
  ])('%s refuses the whole write', async (_, wrong) => {
    const store = await openForTest();
    await expect(store.write('v', [row('good', 1), wrong])).rejects.toMatchObject({
      code: 'onlineRowInvalid',
    });
    expect(await readOne(store, 'v', ['good'])).toEqual([null]);
  });

  test('whoever reads after a write, a file or a drop sees it, whatever was read before', async () => {
    const store = await openForTest();
    const now = async () =>
      (await readOne(store, 'v', ['a', 'b']))?.map((answer) => answer?.eventTime ?? null);
    expect(await now()).toEqual([null, null]);
    await store.write('v', [row('a', 1), row('b', 1)]);
    expect(await now()).toEqual([1, 1]);
    await store.write('v', [row('a', 2)]);
    expect(await now()).toEqual([2, 1]);
    await store.load('v', await fileOf([lineOf(row('a', 1)), lineOf(row('b', 3))]));
    expect(await now()).toEqual([2, 3]);
    // A thread may write by now.
    await store.write('v', [row('a', 4)]);
    expect(await now()).toEqual([4, 3]);
    await store.drop('v');
    expect(await now()).toEqual([null, null]);
  });

  test('a mark is set, replaced where it is the one that is meant, and lost with the rows', async () => {
    const store = await openForTest();
    expect(await store.mark('v', { from: 'a', to: 'b' })).toBe(false);
    expect(await store.mark('v', { to: 'a' })).toBe(true);
    expect(await store.mark('other', { from: 'a', to: 'b' })).toBe(false);
    expect(await store.mark('v', { from: 'b', to: 'c' })).toBe(false);
    expect(await store.mark('v', { from: 'a', to: 'a' })).toBe(true);
    expect(await store.mark('v', { from: 'a', to: "b'; --é" })).toBe(true);
    await store.write('v', [row('k', 1)]);
    expect(await store.mark('v', { from: "b'; --é", to: 'c' })).toBe(true);
    await store.drop('v');
    expect(await store.mark('v', { from: 'c', to: 'd' })).toBe(false);
  });

  test('drop forgets one view, however large, and no other', async () => {
    const store = await openForTest();
    const many = Array.from({ length: 2_500 }, (_, n) => row(`k${n}`, 1));
    await store.write('gone', many);
    await store.write('kept', [row('k0', 1)]);
    await store.drop('gone');
    await store.drop('never there');
    const keys = many.map(({ key }) => key);
    expect((await readOne(store, 'gone', keys)).every((answer) => answer === null)).toBe(true);
    expect(await readOne(store, 'kept', ['k0'])).toEqual([{ eventTime: 1, values: '[]' }]);
    expect(await store.write('gone', [row('k0', 0)])).toEqual({ written: 1 });
  });
}

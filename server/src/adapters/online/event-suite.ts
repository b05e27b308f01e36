import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../testing/temp-dir.ts';
import { gone, isFrom, withBase, withEvents } from './event-list.ts';
import {
  type EventFileOptions,
  eventSeparator,
  type OnlineEvent,
  type OnlineRow,
  type OnlineStore,
  type OnlineValues,
  parseEventList,
  separator,
} from './online.ts';

const event = (key: string, id: string, at: number, version = 0, since = at): OnlineEvent => ({
  key,
  id,
  version,
  eventTime: at,
  since,
  event: `[${at},"${id} of ${key}"]`,
});

type Line = Pick<OnlineRow, 'key' | 'eventTime'> & { readonly first: number | null; readonly base: string };
type Step =
  | { readonly kind: 'append'; readonly events: readonly OnlineEvent[]; readonly before: number }
  | { readonly kind: 'load'; readonly lines: readonly Line[]; readonly file: EventFileOptions };

const someKey = fc.constantFrom('a', 'b', 'c d', '🌊');
const someTime = fc.integer({ min: -2, max: 12 });
const someEvent = fc
  .tuple(someKey, fc.constantFrom('i', 'j', 'k', 'l'), someTime, fc.integer({ min: 0, max: 5 }), someTime)
  .map((parts) => event(...parts));
const someLine = fc.record({
  key: someKey,
  eventTime: someTime,
  first: fc.option(someTime),
  base: fc.array(fc.integer(), { maxLength: 3 }).map((some) => JSON.stringify(some)),
});
const someStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('append' as const),
    events: fc.array(someEvent, { minLength: 1, maxLength: 6 }),
    before: someTime,
  }),
  fc.record({
    kind: fc.constant('load' as const),
    lines: fc.uniqueArray(someLine, { selector: ({ key }) => key, maxLength: 4 }),
    file: fc.record({
      run: fc.constantFrom('run-1', 'run-2', 'run-3'),
      version: fc.integer({ min: 0, max: 5 }),
      before: someTime,
      isWhole: fc.boolean(),
    }),
  }),
);

const valuesOf = ({ first, base }: Line): string => `${first ?? ''}${eventSeparator}${base}`;
const rowOf = (line: Line): OnlineRow => ({
  key: line.key,
  eventTime: line.eventTime,
  values: valuesOf(line),
});

async function fileOf(lines: readonly Line[]): Promise<string> {
  const path = join(await tempDir(), 'lists');
  const texts = lines.map((line) => `${[line.key, line.eventTime, valuesOf(line)].join(separator)}\n`);
  await writeFile(path, texts.join(''));
  return path;
}

/** What a store does, done to a map. */
function take(held: Map<string, OnlineValues>, step: Step): number {
  if (step.kind === 'append') {
    let written = 0;
    for (const [key, events] of Map.groupBy(step.events, ({ key: name }) => name)) {
      const appended = withEvents(held.get(key) ?? null, events, step.before);
      held.set(key, appended.held);
      written += appended.written;
    }
    return written;
  }
  let written = 0;
  const put = (key: string, next: OnlineValues | null) => {
    const isThere = held.delete(key);
    if (next !== null) held.set(key, next);
    return isThere || next !== null;
  };
  for (const line of step.lines)
    if (put(line.key, withBase(held.get(line.key) ?? null, rowOf(line), step.file))) written += 1;
  if (step.file.isWhole)
    for (const [key, values] of [...held])
      if (!isFrom(values.values, step.file.run)) put(key, withBase(values, gone, step.file));
  return written;
}

/** What every kind of online store promises of lists of events. */
export function eventSuite(open: () => Promise<OnlineStore>): void {
  const openForTest = async () => {
    const store = await open();
    onTestFinished(() => store.close());
    return store;
  };
  const load = async (store: OnlineStore, view: string, lines: readonly Line[], file: EventFileOptions) =>
    store.loadEvents(view, await fileOf(lines), file);
  const readAll = async (store: OnlineStore, view: string, keys: readonly string[]) =>
    (await store.read([{ view, keys }]))[0] ?? [];
  const entriesOf = async (store: OnlineStore, view: string, key: string) => {
    const [held] = await readAll(store, view, [key]);
    return held ? parseEventList(held.values).entries.map(({ id }) => id) : null;
  };
  const file = { run: 'run-1', version: 3, before: -100, isWhole: false };
  const line = { key: 'a', eventTime: 1, first: 1, base: '[[1,0]]' };

  test('lists change as they do in memory, whatever is appended and loaded', async () => {
    const store = await openForTest();
    let run = 0;
    const property = fc.asyncProperty(fc.array(someStep, { maxLength: 8 }), async (steps) => {
      const view = `view ${run++}`;
      const held = new Map<string, OnlineValues>();
      for (const step of steps) {
        const expected = take(held, step);
        const { written } =
          step.kind === 'append'
            ? await store.append(view, step.events, { before: step.before })
            : await load(store, view, step.lines, step.file);
        expect(written).toBe(expected);
        const keys = ['a', 'b', 'c d', '🌊'];
        expect(await readAll(store, view, keys)).toEqual(keys.map((key) => held.get(key) ?? null));
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('an event counts once, by its id and by the version that holds it', async () => {
    const store = await openForTest();
    const append = async (...events: OnlineEvent[]) =>
      (await store.append('v', events, { before: -100 })).written;
    expect(await append(event('a', 'online', 1), event('a', 'three', 2, 3), event('a', 'four', 3, 4))).toBe(
      3,
    );
    expect(await append(event('a', 'online', 1), event('a', 'four', 3, 4))).toBe(0);
    await load(store, 'v', [line], file);
    expect(await entriesOf(store, 'v', 'a')).toEqual(['online', 'four']);
    // A push that was slow: the load was from data that holds it.
    expect(await append(event('a', 'slow', 4, 2))).toBe(0);
    expect(await entriesOf(store, 'v', 'a')).toEqual(['online', 'four']);
    await append(event('a', 'told-later', 5));
    expect(await append(event('a', 'told-later', 5, 3))).toBe(0);
    expect(await entriesOf(store, 'v', 'a')).toEqual(['online', 'four']);
    await load(store, 'v', [line], { ...file, version: 4 });
    expect(await entriesOf(store, 'v', 'a')).toEqual(['online']);
  });

  test('what is old goes, and what a whole file does not have', async () => {
    const store = await openForTest();
    const appended = [event('a', 'old', 1), event('b', 'held', 5, 2), event('c', 'online', 5)];
    await store.append('v', appended, { before: -100 });
    await store.append('other', appended, { before: -100 });
    await store.append('v', [event('a', 'new', 9)], { before: 1 });
    expect(await entriesOf(store, 'v', 'a')).toEqual(['new']);
    await load(store, 'v', [line], { ...file, isWhole: true });
    expect(await readAll(store, 'v', ['b'])).toEqual([null]);
    expect(await entriesOf(store, 'v', 'c')).toEqual(['online']);
    expect(await entriesOf(store, 'other', 'b')).toEqual(['held']);
    await load(store, 'v', [], { ...file, run: 'run-2', before: 5, isWhole: true });
    expect(await readAll(store, 'v', ['a', 'c'])).toMatchObject([{ eventTime: 9 }, null]);
  });

  test('concurrent appends and loads lose nothing and double nothing', async () => {
    const store = await openForTest();
    const ids = Array.from({ length: 40 }, (_, n) => `e${n}`);
    const appends = ids.flatMap((id, n) =>
      [1, 2].map(() => store.append('v', [event('a', id, n)], { before: -100 })),
    );
    const loads = ['run-1', 'run-2', 'run-3'].map((run) => load(store, 'v', [line], { ...file, run }));
    await Promise.all([...appends, ...loads]);
    expect((await entriesOf(store, 'v', 'a'))?.toSorted()).toEqual(ids.toSorted());
    expect(parseEventList((await readAll(store, 'v', ['a']))[0]?.values ?? '')).toMatchObject({
      base: line.base,
      version: 3,
    });
  });

  test('a large file sweeps what it does not have, however much that is', async () => {
    const store = await openForTest();
    const lines = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ ...line, key: `k${from + n}`, base: `[[${n},"é"]]` }));
    await load(store, 'v', lines(0, 25_000), { ...file, isWhole: true });
    const loaded = await load(store, 'v', lines(24_000, 2_000), { ...file, run: 'run-2', isWhole: true });
    expect(loaded).toEqual({ rows: 2_000, written: 2_000, newest: 1 });
    const keys = lines(0, 26_000).map(({ key }) => key);
    const answers = await readAll(store, 'v', keys);
    expect(answers.findIndex((answer) => answer !== null)).toBe(24_000);
    expect(answers.filter((answer) => answer !== null)).toHaveLength(2_000);
  });

  test.each([
    ['an id of two words', { id: 'a b' }],
    ['no id', { id: '' }],
    ['a version that is none', { version: -1 }],
    ['a control character', { event: 'x\u001ey' }],
    ['no time', { since: Number.NaN }],
    ['an empty key', { key: '' }],
  ])('%s refuses all events', async (_, wrong) => {
    const store = await openForTest();
    const events = [event('a', 'good', 1), { ...event('a', 'bad', 1), ...wrong }];
    await expect(store.append('v', events, { before: -100 })).rejects.toMatchObject({
      code: 'onlineRowInvalid',
    });
    expect(await readAll(store, 'v', ['a'])).toEqual([null]);
  });
}

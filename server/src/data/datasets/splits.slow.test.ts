import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Caller } from '../../base/caller.ts';
import { callerIn, createDataWing, type DataWing, textOf } from '../../testing/data-wing.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';

const parts = [
  { name: 'train', share: 0.6 },
  { name: 'valid', share: 0.2 },
  { name: 'test', share: 0.2 },
];
interface Item {
  readonly key: string | null;
  readonly day: number;
  readonly label: string;
}

describeEachDatabase('splits', (open) => {
  let wing: DataWing;
  let workspaces = 0;
  const freshCaller = () => callerIn(`w${(workspaces++).toString()}`);
  beforeAll(async () => {
    wing = await createDataWing(await open());
  });
  afterAll(() => wing.close());

  const commit = (items: readonly Item[], caller: Caller) => {
    const lines = items.map(({ key, day, label }, i) =>
      JSON.stringify({ i, key, day: new Date(day * 86_400_000).toISOString().slice(0, 10), label }),
    );
    const content = Buffer.from(`${lines.join('\n')}\n`);
    return wing.datasets.commit({ name: 't', format: 'ndjson', content }, caller);
  };
  const split = (input: object, caller: Caller) =>
    wing.datasets.split(
      { name: 't', version: 'latest', by: 'hash', columns: ['key'], parts, ...input },
      caller,
    );
  /** The numbers of the rows in each part. */
  async function numbers(references: readonly { reference: string }[], caller: Caller): Promise<number[][]> {
    const found: number[][] = [];
    for (const { reference } of references) {
      const [name = '', version = ''] = reference.split('@');
      const { content } = await wing.datasets.read({ name, version, format: 'json' }, caller);
      const rows = JSON.parse(await textOf(content)) as { i: number }[];
      found.push(rows.map(({ i }) => i));
    }
    return found;
  }
  const itemsOf = (count: number): Item[] =>
    Array.from({ length: count }, (_, i) => ({
      key: i % 10 === 0 ? null : `k${i % 200}`,
      day: 19_000 + Math.floor(i / 7),
      label: i % 200 < 40 ? 'yes' : 'no',
    }));
  const placeOf = (key: string | null, seed: number): number => {
    const text = `${seed}|${key === null ? '-' : `${Buffer.byteLength(key)}:${key}`}`;
    return Number.parseInt(createHash('md5').update(text).digest('hex').slice(0, 13), 16) / 16 ** 13;
  };

  it('by hash puts a key where its MD5 says, whoever computes it', async () => {
    const caller = freshCaller();
    const items = [...itemsOf(1000), { key: 'Zürich, 日本', day: 1, label: 'no' }];
    const { reference } = await commit(items, caller);
    const made = await split({ seed: 7 }, caller);
    expect(made).toMatchObject({ of: reference, name: 'default', by: 'hash', columns: ['key'], seed: 7 });
    expect(made.parts.map((part) => part.reference)).toEqual(['t.train@1', 't.valid@1', 't.test@1']);
    const expected = [0, 1, 2].map((part) =>
      items.flatMap(({ key }, i) => {
        const place = placeOf(key, 7);
        return (place < 0.6 ? 0 : place < 0.8 ? 1 : 2) === part ? [i] : [];
      }),
    );
    expect(await numbers(made.parts, caller)).toEqual(expected);
    expect(await wing.datasets.listSplits({ name: 't', version: '1' }, caller)).toEqual({ items: [made] });
    expect(await wing.datasets.resolve('t.test', caller.workspace)).toMatchObject({
      provenance: { kind: 'split', inputs: ['dataset:t@1'], detail: { part: 'test', share: 0.2, seed: 7 } },
    });
  });

  it('is the same when it is asked for again, and never another under its name', async () => {
    const caller = freshCaller();
    await commit(itemsOf(500), caller);
    const made = await split({}, caller);
    expect(await split({}, caller)).toEqual(made);
    await expect(split({ seed: 1 }, caller)).rejects.toMatchObject({ code: 'datasetSplitExists' });
    const other = await split({ seed: 1, split: 'other' }, caller);
    expect(other.parts[0]?.reference).toBe('t.other.train@1');
    await expect(wing.datasets.delete({ name: 't' }, caller)).rejects.toThrow(/t.train@1/);
  });

  it('by time cuts between times, never within one', async () => {
    const caller = freshCaller();
    const items = itemsOf(700);
    await commit(items, caller);
    const made = await split({ by: 'time', columns: ['day'] }, caller);
    const found = await numbers(made.parts, caller);
    expect(found.flat()).toEqual(items.map((_, i) => i));
    // A hundred days of seven rows each.
    expect(found.map((rows) => rows.length)).toEqual([420, 140, 140]);
  });

  it('stratified keeps the shares in every stratum, and the rows of a key together', async () => {
    const caller = freshCaller();
    const items = itemsOf(2000).map((item) => ({ ...item, key: item.key ?? 'none' }));
    await commit(items, caller);
    const made = await split({ stratify: 'label' }, caller);
    const found = await numbers(made.parts, caller);
    const keysIn = (label: string) =>
      found.map((rows) => {
        const keys = rows.flatMap((i) =>
          items[i]?.label === label && items[i]?.key !== 'none' ? [items[i]?.key] : [],
        );
        return new Set(keys).size;
      });
    // 36 keys say yes and 144 no, besides the one without a name, which most of its rows put to no.
    expect(
      keysIn('yes').map((count) => Math.abs(count - 36 * 0.6) < 1 || Math.abs(count - 36 * 0.2) < 1),
    ).toEqual([true, true, true]);
    expect(keysIn('yes').reduce((sum, count) => sum + count, 0)).toBe(36);
    expect(keysIn('no').reduce((sum, count) => sum + count, 0)).toBe(144);
  });

  describe('of random tables', () => {
    const item = fc.record({
      key: fc.option(fc.string({ maxLength: 3 }), { nil: null }),
      day: fc.integer({ min: 0, max: 20 }),
      label: fc.constantFrom('a', 'b'),
    });
    it('hold every row once, and every key in one part, the one it has in any other table', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(item, { minLength: 40, maxLength: 80 }),
          fc.constantFrom({}, { stratify: 'label' }, { by: 'row', columns: [], stratify: 'label' }),
          async (items, input) => {
            const caller = freshCaller();
            await commit(items, caller);
            const halves = [
              { name: 'a', share: 0.5 },
              { name: 'b', share: 0.5 },
            ];
            const made = await split({ ...input, parts: halves }, caller).catch(
              (error: { code?: string }) => error,
            );
            // Few keys may all fall into one half.
            if (!('parts' in made)) return expect(made.code).toBe('datasetSplitInvalid');
            const found = await numbers(made.parts, caller);
            expect(found.flat().sort((a, b) => a - b)).toEqual(items.map((_, i) => i));
            if ('by' in input) return;
            const [a, b] = found.map((rows) => new Set(rows.map((i) => items[i]?.key)));
            expect([...(a ?? [])].filter((key) => b?.has(key))).toEqual([]);
            if (!('stratify' in input))
              for (const key of a ?? []) expect(placeOf(key ?? null, 0)).toBeLessThan(0.5);
          },
        ),
        { numRuns: 6 },
      );
    });
  });

  it.each([
    [
      {
        parts: [
          { name: 'a', share: 0.5 },
          { name: 'b', share: 0.4 },
        ],
      },
      /sum to 0.9/,
    ],
    [{ columns: [] }, /no key to hash/],
    [{ columns: ['nope'] }, /no column 'nope'/],
    [{ by: 'time', columns: ['key', 'day'] }, /one column/],
    [{ by: 'time', columns: ['key'] }, /'key' is missing in 1 rows/],
    [{ by: 'time', columns: ['label'] }, /the part 'valid' would have no rows/],
  ])('%j is refused', async (input, message) => {
    const caller = freshCaller();
    await commit(itemsOf(9), caller);
    await expect(split(input, caller)).rejects.toThrow(message);
  });
});

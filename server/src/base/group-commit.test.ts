import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGroupCommit, type GroupCommitOptions } from './group-commit.ts';

const build = (change: Partial<GroupCommitOptions<number>> & Pick<GroupCommitOptions<number>, 'commit'>) =>
  createGroupCommit<number>({
    weightOf: () => 1,
    heaviestGroup: 100,
    heaviestQueue: 1_000,
    refusal: () => new Error('too much waits'),
    ...change,
  });

test('what arrives in one turn is one commit; what arrives during a commit is the next one', async () => {
  const groups: number[][] = [];
  const write = build({
    commit: async (entries) => {
      groups.push([...entries]);
      if (groups.length === 1) late.push(write(4), write(5));
      return [];
    },
  });
  const late: Promise<void>[] = [];
  await Promise.all([1, 2, 3].map(write));
  await Promise.all(late);
  expect(groups).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

test('an entry that is refused fails alone', async () => {
  const write = build({
    commit: async (entries) => entries.map((n) => (n === 2 ? new Error('not 2') : undefined)),
  });
  const settled = await Promise.allSettled([1, 2, 3].map(write));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('a commit that fails because of one entry is done again entry by entry', async () => {
  const written: number[] = [];
  const write = build({
    commit: async (entries) => {
      if (entries.includes(2)) throw new Error('2 breaks it');
      written.push(...entries);
      return [];
    },
  });
  const settled = await Promise.allSettled([1, 2, 3].map(write));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(written).toEqual([1, 3]);
});

test('beyond what may wait an entry is refused at once, and what waited is written', async () => {
  const write = build({ heaviestQueue: 10, weightOf: (n) => n, commit: async () => [] });
  const first = write(8);
  await expect(write(5)).rejects.toThrow('too much waits');
  await first;
  // Heavier than the whole queue, but nothing waits: it goes alone.
  await write(50);
});

test('whatever arrives whenever, every entry is committed once, in order, in groups that are not too heavy', async () => {
  const weights = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(weights, fc.integer({ min: 1, max: 5 }), async (list, pause) => {
      const groups: number[][] = [];
      const write = build({
        heaviestQueue: Number.MAX_SAFE_INTEGER,
        weightOf: (index) => list[index] ?? 0,
        commit: async (entries) => {
          groups.push([...entries]);
          return [];
        },
      });
      const writes: Promise<void>[] = [];
      for (const index of list.keys()) {
        writes.push(write(index));
        if (index % pause === 0) await new Promise(setImmediate);
      }
      await Promise.all(writes);
      expect(groups.flat()).toEqual([...list.keys()]);
      for (const group of groups) {
        const weight = group.reduce((sum, index) => sum + (list[index] ?? 0), 0);
        expect(group.length === 1 || weight <= 100).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

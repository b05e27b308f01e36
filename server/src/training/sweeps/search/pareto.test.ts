import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dominates, findFront, hypervolume, rankByDominance, selectByHypervolume } from './pareto.ts';

const pointsOf = (goals: number) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: goals, maxLength: goals }), {
    minLength: 1,
    maxLength: 25,
  });
const points = fc.oneof(pointsOf(2), pointsOf(3));

describe('ranks of dominance', () => {
  test('are those of peeling front after front', () => {
    fc.assert(
      fc.property(points, (all) => {
        const ranks = rankByDominance(all);
        let left = [...all.keys()];
        for (let rank = 0; left.length > 0; rank += 1) {
          const isFree = (index: number) =>
            !left.some((other) => dominates(all[other] ?? [], all[index] ?? []));
          const front = left.filter(isFree);
          for (const index of front) expect(ranks[index]).toBe(rank);
          left = left.filter((index) => !front.includes(index));
        }
        expect(findFront(all)).toEqual([...all.keys()].filter((index) => ranks[index] === 0));
      }),
    );
  });
});

describe('the hypervolume', () => {
  test('counts the cells of a grid', () => {
    fc.assert(
      fc.property(points, (all) => {
        const goals = all[0]?.length ?? 2;
        const isCovered = (cell: readonly number[]) =>
          all.some((point) => point.every((loss, goal) => loss <= (cell[goal] ?? 0)));
        let cells = 0;
        for (let cell = 0; cell < 8 ** goals; cell += 1)
          if (isCovered(Array.from({ length: goals }, (_, goal) => Math.floor(cell / 8 ** goal) % 8)))
            cells += 1;
        expect(hypervolume(all, Array(goals).fill(8))).toBe(cells);
      }),
      { numRuns: 40 },
    );
  });

  test('of no points, and of points that reach nothing, is 0', () => {
    expect(hypervolume([], [1, 1])).toBe(0);
    expect(hypervolume([[1, 0]], [1, 1])).toBe(0);
  });

  // Optuna 5.0.0: optuna._hypervolume.compute_hypervolume
  test('of four goals equals Optuna’s', () => {
    const four = [
      [0.1, 0.9, 0.5, 0.3],
      [0.4, 0.2, 0.6, 0.7],
      [0.8, 0.5, 0.1, 0.2],
    ];
    expect(hypervolume(four, [1, 1, 1, 1])).toBeCloseTo(0.1373, 12);
  });
});

describe('a selection by hypervolume', () => {
  test('adds the most each time, and everything in the end', () => {
    fc.assert(
      fc.property(points, fc.nat(24), (all, wanted) => {
        const size = Math.min(wanted, all.length);
        const reference = Array(all[0]?.length ?? 2).fill(11);
        const chosen = selectByHypervolume(all, size, reference);
        expect(new Set(chosen).size).toBe(size);
        const unique = new Set(all.map(String)).size;
        if (size >= unique) return;
        for (const [place, index] of chosen.entries()) {
          const before = chosen.slice(0, place).map((one) => all[one] ?? []);
          const volumes = all.map((point) => hypervolume([...before, point], reference));
          expect(volumes[index]).toBe(Math.max(...volumes));
        }
      }),
      { numRuns: 40 },
    );
  });
});

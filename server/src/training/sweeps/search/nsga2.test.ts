import { describe, expect, test } from 'vitest';
import type { Individual } from './generations.ts';
import { createNsga2Sampler, measureRoom } from './nsga2.ts';
import { findFront, hypervolume } from './pareto.ts';
import { parseSpace } from './parse-space.ts';
import { createRandomSampler } from './random.ts';
import type { Sampler } from './sampler.ts';
import { play } from './search-testing.ts';
import type { Point } from './space.ts';

const space = parseSpace(
  Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`x${i}`, { type: 'float', low: 0, high: 1 }])),
);
/** ZDT1 (Zitzler, Deb and Thiele, 2000). */
const zdt1 = (point: Point): readonly number[] => {
  const [first = 0, ...rest] = Object.values(point).map(Number);
  const g = 1 + (9 * rest.reduce((sum, x) => sum + x, 0)) / rest.length;
  return [first, g * (1 - Math.sqrt(first / g))];
};

function frontVolume(sampler: Sampler): number {
  const values = play(sampler, 500, 3, zdt1).trials.flatMap((trial) => (trial.values ? [trial.values] : []));
  return hypervolume(values, [1.1, 6]);
}

describe('NSGA-II', () => {
  test('finds a better front than chance, from any seed', () => {
    for (const seed of [1, 2, 3]) {
      const input = { space, seed, directions: ['minimize', 'minimize'] as const };
      const bred = frontVolume(createNsga2Sampler({ ...input, populationSize: 20 }));
      expect(bred).toBeGreaterThan(frontVolume(createRandomSampler(input)) + 0.3);
    }
  });

  test('turns goals that are to be maximized', () => {
    const input = { space, seed: 4, populationSize: 20 };
    const up = createNsga2Sampler({ ...input, directions: ['maximize', 'maximize'] });
    const down = createNsga2Sampler({ ...input, directions: ['minimize', 'minimize'] });
    const negative = (point: Point) => zdt1(point).map((value) => -value);
    expect(play(up, 120, 1, negative).points).toEqual(play(down, 120, 1, zdt1).points);
  });

  test('begins a generation when the one before has its complete trials', () => {
    const sampler = createNsga2Sampler({
      space,
      seed: 5,
      directions: ['minimize', 'minimize'],
      populationSize: 10,
    });
    const { trials } = play(sampler, 60, 0, zdt1);
    for (const generation of [0, 1, 2]) {
      const complete = trials.filter(
        (trial) => trial.generation === generation && trial.state === 'complete',
      );
      expect(complete).toHaveLength(10);
    }
    const all = trials.flatMap(({ values }) => (values ? [values] : []));
    expect(findFront(all).length).toBeGreaterThan(1);
  });

  test('measures room as Optuna: ends are infinitely free, equal goals count for nothing', () => {
    const members = [
      [0, 4, 1],
      [1, 2, 1],
      [3, 1, 1],
      [4, 0, 1],
    ].map((losses, number): Individual => ({ number, losses, point: {} }));
    // Optuna 5.0.0: optuna.samplers.nsgaii._elite_population_selection_strategy._calc_crowding_distance
    expect([...measureRoom(members)].sort(([a], [b]) => a - b)).toEqual([
      [0, Number.POSITIVE_INFINITY],
      [1, 1.5],
      [2, 1.25],
      [3, Number.POSITIVE_INFINITY],
    ]);
  });
});

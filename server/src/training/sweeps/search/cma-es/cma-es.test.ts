import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseSpace } from '../parse-space.ts';
import { play, scoreOfPoint } from '../search-testing.ts';
import type { Point } from '../space.ts';
import { createCmaEsSampler } from './cma-es.ts';
import { beginEvolution, evolve, ratesOf } from './evolution.ts';

interface Golden {
  readonly generations: readonly (readonly { readonly x: number[]; readonly loss: number }[])[];
  readonly mean: readonly number[];
  readonly sigma: number;
  readonly covariance: readonly (readonly number[])[];
}

/** cmaes 0.13.1: python bench/training/optuna_cmaes.py */
const golden = JSON.parse(readFileSync(new URL('cmaes.json', import.meta.url), 'utf8')) as Golden[];

test.each(golden)('moves as cmaes does', ({ generations, mean, sigma, covariance }) => {
  const rates = ratesOf(mean.length);
  let evolution = beginEvolution(new Float64Array(mean.length).fill(0.5), 1 / 6);
  for (const solutions of generations) {
    const told = solutions.map(({ x, loss }) => ({ x: Float64Array.from(x), loss }));
    evolution = evolve(evolution, rates, told);
  }
  expect(evolution.sigma).toBeCloseTo(sigma, 12);
  for (const [i, value] of mean.entries()) expect(evolution.mean[i]).toBeCloseTo(value, 12);
  for (const [k, value] of covariance.flat().entries())
    expect(evolution.covariance[k]).toBeCloseTo(value, 12);
});

const float = { type: 'float', low: -2, high: 2 };
const rosenbrock = ({ x, y }: Point) => [100 * (Number(y) - Number(x) ** 2) ** 2 + (1 - Number(x)) ** 2];

describe('CMA-ES', () => {
  test('walks down a bent valley, whichever way the goal points', () => {
    const space = parseSpace({ x: float, y: float });
    for (const sign of [1, -1]) {
      const direction = sign > 0 ? 'minimize' : 'maximize';
      const sampler = createCmaEsSampler({ space, directions: [direction], seed: 3 });
      const { trials } = play(sampler, 600, 2, (point) => rosenbrock(point).map((value) => sign * value));
      const least = Math.min(...trials.map(({ values }) => (values ? sign * (values[0] ?? 0) : 1)));
      expect(least).toBeLessThan(1e-4);
    }
  });

  test('begins at the best trial that came from elsewhere', () => {
    const space = parseSpace({ x: float, y: float });
    const sampler = createCmaEsSampler({ space, directions: ['minimize'], seed: 1 });
    for (const [number, [x, y, loss]] of [
      [1.5, -1.5, 1],
      [0, 0, 2],
    ].entries())
      sampler.tell({
        ...{
          number: 1000 + number,
          state: 'complete',
          values: [loss ?? 0],
          lastReport: null,
          generation: null,
        },
        parameters: { x: x ?? 0, y: y ?? 0 },
      });
    const points = Array.from({ length: 60 }, (_, number) => sampler.ask(number)?.parameters);
    const mean = (name: string) =>
      points.reduce((sum, point) => sum + Number(point?.[name]), 0) / points.length;
    expect(mean('x')).toBeGreaterThan(0.7);
    expect(mean('y')).toBeLessThan(-0.7);
  });

  test('refuses several goals', () => {
    const space = parseSpace({ x: float });
    expect(() => createCmaEsSampler({ space, directions: ['minimize', 'minimize'], seed: 1 })).toThrow(
      /cma-es follows one goal, and there are 2; use tpe or nsga2/,
    );
  });

  test('leaves choices to chance, and gives points where there is nothing else', () => {
    const space = parseSpace({ act: { type: 'categorical', choices: ['a', 'b', 'c'] } });
    const sampler = createCmaEsSampler({ space, directions: ['minimize'], seed: 1 });
    const { points } = play(sampler, 60, 1, (point) => [scoreOfPoint(point)]);
    expect(new Set(points.map(({ act }) => act)).size).toBe(3);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { measureImportance } from './importance.ts';
import { parseSpace } from './parse-space.ts';
import type { Direction, SearchTrial } from './sampler.ts';

interface Golden {
  readonly directions: readonly Direction[];
  readonly trials: readonly Pick<SearchTrial, 'parameters' | 'values'>[];
  readonly importance: Readonly<Record<string, number>>;
}

/** Optuna 5.0.0: python bench/training/optuna_importance.py */
const golden = JSON.parse(
  readFileSync(new URL('importance-optuna.json', import.meta.url), 'utf8'),
) as Golden[];

const space = parseSpace({
  batch: { type: 'int', low: 16, high: 512, log: true },
  drop: { type: 'float', low: 0, high: 0.5, step: 0.1 },
  fixed: { type: 'float', low: 2, high: 2 },
  layers: { type: 'int', low: 1, high: 6 },
  lr: { type: 'float', low: 1e-4, high: 1, log: true },
  momentum: { type: 'float', low: 0, high: 1, if: { opt: 'sgd' } },
  opt: { type: 'categorical', choices: ['sgd', 'adam', 'rms'] },
});
const complete = (trial: Golden['trials'][number], number: number): SearchTrial => ({
  ...trial,
  ...{ number, state: 'complete', lastReport: null, generation: 0 },
});

describe('the importance of parameters', () => {
  test.each(golden)('is Optuna’s for $directions', ({ directions, trials, importance }) => {
    const found = measureImportance({ space, directions }, trials.map(complete));
    expect([...found.keys()].sort()).toEqual(Object.keys(importance).sort());
    for (const [name, share] of Object.entries(importance))
      expect(found.get(name), name).toBeCloseTo(share, 9);
    expect([...found.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  test('is equal shares where nothing can be told, and none where there are no trials', () => {
    const directions = ['minimize'] as const;
    const first = golden[0]?.trials[0];
    const found = measureImportance({ space, directions }, first ? [complete(first, 0)] : []);
    expect(new Set(found.values()).size).toBe(1);
    expect(measureImportance({ space, directions }, []).size).toBe(0);
  });
});

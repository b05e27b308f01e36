// Spaces and histories for the tests of this folder.
import fc from 'fast-check';
import { parseSpace } from './parse-space.ts';
import type { Sampler, SearchTrial } from './sampler.ts';
import type { ParameterValue, Point, Space } from './space.ts';

const parameter = fc.oneof(
  fc
    .record({
      low: fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      width: fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e3, noNaN: true })),
    })
    .map(({ low, width }) => ({ type: 'float', low, high: low + width })),
  fc
    .record({
      low: fc.double({ min: 1e-8, max: 10, noNaN: true }),
      factor: fc.double({ min: 1 + 1e-6, max: 1e6, noNaN: true }),
    })
    .map(({ low, factor }) => ({ type: 'float', low, high: low * factor, log: true })),
  fc
    .record({
      low: fc.integer({ min: -20, max: 20 }),
      step: fc.constantFrom(0.1, 0.25, 0.3, 2),
      count: fc.nat(9),
    })
    .map(({ low, step, count }) => ({
      type: 'float',
      low,
      high: Number((low + count * step).toPrecision(15)),
      step,
    })),
  fc
    .record({ low: fc.integer({ min: -9, max: 9 }), step: fc.integer({ min: 1, max: 4 }), count: fc.nat(9) })
    .map(({ low, step, count }) => ({ type: 'int', low, high: low + count * step, step })),
  fc
    .record({ low: fc.integer({ min: 1, max: 9 }), width: fc.nat(500) })
    .map(({ low, width }) => ({ type: 'int', low, high: low + width, log: true })),
  fc
    .uniqueArray(fc.oneof(fc.string(), fc.boolean(), fc.integer()), { minLength: 1, maxLength: 5 })
    .map((choices) => ({ type: 'categorical', choices })),
);

/** Spaces in which some parameters depend on a choice, and some of those on another's. */
export const spaceJson = fc
  .record({
    free: fc.array(parameter, { maxLength: 4 }),
    governed: fc.array(fc.tuple(parameter, fc.constantFrom('sgd', 'adam', ['sgd', 'adam'])), {
      maxLength: 3,
    }),
    nested: fc.array(parameter, { maxLength: 2 }),
  })
  .map(({ free, governed, nested }) => ({
    opt: { type: 'categorical', choices: ['sgd', 'adam', 'none'] },
    depth: { type: 'int', low: 1, high: 3, if: { opt: ['sgd', 'none'] } },
    ...Object.fromEntries(free.map((one, i) => [`free${i}`, one])),
    ...Object.fromEntries(governed.map(([one, opt], i) => [`governed${i}`, { ...one, if: { opt } }])),
    ...Object.fromEntries(
      nested.map((one, i) => [`nested${i}`, { ...one, if: { depth: [2, 3], opt: 'sgd' } }]),
    ),
  }));

export const buildSpace = (json: object): Space => parseSpace(json);

export interface Played {
  readonly trials: readonly SearchTrial[];
  readonly points: readonly Point[];
}

/** Asks and tells in turn, `lag` trials running at a time; every seventh fails, every fifth is pruned. */
export function play(
  sampler: Sampler,
  count: number,
  lag: number,
  objective: (point: Point) => readonly number[],
): Played {
  const trials: SearchTrial[] = [];
  const end = (number: number): void => {
    const trial = trials[number];
    if (!trial) return;
    const values = objective(trial.parameters);
    const state = number % 7 === 6 ? 'failed' : number % 5 === 4 ? 'pruned' : 'complete';
    const lastReport = state === 'pruned' ? { step: number % 3, value: values[0] ?? 0 } : null;
    trials[number] = { ...trial, state, values: state === 'complete' ? values : null, lastReport };
    sampler.tell(trials[number]);
  };
  for (let number = 0; number < count; number += 1) {
    const asked = sampler.ask(number);
    if (!asked) break;
    trials.push({ number, state: 'running', values: null, lastReport: null, ...asked });
    sampler.tell(trials[number] as SearchTrial);
    end(number - lag);
  }
  return { trials, points: trials.map(({ parameters }) => parameters) };
}

/** Any value as a number between -1 and 1, the same at every run. */
export function scoreOf(value: ParameterValue): number {
  if (typeof value === 'number') return Math.sin(value);
  return [...String(value)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7) / 500 - 1;
}

export const scoreOfPoint = (point: Point): number =>
  Object.values(point).reduce<number>((sum, value) => sum + scoreOf(value), 0);

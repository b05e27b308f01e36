import type { Trial } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { toAxes, toParallel, toSlice } from './parameter-axes.ts';

const space = {
  lr: { type: 'float', low: 0.001, high: 0.1, log: true },
  layers: { type: 'int', low: 1, high: 8 },
  opt: { type: 'categorical', choices: ['adam', null, 2] },
  momentum: { type: 'float', low: 0, high: 1, if: { opt: null } },
};

const trial = (number: number, parameters: Trial['parameters'], values: number[] | null): Trial => ({
  ...{ number, parameters, values, value: values?.[0] ?? null, state: values ? 'complete' : 'failed' },
  ...{ learner: null, lastStep: null, runId: 'r', jobId: null, source: null, cost: null, error: null },
  ...{ startedAt: 0, endedAt: null },
});

const trials = [
  trial(0, { lr: 0.01, layers: 2, opt: 'adam' }, [3, 10]),
  trial(1, { lr: 0.1, layers: 8, opt: null, momentum: 0.9 }, [1, 20]),
  trial(2, { lr: 0.1, layers: 8, opt: 2 }, null),
];
const goal = (metric: string, direction: 'minimize' | 'maximize') => ({ metric, direction });

it('makes an axis of each parameter, with its ends or its words', () =>
  expect(toAxes(space)).toEqual([
    { name: 'lr', kind: 'log', low: 0.001, high: 0.1 },
    { name: 'layers', kind: 'value', low: 1, high: 8 },
    { name: 'opt', kind: 'category', categories: ['adam', 'null', '2'] },
    { name: 'momentum', kind: 'value', low: 0, high: 1 },
  ]));

it('draws complete trials, the best the strongest, with gaps where a condition does not hold', () => {
  const sweep = { trials, definition: { space } };
  const { axes, rows } = toParallel(sweep, [goal('loss', 'minimize'), goal('cost', 'minimize')]);
  expect(axes.map(({ name }) => name)).toEqual(['lr', 'layers', 'opt', 'momentum', 'loss', 'cost']);
  expect(rows).toEqual([
    { name: 'trial 1', cells: [0.1, 8, 'null', 0.9, 1, 20], weight: 1 },
    { name: 'trial 0', cells: [0.01, 2, 'adam', null, 3, 10], weight: 0 },
  ]);
  const [best] = toParallel(sweep, [goal('accuracy', 'maximize')]).rows;
  expect(best?.name).toBe('trial 0');
});

it('puts words at their places and leaves out trials without the parameter or the value', () => {
  const [lr, , opt, momentum] = toAxes(space);
  if (!lr || !opt || !momentum) throw new Error('no axes');
  const pointsOf = (axis: typeof lr, index: number) => toSlice(trials, axis, index).points;
  expect(pointsOf(lr, 1)).toEqual([
    [0.01, 10],
    [0.1, 20],
  ]);
  expect(pointsOf(opt, 0)).toEqual([
    [0, 3],
    [1, 1],
  ]);
  expect(toSlice(trials, momentum, 0)).toEqual({ points: [[0.9, 1]], names: ['trial 1'] });
});

import { expect, it } from 'vitest';
import type { Palette } from './chart-options.ts';
import { toParallelOption } from './parallel-options.ts';

const palette = { accent: 'accent', font: 'sans' } as Palette;

it('draws the strongest last, leaves out what a row has not, and keeps the ends that are given', () => {
  const option = toParallelOption(
    [
      { name: 'lr', kind: 'log', low: 0.001, high: 1 },
      { name: 'opt', kind: 'category', categories: ['adam', 'sgd'] },
      { name: 'loss', kind: 'value' },
    ],
    [
      { name: 'best', cells: [0.1, 'sgd', 1], weight: 1 },
      { name: 'worst', cells: [0.5, null, 9], weight: 0 },
    ],
    palette,
  ) as { parallelAxis: object[]; series: { data: { name: string; value: unknown; lineStyle: object }[] }[] };
  expect(option.parallelAxis).toMatchObject([
    { dim: 0, type: 'log', min: 0.001, max: 1 },
    { dim: 1, type: 'category', data: ['adam', 'sgd'] },
    { dim: 2, type: 'value', scale: true },
  ]);
  const data = option.series[0]?.data ?? [];
  expect(data.map(({ name, value }) => [name, value])).toEqual([
    ['worst', [0.5, '-', 9]],
    ['best', [0.1, 'sgd', 1]],
  ]);
  expect(data[1]?.lineStyle).toMatchObject({ color: 'accent', opacity: 1 });
});

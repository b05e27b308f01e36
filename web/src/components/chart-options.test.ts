import { expect, it } from 'vitest';
import { axisText, type Palette, toOption } from './chart-options.ts';

const palette: Palette = {
  text: 'text',
  dim: 'dim',
  faint: 'faint',
  line: 'line',
  surface: 'surface',
  accent: 'accent',
  warn: 'warn',
  bad: 'bad',
  band: 'band',
  series: ['one', 'two'],
  font: 'sans',
};

const seriesOf = (option: object) => (option as { series: Record<string, unknown>[] }).series;

it('draws gaps as gaps and takes colours from tones or the palette', () => {
  const option = toOption(
    {
      lines: [
        {
          name: 'truth',
          tone: 'text',
          points: [
            [1, 2],
            [2, null],
            [3, 4],
          ],
        },
        {
          name: 'other',
          points: [
            [1, 1],
            [2, 2],
            [3, 3],
          ],
        },
      ],
    },
    palette,
  );
  const [truth, other] = seriesOf(option);
  expect(truth).toMatchObject({
    type: 'line',
    connectNulls: false,
    color: 'text',
    data: [
      [1, 2],
      [2, null],
      [3, 4],
    ],
  });
  expect(other).toMatchObject({ color: 'two' });
  expect(option).toMatchObject({ animation: false });
});

it('draws bands under and the limit over the lines', () => {
  const option = toOption(
    {
      lines: [
        {
          name: 'ratio',
          points: [
            [1, 0.2],
            [9, 0.4],
          ],
        },
      ],
      bands: [{ name: 'forecaster@1', from: 1, to: 5 }],
      limit: { name: 'threshold', value: 1 },
    },
    palette,
  );
  const series = seriesOf(option);
  expect(series).toHaveLength(3);
  expect(series[0]).toMatchObject({
    markArea: { data: [[{ name: 'forecaster@1', xAxis: 1 }, { xAxis: 5 }]] },
  });
  expect(series[2]).toMatchObject({ markLine: { data: [{ yAxis: 1 }] } });
  const { max } = (option as { yAxis: { max: (extent: { max: number }) => number | undefined } }).yAxis;
  expect(max({ max: 0.4 })).toBe(1.5);
  expect(max({ max: 7 })).toBeUndefined();
});

it('writes positions as the axis means them', () => {
  expect(axisText('time')(Date.UTC(2024, 0, 2))).toBe('2024-01-02');
  expect(axisText('number')(12)).toBe('12');
});

it('tells more lines apart than there are colours, by their strokes', () => {
  const points = [
    [1, 1],
    [2, 2],
    [3, 3],
  ] as const;
  const lines = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, points }));
  const drawn = seriesOf(toOption({ lines }, palette));
  expect(drawn.map(({ color }) => color)).toEqual(['one', 'two', 'one', 'two', 'one']);
  const strokes = drawn.map(({ lineStyle }) => (lineStyle as { type: unknown }).type);
  expect(strokes).toEqual(['solid', 'solid', 'dashed', 'dashed', 'dotted']);
});

it('draws over time that passed, and over a logarithm', () => {
  const option = toOption({ lines: [], axis: 'duration', log: true }, palette);
  expect(option.xAxis).toMatchObject({ type: 'value' });
  expect(option.yAxis).toMatchObject({ type: 'log' });
  expect(axisText('duration')(90_000)).toBe('1 min 30 s');
});

it('tells of dots one by one, by their names, over a logarithm where it is asked', () => {
  const points = [[0.001, 2]] as const;
  const option = toOption(
    {
      lines: [{ name: 'trials', kind: 'dots', points, pointNames: ['trial 7'] }],
      axis: 'value',
      logAcross: true,
    },
    palette,
  );
  expect(option).toMatchObject({ tooltip: { trigger: 'item' }, xAxis: { type: 'log' } });
  expect(seriesOf(option)[0]).toMatchObject({
    type: 'scatter',
    data: [{ name: 'trial 7', value: [0.001, 2] }],
  });
});

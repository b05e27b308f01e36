import { expect, it } from 'vitest';
import { suggestChart, toChart } from './result-chart.ts';

const columns = [
  { name: 'day', type: 'date' as const },
  { name: 'city', type: 'text' as const },
  { name: 'sold', type: 'integer' as const },
];
const rows = [
  { day: '2024-01-02', city: 'Rome', sold: 3 },
  { day: '2024-01-01', city: 'Rome', sold: 5 },
  { day: '2024-01-01', city: 'Oslo', sold: null },
];

it('draws one line per value of the series, in order of time, with gaps', () => {
  const chart = toChart({ kind: 'line', x: 'day', y: ['sold'], series: 'city' }, { columns, rows });
  expect(chart).toMatchObject({ axis: 'time', leftOut: 0, fromZero: false });
  const [first, second] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)];
  expect(chart.lines).toEqual([
    {
      name: 'Rome',
      kind: 'line',
      points: [
        [first, 5],
        [second, 3],
      ],
    },
    { name: 'Oslo', kind: 'line', points: [[first, null]] },
  ]);
});

it('sets words side by side in the order of the rows', () => {
  const chart = toChart({ kind: 'bar', x: 'city', y: ['sold'] }, { columns, rows });
  expect(chart).toMatchObject({ axis: 'category', categories: ['Rome', 'Oslo'], fromZero: true });
});

it('says how many lines it left out', () => {
  const many = Array.from({ length: 20 }, (_, i) => ({ day: '2024-01-01', city: `c${i}`, sold: i }));
  const chart = toChart({ kind: 'line', x: 'day', y: ['sold'], series: 'city' }, { columns, rows: many });
  expect([chart.lines.length, chart.leftOut]).toEqual([12, 8]);
});

it('suggests what one would draw first, if there is anything', () => {
  expect(suggestChart({ columns, rows })).toEqual({ kind: 'line', x: 'day', y: ['sold'] });
  expect(suggestChart({ columns: columns.slice(1), rows })).toMatchObject({ kind: 'bar', x: 'city' });
  expect(suggestChart({ columns: columns.slice(0, 2), rows })).toBeNull();
  expect(suggestChart({ columns, rows: rows.slice(0, 1) })).toBeNull();
});

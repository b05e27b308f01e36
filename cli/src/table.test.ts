import { expect, it } from 'vitest';
import { formatBytes, formatMoment, formatNumber, formatTime, printTable, tableLines } from './table.ts';

it('aligns numbers to the right and text to the left', () => {
  const rows = [
    { name: 'a', rows: 5 },
    { name: 'longer', rows: 12_345 },
    { name: '', rows: null },
  ];
  expect(printTable(rows, { name: (r) => r.name, rows: (r) => r.rows }).split('\n')).toEqual([
    'name     rows',
    'a           5',
    'longer  12345',
    '            –',
  ]);
});

it('keeps columns aligned by what a terminal shows: wide letters, accents, emoji', () => {
  const names = ['価格', 'e\u0301', '🚀x', 'plain'];
  const lines = tableLines(names, { name: (n) => n, mark: () => '|' });
  expect(lines).toEqual(['name   mark', '価格   |', 'e\u0301      |', '🚀x    |', 'plain  |']);
});

it('shows the titles alone where there is nothing', () => {
  expect(printTable([], { name: String })).toBe('name');
});

it('lets no name move the cursor, colour the terminal or turn the reading direction', () => {
  const hostile = '\u001b[2Jgone\r\nnew\u0007\u009b31m\u202edlrow\u2028x\u007f';
  const line = tableLines([hostile], { name: (n) => n })[1];
  expect(line).toBe('?[2Jgone??new??31m?dlrow?x?');
  expect(tableLines([{ '\u001b': 1 }], { detail: (d) => d })[1]).toBe('{"\\u001b":1}');
});

it('formats numbers without inventing or losing size', () => {
  expect([0, 12, 100_000.2, 1_234_567.89, 0.1 + 0.2, 1.5e-7, -3.140_000_1, null].map(formatNumber)).toEqual([
    '0',
    '12',
    '100000',
    '1234570',
    '0.3',
    '1.5e-7',
    '-3.14',
    '–',
  ]);
});

it('formats times in UTC; a day without its midnight', () => {
  expect(formatTime(Date.UTC(2024, 2, 1, 14, 5))).toBe('2024-03-01 14:05');
  expect(formatTime(null)).toBe('–');
  expect(formatMoment(Date.UTC(2024, 2, 1))).toBe('2024-03-01');
  expect(formatMoment(Date.UTC(2024, 2, 1, 9))).toBe('2024-03-01 09:00');
});

it('formats sizes', () => {
  expect([0, 999, 1000, 16_000_000, 2.5e15].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '16.0 MB',
    '2500.0 TB',
  ]);
});

import { expect, it } from 'vitest';
import { toCsv } from './csv.ts';
import { parseCsvRows } from './csv-rows.ts';

it('reads what toCsv writes', () => {
  const rows = [
    ['a', 'b, "c"'],
    ['line\nbreak', ''],
  ];
  expect(parseCsvRows(toCsv(['x', 'y'], rows), ',', 100)).toEqual([['x', 'y'], ...rows]);
});

it('stops after so many rows, and takes a last line without its end', () => {
  expect(parseCsvRows('a\tb\n1\t2\n3\t4\n', '\t', 2)).toEqual([
    ['a', 'b'],
    ['1', '2'],
  ]);
  expect(parseCsvRows('a\n1', ',', 9)).toEqual([['a'], ['1']]);
});

it('is not thrown by a quote that never ends', () =>
  expect(parseCsvRows('"a,b\n1', ',', 9)).toEqual([['a,b\n1']]));

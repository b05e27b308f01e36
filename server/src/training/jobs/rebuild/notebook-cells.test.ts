import { expect, test } from 'vitest';
import { cellsOf, differingCells } from './notebook-cells.ts';

const cell = (outputs: object[], change: object = {}) => ({
  ...{ cell_type: 'code', source: ['x = 1\n', 'x'], execution_count: 3, id: 'a', outputs },
  metadata: { execution: { 'iopub.execute_input': '2026-11-29T07:00:00Z' } },
  ...change,
});
const stream = (text: string, name = 'stdout') => ({ output_type: 'stream', name, text });
const result = (data: object) => ({ output_type: 'execute_result', execution_count: 3, data, metadata: {} });
const toText = (...cells: object[]) => JSON.stringify({ cells, metadata: {}, nbformat: 4 });
const differ = (a: object[], b: object[]) =>
  differingCells(cellsOf(toText(...a)) ?? [], cellsOf(toText(...b)) ?? []);

test('counts, ids, times, addresses, pieces and warnings make no difference', () => {
  const then = cell([stream('a\nb\n'), result({ 'text/plain': ['<Forest at 0x7f12ab34cd56>'] })]);
  const now = cell(
    [
      ...[stream('a\n'), stream('deprecated', 'stderr'), stream('b\n')],
      result({ 'text/plain': '<Forest at 0x7faaaaaaaa00>' }),
    ],
    { execution_count: 9, id: 'b', metadata: {}, source: 'x = 1\nx' },
  );
  expect(differ([then], [now])).toEqual([]);
});

test.each([
  ['what is printed', [stream('0.91')], [stream('0.92')]],
  ['what is shown', [result({ 'text/plain': '1' })], [result({ 'text/plain': '2' })]],
  ['a picture', [result({ 'image/png': 'aaaa' })], [result({ 'image/png': 'bbbb' })]],
  ['a table as JSON', [result({ 'application/json': { a: 1 } })], [result({ 'application/json': { a: 2 } })]],
  ['an error', [], [{ output_type: 'error', ename: 'KeyError', evalue: 'x', traceback: [] }]],
])('%s does', (_name, then, now) => {
  expect(differ([cell([]), cell(then)], [cell([]), cell(now)])).toEqual([2]);
});

test('a cell more, other words, and what is no notebook', () => {
  expect(differ([cell([])], [cell([]), cell([])])).toEqual([2]);
  expect(differ([cell([], { source: 'y' })], [cell([])])).toEqual([1]);
  expect([cellsOf('{'), cellsOf('{"cells": 1}'), cellsOf('null')]).toEqual([null, null, null]);
});

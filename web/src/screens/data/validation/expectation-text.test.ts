import { expect, it } from 'vitest';
import { listText, readList } from './expectation-text.ts';

it('writes one expectation a line, and reads it back', () => {
  const list = [
    { kind: 'notNull' as const, column: 'a "b"' },
    { kind: 'between' as const, column: 'c', min: 0 },
  ];
  expect(listText(list)).toBe(
    '[\n  {"kind":"notNull","column":"a \\"b\\""},\n  {"kind":"between","column":"c","min":0}\n]',
  );
  expect(readList(listText(list))).toEqual(list);
  expect(readList(listText([]))).toEqual([]);
});

it('refuses what is no list', () => {
  expect(() => readList('{"kind":"notNull"}')).toThrow('It is not a list');
  expect(() => readList('[{')).toThrow(SyntaxError);
});

import { expect, it } from 'vitest';
import { appendToTail, fromLine, noOutput } from './output-tail.ts';

it('keeps all while it is short', () =>
  expect(appendToTail(appendToTail(noOutput, 'one\n', 10), 'two\n', 10)).toEqual({
    text: 'one\ntwo\n',
    isCut: false,
  }));

it('cuts at the beginning of a line, and stays cut', () => {
  const cut = appendToTail({ text: 'one\ntwo\n', isCut: false }, 'three\n', 11);
  expect(cut).toEqual({ text: 'two\nthree\n', isCut: true });
  expect(appendToTail(cut, '4', 11)).toEqual({ text: 'two\nthree\n4', isCut: true });
});

it('keeps the end of a line that is longer than all', () => {
  expect(appendToTail(noOutput, 'abcdefgh', 4)).toEqual({ text: 'efgh', isCut: true });
  expect(appendToTail(noOutput, 'abcdefg\n', 4)).toEqual({ text: 'efg\n', isCut: true });
});

it('begins at a line where one begins', () => {
  expect(fromLine('half\nwhole\n')).toBe('whole\n');
  expect(fromLine('no end')).toBe('no end');
});

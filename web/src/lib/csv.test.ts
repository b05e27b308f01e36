import { expect, it } from 'vitest';
import { linesToCsv, toCsv } from './csv.ts';

it('quotes what would break a line', () =>
  expect(
    toCsv(
      ['a', 'b'],
      [
        ['x,y', 'say "hi"'],
        [null, 1.5],
      ],
    ),
  ).toBe('a,b\r\n"x,y","say ""hi"""\r\n,1.5\r\n'));

it('joins lines on their axis, with empty cells where one has no value', () =>
  expect(
    linesToCsv(
      [
        {
          name: 'truth',
          points: [
            [2, 20],
            [1, 10],
          ],
        },
        {
          name: 'forecast',
          points: [
            [2, null],
            [3, 31],
          ],
        },
      ],
      String,
    ),
  ).toBe('x,truth,forecast\r\n1,10,\r\n2,20,\r\n3,,31\r\n'));

it('keeps every point of those that share a position', () => {
  const points = [
    [1, 10],
    [1, 11],
  ] as const;
  expect(linesToCsv([{ name: 'a', points }], String)).toBe('x,a\r\n1,10\r\n1,11\r\n');
});

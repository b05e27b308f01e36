import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatNames, parseNames } from './name-list.ts';

it('brings any names back', () => {
  const names = fc.array(fc.string({ unit: 'binary', minLength: 1 }).filter((name) => name.isWellFormed()));
  fc.assert(
    fc.property(names, (list) => {
      expect(parseNames(formatNames(list))).toEqual(list);
    }),
  );
});

it('leaves out what no name was encoded to', () => {
  expect(parseNames(undefined)).toEqual([]);
  expect(parseNames('a,%zz,b%2Cc')).toEqual(['a', 'b,c']);
});

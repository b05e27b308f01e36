import { expect, it } from 'vitest';
import { keyOf, splitReference, toView, wholeRows } from './diff-rules.ts';

const diff = {
  from: 'prices@1',
  to: 'prices@2',
  key: [],
  rowsBefore: 3,
  rowsAfter: 3,
  columnsAdded: [],
  columnsRemoved: [],
  columnsRetyped: [],
  added: 0,
  removed: 0,
  changed: 0,
  sample: { added: [], removed: [], changed: [] },
};

it('tells the key of the dataset, another one and none apart', () => {
  expect(keyOf(undefined)).toEqual({});
  expect(keyOf('symbol,date')).toEqual({ key: 'symbol,date' });
  expect(keyOf(wholeRows)).toEqual({ key: '' });
});

it('opens what was asked for, else the first that has rows', () => {
  expect(toView('profiles', diff)).toBe('profiles');
  expect(toView('nonsense', { ...diff, removed: 1 })).toBe('removed');
  expect(toView(undefined, { ...diff, added: 1, removed: 1 })).toBe('added');
  expect(toView(undefined, diff)).toBe('columns');
});

it('splits a reference at its last @', () => {
  expect(splitReference('a@b@3')).toEqual({ name: 'a@b', version: '3' });
});

import { expect, it } from 'vitest';
import { splitFields, toSplit, wrongShares } from './split-rules.ts';

it('sends only what a split needs', () => {
  expect(toSplit('prices', '3', splitFields)).toEqual({
    name: 'prices',
    version: '3',
    by: 'row',
    parts: [
      { name: 'train', share: 0.8 },
      { name: 'test', share: 0.2 },
    ],
  });
  const byKey = {
    ...splitFields,
    by: 'hash',
    columns: 'symbol, date',
    stratify: 'sector',
    seed: '7',
    split: 'b',
  };
  expect(toSplit('prices', '3', byKey)).toMatchObject({
    by: 'hash',
    columns: ['symbol', 'date'],
    stratify: 'sector',
    seed: 7,
    split: 'b',
  });
  expect(toSplit('prices', '3', { ...byKey, by: 'row' })).not.toHaveProperty('columns');
});

it.each([
  ['train=0.8, test=0.2', null],
  ['a=0.1,b=0.2,c=0.7', null],
  ['train=0.8, test=0.3', 'The shares sum to 1.1, not to 1'],
  ['train', /Two parts/],
  ['train=0.8, test', /Two parts/],
  ['train=0.8, test=', /Two parts/],
  ['train=1', /Two parts/],
  ['=0.5, b=0.5', /Two parts/],
  ['', /Two parts/],
])('reads the shares %j', (text, wrong) =>
  wrong === null ? expect(wrongShares(text)).toBeNull() : expect(wrongShares(text)).toMatch(wrong),
);

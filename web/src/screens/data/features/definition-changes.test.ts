import { expect, it } from 'vitest';
import { changesBetween } from './definition-changes.ts';

const view = {
  name: 'price_stats',
  version: 1,
  reference: 'price_stats@1',
  createdAt: 1,
  sql: 'select 1',
  ttl: null,
  entity: ['symbol'],
  features: [
    { name: 'close', type: 'double' },
    { name: 'volume', type: 'integer' },
  ],
  aggregations: [],
  inputs: [],
};

it('tells columns one by one, and the rest as it is', () => {
  const next = {
    ...view,
    version: 2,
    reference: 'price_stats@2',
    createdAt: 2,
    sql: 'select 2',
    ttl: '7d',
    entity: ['symbol', 'venue'],
    features: [
      { name: 'close', type: 'integer' },
      { name: 'spread', type: 'double' },
    ],
  };
  expect(changesBetween(view, next)).toEqual([
    { part: 'sql', before: 'select 1', after: 'select 2' },
    { part: 'ttl', before: '', after: '7d' },
    { part: 'entity', before: 'symbol', after: 'symbol, venue' },
    { part: 'features: close', before: 'double', after: 'integer' },
    { part: 'features: volume', before: 'integer', after: '' },
    { part: 'features: spread', before: '', after: 'double' },
  ]);
});

it('finds nothing in what only was defined anew', () =>
  expect(changesBetween(view, { ...view, version: 2, createdAt: 9 })).toEqual([]));

it('tells an order apart from what is ordered', () =>
  expect(changesBetween(view, { ...view, features: view.features.toReversed() })).toEqual([
    { part: 'features, order', before: 'close, volume', after: 'volume, close' },
  ]));

import type { Column } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { toEntities, toRow } from './lookup-keys.ts';

const columns: Column[] = [
  { name: 'shop', type: 'text' },
  { name: 'item', type: 'integer' },
];

it('reads one entity a line, by the types of its keys', () => {
  expect(toEntities(columns, 's1, 7\n\ns2,8\r\ns3\t9')).toEqual([
    { shop: 's1', item: 7 },
    { shop: 's2', item: 8 },
    { shop: 's3', item: 9 },
  ]);
  expect(toEntities([{ name: 'shop', type: 'text' }], 'a,b\n7')).toEqual([{ shop: 'a,b' }, { shop: '7' }]);
});

it('keeps what is too large for a number, and what is none, as it stands', () => {
  expect(toRow(columns, { shop: 'x', item: '9007199254740993' })).toEqual({
    shop: 'x',
    item: '9007199254740993',
  });
  expect(toEntities(columns, 'x,many')).toEqual([{ shop: 'x', item: 'many' }]);
  expect(toEntities(columns, 'x')).toEqual([{ shop: 'x', item: null }]);
});

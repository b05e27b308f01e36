import type { DatasetVersion } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { toLineage } from './training-set-lineage.ts';

it('reads views, pinned versions and the rows left out of a provenance', () => {
  const provenance = {
    kind: 'training-set',
    inputs: ['dataset:prices@3', 'dataset:rates@1', 'view:price_stats@2'],
    detail: {
      definition: {
        name: 'days',
        entities: 'select',
        views: ['price_stats@2'],
        bindings: { prices: 'prices@3' },
      },
      counts: { entities: 10, rows: 7, excluded: { labelKnownLater: 2, labelMissing: 1, somethingNew: 0 } },
    },
  };
  const lineage = toLineage({ provenance } as unknown as DatasetVersion);
  expect(lineage.views).toEqual(['view:price_stats@2']);
  expect(lineage.pinned).toEqual([
    { name: 'prices', version: 'prices@3' },
    { name: 'rates@1', version: 'rates@1' },
  ]);
  expect(lineage.rows).toEqual([
    { why: 'asked for', rows: 10 },
    { why: 'left out: the label became known later', rows: 2 },
    { why: 'left out: there is no label', rows: 1 },
    { why: 'somethingNew', rows: 0 },
    { why: 'in the training set', rows: 7 },
  ]);
});

import type { EndpointRevision } from '@tidemill/sdk';
import { expect, test } from 'vitest';
import { changesBetween, summaryOf } from './revision-changes.ts';

const first: EndpointRevision = {
  ...{ endpoint: 'e', revision: 1, uri: 'endpoint:e@1', live: false, description: '' },
  variants: [{ name: 'main', model: 'm@1', weight: 1 }],
  entity: ['id'],
  fallback: null,
  timeoutMs: 1000,
  isolation: 'in-process',
  log: 'buffered',
  alias: null,
  ...{ reason: 'first', createdAt: 1, createdBy: 'user:owner' },
} as EndpointRevision;

test('what is served is compared; who wrote it and when is not', () => {
  const second: EndpointRevision = {
    ...first,
    ...{
      revision: 2,
      uri: 'endpoint:e@2',
      live: true,
      reason: 'second',
      createdAt: 2,
      createdBy: 'user:other',
    },
    variants: [
      { name: 'main', model: 'm@2', weight: 0.8, view: 'v@1' },
      { name: 'next', model: 'm@3', weight: 0, shadow: true },
    ],
    fallback: 'record.x',
    timeoutMs: 50,
  };
  const changes = changesBetween(first, second);
  expect(changes).toEqual([
    { field: 'variant main', before: 'm@1, 100 %', after: 'm@2, 80 %, reads v@1' },
    { field: 'variant next', before: null, after: 'm@3, in shadow' },
    { field: 'fallback', before: null, after: 'record.x' },
    { field: 'timeoutMs', before: '1000', after: '50' },
  ]);
  expect(summaryOf(changes)).toBe('variant main, variant next added, fallback added, timeoutMs');
  expect(changesBetween(second, { ...second, revision: 3, reason: 'again' })).toEqual([]);
});

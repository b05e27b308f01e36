import type { FeatureView } from '@tidemill/sdk';
import { expect, it } from 'vitest';
import { toDefinition } from './view-definition.ts';

const view: FeatureView = {
  ...{ workspace: 'default', name: 'stats', version: 2, reference: 'stats@2', uri: 'view:stats@2' },
  ...{ description: 'd', owner: 'o', tags: { team: 't' }, createdAt: 1, createdBy: 'user:owner' },
  ...{ sql: 'select 1', entities: ['listing@1'], entity: ['symbol'], joinKeys: [], eventTime: 'at' },
  ...{
    createdTime: null,
    ttl: null,
    freshness: '36h',
    online: {},
    stream: null,
    aggregations: [],
    inputs: [],
  },
  ...{ features: [], datasets: ['prices'] },
};

it('says of a view what defines it, and nothing that was only found', () => {
  expect(toDefinition(view)).toEqual({
    ...{ sql: 'select 1', entities: ['listing@1'], eventTime: 'at', freshness: '36h' },
    ...{ description: 'd', owner: 'o', tags: { team: 't' }, online: {} },
  });
  expect(toDefinition({ ...view, entities: [], ttl: '7d' })).toMatchObject({ entity: ['symbol'], ttl: '7d' });
});

it('keeps windows and stream', () => {
  const aggregations: FeatureView['aggregations'] = [{ function: 'mean', column: 'close', window: '7d' }];
  const stream: FeatureView['stream'] = { dataset: 'orders', columns: [{ name: 'id', type: 'integer' }] };
  expect(toDefinition({ ...view, aggregations, stream })).toMatchObject({ aggregations, stream });
});

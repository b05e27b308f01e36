import type { FeatureServiceDefinition } from '@tidemill/contract';
import { expect, test } from 'vitest';
import { callerIn } from '../../testing/data-wing.ts';
import { buildPrices, bytesOf, commitTrainingSet, trainModel } from '../../testing/model-wing.ts';
import { createTestPlatform } from '../../testing/platform.ts';

const caller = callerIn('main');
const entities =
  'select symbol, date as event_time from prices qualify row_number() over (partition by symbol order by date) > 2';
const label = {
  sql: 'select symbol, date as event_time, lead(close) over d as next_close, lead(date) over d as known_at from prices window d as (partition by symbol order by date)',
  column: 'next_close',
  knownAt: 'known_at',
};

const service: FeatureServiceDefinition = {
  features: ['lags:close', 'lags:close_1'],
  onDemand: [{ name: 'step', type: 'double', expression: 'close - close_1' }],
};

test('a model of a feature service, its features on demand included, is made again from its bundle alone', async () => {
  const home = await createTestPlatform();
  const elsewhere = await createTestPlatform();
  try {
    const { features, governance } = home.services;
    await commitTrainingSet(home, buildPrices(150), caller);
    await features.services.put({ name: 'next_close', ...service }, caller);
    const set = await features.createTrainingSet(
      { name: 'served', entities, service: 'next_close', label },
      caller,
    );
    await trainModel(home, caller, {
      learner: 'ridge',
      reference: set.reference,
      features: ['close', 'step'],
    });
    const { content } = await governance.exportBundle({ name: 'forecaster', version: '1' }, caller);
    const bundle = await bytesOf(content);
    const { equal, steps } = await elsewhere.services.governance.reproduce({ content: bundle });
    expect({ equal, names: steps.map(({ name }) => name) }).toEqual({
      equal: true,
      names: ['source prices@1', 'training set served@1', 'model forecaster@1'],
    });
  } finally {
    await home.close();
    await elsewhere.close();
  }
}, 60_000);

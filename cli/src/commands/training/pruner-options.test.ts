import { expect, test } from 'vitest';
import { type PrunerOptions, toPruner } from './pruner-options.ts';

test.each<[PrunerOptions, object | undefined]>([
  [{}, undefined],
  [{ pruner: 'none' }, { type: 'none' }],
  [
    { pruner: 'median', startupTrials: 0 },
    { type: 'median', startupTrials: 0 },
  ],
  [
    { pruner: 'percentile', percentile: 25 },
    { type: 'percentile', percentile: 25 },
  ],
  [
    { pruner: 'asha', reductionFactor: 2 },
    { type: 'asha', reductionFactor: 2 },
  ],
  [
    { pruner: 'hyperband', maximumResource: 81 },
    { type: 'hyperband', maximumResource: 81 },
  ],
  [
    { pruner: 'patient', patience: 3 },
    { type: 'patient', patience: 3 },
  ],
  [
    { pruner: 'patient', patience: 3, wrapped: 'percentile', percentile: 10, warmupSteps: 2 },
    { type: 'patient', patience: 3, wrapped: { type: 'percentile', percentile: 10, warmupSteps: 2 } },
  ],
])('%j is %j', (options, pruner) => expect(toPruner(options)).toEqual(pruner));

test.each<[PrunerOptions, string]>([
  [
    { percentile: 25 },
    '--percentile is a setting of --pruner percentile. Name it, or leave the setting out.',
  ],
  [
    { pruner: 'asha', startupTrials: 3 },
    '--startup-trials is a setting of --pruner median or percentile. Name it, or leave the setting out.',
  ],
  [
    { pruner: 'median', wrapped: 'asha' },
    '--wrapped is a setting of --pruner patient. Name it, or leave the setting out.',
  ],
  [{ pruner: 'percentile' }, 'The pruner percentile needs --percentile.'],
  [{ pruner: 'patient', wrapped: 'median' }, 'The pruner patient needs --patience.'],
])('%j is refused: %s', (options, message) => expect(() => toPruner(options)).toThrow(message));

import type { SearchDefinition } from '@tidemill/sdk';

export const trainerNames = ['XGBoost', 'SVR', 'network'] as const;

/** A script of `python/trainers` and where to look for its best settings. */
export interface Trainer {
  readonly name: (typeof trainerNames)[number];
  readonly script: string;
  readonly space: SearchDefinition['space'];
  /** Besides the data: what it predicts, and from what. */
  readonly words: readonly string[];
  readonly needsTorch: boolean;
  readonly trials: number;
}

const lags = ['close_4', 'close_3', 'close_2', 'close_1', 'close'];

/** All answer the same question from the same columns: the next close. */
export function listTrainers(features: readonly string[], target: string): Trainer[] {
  const table = ['--target', target, '--features', features.join(',')];
  return [
    {
      name: 'XGBoost',
      script: 'xgboost_trees.py',
      space: {
        lr: { type: 'float', low: 0.02, high: 0.3, log: true },
        depth: { type: 'int', low: 2, high: 6 },
        rounds: { type: 'int', low: 20, high: 120 },
        subsample: { type: 'float', low: 0.6, high: 1 },
      },
      words: table,
      needsTorch: false,
      trials: 5,
    },
    {
      name: 'SVR',
      script: 'svr.py',
      space: {
        kernel: { type: 'categorical', choices: ['rbf', 'linear'] },
        gamma: { type: 'float', low: 0.001, high: 1, log: true, if: { kernel: 'rbf' } },
        c: { type: 'float', low: 0.1, high: 30, log: true },
        epsilon: { type: 'float', low: 0.005, high: 0.1, log: true },
      },
      words: table,
      needsTorch: false,
      trials: 5,
    },
    {
      name: 'network',
      script: 'torch_autoregressive.py',
      space: {
        lr: { type: 'float', low: 0.0003, high: 0.01, log: true },
        width: { type: 'int', low: 8, high: 64, log: true },
        epochs: { type: 'int', low: 5, high: 25 },
        augment: { type: 'categorical', choices: ['none', 'jitter'] },
      },
      // Its own past closes are columns of the feature view: so it is evaluated and served like the others.
      words: [
        ...[
          '--target',
          'close',
          '--horizon',
          '1',
          '--lags',
          String(lags.length),
          '--lag-names',
          lags.join(','),
        ],
        ...['--features', features.filter((name) => !lags.includes(name)).join(',')],
      ],
      needsTorch: true,
      trials: 5,
    },
  ];
}

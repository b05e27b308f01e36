import { defineProject } from '@tidemill/sdk';

/** Everything Tidemill shall hold for this example; `tidemill plan` shows what `tidemill apply` would change. */

const features = ['close', 'close_1', 'close_2', 'close_3', 'close_4', 'mean_20'];

/** The last five closes and their twenty-day mean, known when the market closes on `date`. */
const priceStats = `
  select symbol, date as event_time, close, close_1, close_2, close_3, close_4, mean_20
  from (
    select symbol, date, close,
      lag(close, 1) over days as close_1,
      lag(close, 2) over days as close_2,
      lag(close, 3) over days as close_3,
      lag(close, 4) over days as close_4,
      avg(close) over (partition by symbol order by date rows between 19 preceding and current row) as mean_20,
      row_number() over days as day
    from prices
    window days as (partition by symbol order by date)
  )
  where day >= 20`;

/** One row per day that has its features; the label is the next close, known one trading day later. */
const trainingSet = {
  entities: `
    select symbol, date as event_time
    from (select symbol, date, row_number() over (partition by symbol order by date) as day from prices)
    where day >= 20`,
  service: 'next_close@1',
  label: {
    sql: `
      select symbol, date as event_time, next_close, next_date as known_at
      from (
        select symbol, date,
          lead(close) over (partition by symbol order by date) as next_close,
          lead(date) over (partition by symbol order by date) as next_date
        from prices
      )
      where next_close is not null`,
    column: 'next_close',
    knownAt: 'known_at',
  },
};

/** About a quarter of trading days. */
const window = { last: 60 };

const watched = { window: 22, falseAlarmRate: 0.0001 };

export default defineProject({
  name: 'stocks',
  datasets: {
    prices: {
      description: 'Daily prices, one row per symbol and trading day',
      // For a file with other names: ours <- theirs, and how its dates are written.
      mapping: {
        symbol: 'symbol',
        date: 'date',
        open: 'open',
        high: 'high',
        low: 'low',
        close: 'close',
        volume: 'volume',
      },
    },
  },
  entities: {
    symbol: { description: 'A listed share', joinKeys: [{ name: 'symbol', type: 'text' }] },
  },
  featureViews: {
    price_stats: {
      description: 'Last closes and their mean',
      sql: priceStats,
      entities: ['symbol'],
      eventTime: 'event_time',
    },
  },
  featureServices: {
    next_close: {
      description: 'What a forecaster of the next close reads: the same in training and at the endpoint',
      features: features.map((feature) => `price_stats:${feature}`),
    },
  },
  gates: {
    forecaster: {
      rules: [
        {
          name: 'not-worse-than-naive',
          expression: 'baseline == null || metrics.mae <= baseline.mae * 1.05',
          message: 'the mean absolute error must stay within 5 % of "same as yesterday"',
        },
        {
          name: 'better-than-champion',
          expression: 'champion == null || againstChampion.verdict == "candidate-better"',
          message: 'the candidate must beat the champion beyond chance',
        },
      ],
    },
  },
  tests: {
    forecaster: {
      acceptance: [
        { name: 'a price is positive', kind: 'must-hold', holds: 'prediction > 0.0' },
        {
          name: 'no day doubles or halves it',
          kind: 'must-hold',
          holds: 'prediction > close * 0.5 && prediction < close * 2.0',
        },
        {
          name: 'dearer days are followed by dearer ones',
          kind: 'directional',
          change: Object.fromEntries(features.map((feature) => [feature, `${feature} * 1.1`])),
          expect: 'not-decrease',
          // Where it has seen no higher price, a tree stays where it is; few rows lie at a step the other way.
          share: 0.9,
        },
        {
          name: 'a hundredth of a cent moves little',
          kind: 'invariance',
          change: { close: 'close + 0.0001' },
          tolerance: 0.05,
        },
      ],
    },
  },
  endpoints: {
    forecast: {
      description: 'Next close of a symbol',
      variants: [{ name: 'first', model: 'forecaster@1', weight: 1, service: 'next_close@1' }],
      entity: ['symbol'],
      fallback: 'features.close',
      timeoutMs: 250,
      isolation: 'child-process',
      alias: 'champion',
    },
    frozen: {
      description: 'The first model, never replaced: what would have happened without the loop',
      variants: [{ name: 'first', model: 'forecaster@1', weight: 1, service: 'next_close@1' }],
      entity: ['symbol'],
    },
    control: {
      description: 'The first model on days drawn again from its own training days: nothing drifts here',
      variants: [{ name: 'first', model: 'forecaster@1', weight: 1 }],
      entity: ['symbol'],
    },
  },
  monitors: {
    'forecast-range': { endpoint: 'forecast', kind: 'out-of-range', ...watched },
    'forecast-drift': { endpoint: 'forecast', kind: 'drift', ...watched },
    'forecast-error': { endpoint: 'forecast', kind: 'error', ...watched },
    'control-range': { endpoint: 'control', kind: 'out-of-range', ...watched },
    'control-drift': { endpoint: 'control', kind: 'drift', ...watched },
  },
  retraining: {
    forecaster: {
      endpoint: 'forecast',
      model: 'forecaster',
      trainingSet: { name: 'forecaster-days', ...trainingSet },
      sweep: {
        experiment: 'forecaster',
        features,
        target: 'next_close',
        timeColumn: 'event_time',
        learners: ['ridge', 'trees'],
        trials: 10,
        folds: 3,
        metric: 'mae',
        seed: 123,
        // The best three again, on three seeds and three rolling windows: the steady one is fitted.
        confirm: { top: 3, seeds: 3, windows: 3, rule: { type: 'mean-std', lambda: 1 } },
      },
      evaluation: { baseline: 'close', window },
      rollout: {
        minimumPairs: 60,
        alpha: 0.05,
        canaryWeight: 0.5,
        canaryPairs: 10,
        guardRatio: 5,
        maximumPairs: 400,
      },
      triggers: ['out-of-range', 'error'],
      cooldownDays: 120,
    },
  },
});

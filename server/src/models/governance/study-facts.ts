import type { BacktestReport, ImportanceReport, StabilityReport, StudyReport } from '@tidemill/contract';
import type { NewestStudies, NewestStudy } from '../evaluation/studies/service.ts';
import { namesIn } from './assessed-facts.ts';

type Figures = Readonly<Record<string, unknown>>;

/**
 * What long looks at the version found: `studies.importance.features.close.mean`, `studies.stability.max_flipped`,
 * `studies.backtest.metrics.mae`; null where there was none.
 */
export interface StudyFacts {
  readonly studies: Readonly<Record<'importance' | 'stability' | 'backtest', Figures | null>>;
}

const hourMs = 3_600_000;

export function studyFactsOf({ importance, stability, backtest }: NewestStudies, now: number): StudyFacts {
  const of = <R>(
    study: NewestStudy | undefined,
    report: R | null | undefined,
    facts: (found: R) => Figures,
  ): Figures | null =>
    study && report
      ? {
          ...{ id: study.id, dataset: study.dataset, rows: study.report.rows },
          ageHours: Math.max(0, (now - study.finishedAt) / hourMs),
          ...facts(report),
        }
      : null;
  return {
    studies: {
      importance: of(importance, importance?.report.importance, importanceFacts),
      stability: of(stability, stability?.report.stability, stabilityFacts),
      backtest: of(backtest, backtest?.report.backtest, backtestFacts),
    },
  };
}

/** Inputs that were permuted together have one name, with + between them. */
function importanceFacts({ metric, base, features }: ImportanceReport): Figures {
  const gains = features.map(({ mean }) => Math.max(0, mean));
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  const named = features.map(({ features: names, mean, interval }) => [
    names.join('+'),
    { mean, low: interval?.low ?? null, high: interval?.high ?? null },
  ]);
  return {
    ...{ metric, base, features: Object.fromEntries(named) },
    top: features[0]?.features.join('+') ?? null,
    max_share: total > 0 ? Math.max(...gains) / total : null,
    useless: features.filter(({ mean }) => mean <= 0).map(({ features: names }) => names.join('+')),
  };
}

/** `worsening` is how much worse the metric becomes, whichever way is better. */
function stabilityFacts({ metric, base, isHigherBetter, noise, missing }: StabilityReport): Figures {
  const worsening = (value: number | null) =>
    value === null ? null : isHigherBetter ? base - value : value - base;
  const greatest = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  const moved = (each: { metric: number | null; meanChange: number | null; flipped: number | null }) => ({
    ...{ metric: each.metric, worsening: worsening(each.metric) },
    ...{ mean_change: each.meanChange, flipped: each.flipped },
  });
  return {
    ...{ metric, base },
    max_worsening: greatest(noise.map((each) => worsening(each.metric))),
    max_flipped: greatest(noise.map(({ flipped }) => flipped)),
    max_change: greatest(noise.map(({ meanChange }) => meanChange)),
    noise: Object.fromEntries(noise.map((each) => [String(each.level), moved(each)])),
    fails_without: missing.filter(({ fails }) => fails !== null).map(({ feature }) => feature),
    missing: Object.fromEntries(missing.map((each) => [each.feature, moved(each)])),
  };
}

function backtestFacts({
  metrics,
  intervals,
  folds,
  horizons,
  rules,
  refitted,
  comparisons,
}: BacktestReport) {
  const rule = (name: string) => rules.find((each) => each.name === name)?.metrics ?? null;
  const worst: Record<string, number | null> = {};
  for (const name of Object.keys(metrics)) {
    const values = folds.flatMap((fold) => fold.metrics[name] ?? []);
    worst[name] = values.length === 0 ? null : Math.max(...values);
  }
  return {
    ...{ metrics, intervals, refitted, folds: folds.length },
    greatest_of_folds: worst,
    naive: rule('naive'),
    seasonal_naive: rule('seasonal-naive'),
    against_naive: comparisons.find(({ against }) => against === 'naive') ?? null,
    horizons: Object.fromEntries(horizons.map(({ horizon, metrics: own }) => [String(horizon), own])),
  };
}

const run = 'tidemill studies run';
export const studyRemedies: Readonly<Record<string, string>> = {
  'studies.importance': `${run} importance REF --dataset DATASET@N --target COLUMN`,
  'studies.stability': `${run} stability REF --dataset DATASET@N --target COLUMN`,
  'studies.backtest': `${run} backtest REF --target COLUMN`,
};

/** With every name of the user's data that the rule reads, so that only words of ours can be misspelt. */
export function exampleStudyFacts(expression: string, metrics: Readonly<Record<string, number>>): StudyFacts {
  const study = (found: Partial<StudyReport>): NewestStudy => ({
    ...{ id: 'study_1', dataset: 'days@2', finishedAt: 0 },
    report: {
      ...{ task: 'regression', rows: 100, ofRows: 100, notes: [], evaluation: null },
      ...{ backtest: null, importance: null, attribution: null, stability: null },
      ...found,
    },
  });
  const base = { metric: 'mae', base: 0.5, isHigherBetter: false, repeats: 5 };
  const moved = { metric: 0.5, meanChange: 0.5, flipped: 0.5 };
  const comparison = {
    ...{ against: 'naive', verdict: 'candidate-better' as const, pairs: 60, meanDifference: -0.5 },
    ...{ interval: [-0.9, -0.1], pValue: 0.01 },
  };
  const rules = (['naive', 'seasonal-naive'] as const).map((name) => ({ name, metrics }));
  const intervals = Object.fromEntries(
    Object.keys(metrics).map((name) => [name, { low: 0.4, high: 0.6, method: 'bootstrap' as const }]),
  );
  return studyFactsOf(
    {
      importance: study({
        importance: {
          ...base,
          features: [...namesIn(expression, 'studies.importance.features'), 'close'].map((name) => ({
            ...{ features: [name], mean: 0.5, deviation: 0.1, interval: { low: 0.4, high: 0.6 } },
          })),
          correlated: [],
        },
      }),
      stability: study({
        stability: {
          ...base,
          noise: [...namesIn(expression, 'studies.stability.noise').map(Number), 0.1].map((level) => ({
            ...{ level, ...moved, worst: 0.5 },
          })),
          missing: [...namesIn(expression, 'studies.stability.missing'), 'close'].map((feature) => ({
            ...{ feature, ...moved, fails: null, filled: null },
          })),
        },
      }),
      backtest: study({
        backtest: {
          ...{ window: 'expanding', refitted: true, season: null, gap: 0, metrics, intervals, rules },
          comparisons: [comparison],
          horizons: [...namesIn(expression, 'studies.backtest.horizons').map(Number), 1].map((horizon) => ({
            ...{ horizon, rows: 10, metrics, rules },
          })),
          folds: [
            {
              ...{ trainFrom: null, trainTo: null, trainRows: null, from: '2023-01-01', to: '2023-02-01' },
              ...{ rows: 10, metrics, rules },
            },
          ],
          series: [],
        },
      }),
    },
    0,
  );
}

/** An study as lines for people. */
import type {
  AttributionReport,
  BacktestReport,
  ImportanceReport,
  StabilityReport,
  Study,
} from '@tidemill/sdk';
import { formatNumber, tableLines } from '../../table.ts';
import { comparisonLines } from './evaluation-text.ts';

const mostRows = 40;

export function describeStudy(study: Study): string[] {
  const { id, kind, state, model, dataset, progress, error, report } = study;
  const on = dataset === '' ? '' : ` on ${dataset}`;
  return [
    `${id}: ${kind} of ${model ?? 'predictions'}${on} is ${state}`,
    ...(progress ? [`${Math.round(100 * progress.fraction)} %: ${progress.step}`] : []),
    ...(error === null ? [] : [error]),
    ...(report ? [`${report.rows} rows`, ...report.notes, ''] : []),
    ...(report?.evaluation ? [`tidemill evaluations show ${report.evaluation}`] : []),
    ...(report?.importance ? importanceLines(report.importance) : []),
    ...(report?.attribution ? attributionLines(report.attribution) : []),
    ...(report?.stability ? stabilityLines(report.stability) : []),
    ...(report?.backtest ? backtestLines(report.backtest) : []),
  ];
}

const range = (bounds: { low: number | null; high: number | null } | null | undefined): string =>
  bounds ? `${formatNumber(bounds.low)} to ${formatNumber(bounds.high)}` : '';

function importanceLines({ metric, base, repeats, features, correlated }: ImportanceReport): string[] {
  return [
    `${metric} is ${formatNumber(base)}; how much worse it becomes, of ${repeats} permutations:`,
    ...tableLines(features.slice(0, mostRows), {
      feature: (each) => each.features.join(', '),
      worse: ({ mean }) => mean,
      interval: ({ interval }) => range(interval),
      deviation: ({ deviation }) => deviation,
    }),
    ...correlated
      .slice(0, 10)
      .map(
        ({ a, b, correlation }) =>
          `${a} and ${b} correlate by ${formatNumber(correlation)}: each can stand in for the other (--correlated, --group)`,
      ),
  ];
}

function attributionLines({ background, outputs, space, points }: AttributionReport): string[] {
  return [
    `exact TreeSHAP in units of the ${space}, cover of ${background.rows} rows of ${background.of}; ${points.length} rows kept (--json)`,
    ...outputs.flatMap(({ output, base, features }) => [
      '',
      `${output}: ${formatNumber(base)} when no feature is known`,
      ...tableLines(features.slice(0, mostRows), {
        feature: ({ feature }) => feature,
        'mean size': ({ meanAbsolute }) => meanAbsolute,
        interval: ({ interval }) => range(interval),
        mean: ({ mean }) => mean,
      }),
    ]),
  ];
}

function stabilityLines({ metric, base, repeats, noise, missing }: StabilityReport): string[] {
  const moved = {
    [metric]: (each: { metric: number | null }) => each.metric,
    'mean change': (each: { meanChange: number | null }) => each.meanChange,
    flipped: (each: { flipped: number | null }) => each.flipped,
  };
  return [
    `${metric} is ${formatNumber(base)}; with noise of so many standard deviations, of ${repeats} draws:`,
    ...tableLines(noise, { noise: ({ level }) => level, ...moved, worst: ({ worst }) => worst }),
    '',
    ...tableLines(missing.slice(0, mostRows), {
      'missing feature': ({ feature }) => feature,
      ...moved,
      'filled with the usual': ({ filled }) => filled?.metric,
      says: ({ fails }) => fails ?? '',
    }),
  ];
}

const shown = ['mae', 'rmse', 'mape', 'smape', 'mase', 'crps'];

function backtestLines({
  metrics,
  intervals,
  rules,
  horizons,
  folds,
  comparisons,
}: BacktestReport): string[] {
  const names = Object.keys(metrics);
  const main = shown.filter((name) => names.includes(name));
  const columns = Object.fromEntries(
    main.map((name) => [
      name,
      (each: { metrics: Record<string, number | null | undefined> }) => each.metrics[name],
    ]),
  );
  const naive = (each: { rules: BacktestReport['rules'] }) =>
    each.rules.find(({ name }) => name === 'naive')?.metrics.mae;
  return [
    ...tableLines(names, {
      metric: (name) => name,
      value: (name) => metrics[name],
      interval: (name) => range(intervals[name]),
      ...Object.fromEntries(rules.map((rule) => [rule.name, (name: string) => rule.metrics[name]])),
    }),
    ...comparisons.flatMap((comparison) => comparisonLines(`against ${comparison.against}`, comparison)),
    '',
    ...tableLines(horizons.slice(0, mostRows), {
      horizon: ({ horizon }) => horizon,
      rows: ({ rows }) => rows,
      ...columns,
      'naive mae': naive,
    }),
    '',
    ...tableLines(folds, {
      'learned to': ({ trainTo }) => trainTo ?? '',
      rows: ({ trainRows }) => trainRows,
      from: ({ from }) => from,
      to: ({ to }) => to,
      ...columns,
      'naive mae': naive,
    }),
  ];
}

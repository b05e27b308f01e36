/** An evaluation as lines for people. */
import type { Comparison, Evaluation, EvaluationSlice, MetricInterval } from '@tidemill/sdk';
import { formatNumber, tableLines } from '../../table.ts';

const sliceMetrics = ['mae', 'rmse', 'accuracy', 'roc_auc', 'precision', 'recall', 'f1', 'log_loss'];
const naiveMetrics = [
  ...['mae', 'rmse', 'r2', 'accuracy', 'roc_auc', 'log_loss'],
  ...['f1_micro', 'hamming_loss', 'ndcg', 'map', 'mrr'],
];
const mostSlices = 40;

export function describeEvaluation(evaluation: Evaluation): string[] {
  const { id, model, dataset, task, notes, window } = evaluation;
  const { from, to, rows } = window;
  const time = from === '' ? '' : ` from ${from} to ${to}`;
  return [
    `${id}: ${model ?? `${task} predictions`} on ${dataset}, ${rows} rows${time}`,
    ...notes,
    '',
    ...metricLines(evaluation),
    ...comparisonLines('against the naive rule', evaluation.againstBaseline),
    ...comparisonLines('against the champion', evaluation.againstChampion),
    ...naiveLines(evaluation),
    ...sliceLines(evaluation.slices),
    ...worstLines(evaluation),
    ...confusionLines(evaluation),
  ];
}

const shownInterval = (interval: MetricInterval | undefined): string =>
  interval ? `${formatNumber(interval.low)} to ${formatNumber(interval.high)}` : '';

function metricLines({ model, metrics, intervals, baseline, champion }: Evaluation): string[] {
  const names = Object.keys(metrics);
  return tableLines(names, {
    metric: (name) => name,
    [model ?? 'value']: (name) => metrics[name],
    interval: (name) => shownInterval(intervals[name]),
    ...(baseline && { [baseline.name]: (name: string) => baseline.metrics[name] }),
    ...(champion && { [champion.name]: (name: string) => champion.metrics[name] }),
  });
}

/** What knows no feature, by the figures that people know it by. */
function naiveLines({ naive, metrics }: Evaluation): string[] {
  const shown = naiveMetrics.filter((name) => name in metrics);
  if (naive.length === 0) return [];
  return [
    '',
    ...tableLines(naive, {
      'without features': ({ name }) => name,
      ...Object.fromEntries(
        shown.map((name) => [name, (rule: (typeof naive)[number]) => rule.metrics[name]]),
      ),
    }),
  ];
}

function sliceLines(slices: readonly EvaluationSlice[]): string[] {
  if (slices.length === 0) return [];
  const shown = sliceMetrics.filter((name) => slices.some(({ metrics }) => name in metrics));
  const more = slices.length - mostSlices;
  return [
    '',
    ...tableLines(slices.slice(0, mostSlices), {
      slice: ({ column, value }) => `${column} = ${value}`,
      rows: ({ rows }) => rows,
      ...Object.fromEntries(shown.map((name) => [name, (slice: EvaluationSlice) => slice.metrics[name]])),
      [`${shown[0]} interval`]: ({ intervals }) => shownInterval(intervals[shown[0] ?? '']),
    }),
    ...(more > 0 ? [`and ${more} more: --json shows all`] : []),
  ];
}

function worstLines({ worst }: Evaluation): string[] {
  if (!worst) return [];
  if (worst.found.length === 0)
    return ['', `No slice is worse than the rest beyond chance (${worst.tried} tried).`];
  return [
    '',
    `Worst of ${worst.tried} slices tried, by ${worst.loss}:`,
    ...tableLines(worst.found, {
      slice: ({ parts }) => parts.map(({ column, value }) => `${column} = ${value}`).join(' and '),
      rows: ({ rows }) => rows,
      loss: ({ loss }) => loss,
      elsewhere: ({ lossElsewhere }) => lossElsewhere,
      p: ({ pValue }) => pValue,
    }),
  ];
}

function confusionLines({ confusion }: Evaluation): string[] {
  if (!confusion || confusion.classes.length > 12) return [];
  const { classes, cells } = confusion;
  return [
    '',
    ...tableLines(classes, {
      truth: (name) => name,
      ...Object.fromEntries(
        classes.map((name, k) => [`called ${name}`, (own: string) => cells[classes.indexOf(own)]?.[k]]),
      ),
    }),
  ];
}

/** Verdict with the paired difference of absolute errors and its interval. */
export function comparisonLines(title: string, comparison: Comparison | null): string[] {
  if (!comparison) return [];
  const [low, high] = comparison.interval;
  const interval = `${formatNumber(low ?? null)} to ${formatNumber(high ?? null)}`;
  return [
    `${title}: ${comparison.verdict}, ${comparison.metric ? `${comparison.metric} by ${comparison.test}, ` : ''}difference ${formatNumber(comparison.meanDifference)} (${interval}), p ${formatNumber(comparison.pValue)}, ${comparison.pairs} pairs`,
  ];
}

/** Gaps between the groups of a protected column, as fairlearn defines them. */
import type { EvaluationSlice, FairnessColumn, FairnessGroup, Gap, GapName } from '@tidemill/contract';
import type { Random } from '../../base/statistics/random.ts';
import { drawMultinomial } from '../../base/statistics/variates.ts';

/** Rows of one group: called and truly positive, called alone, truly positive alone, neither. */
export interface GroupCounts {
  readonly group: string;
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

const smallest = 30;
const gapNames = [
  'demographic_parity_difference',
  'demographic_parity_ratio',
  'equal_opportunity_difference',
  'equal_opportunity_ratio',
  'equalized_odds_difference',
  'equalized_odds_ratio',
] as const satisfies readonly GapName[];

/** Null where the slice does not say how its rows were called, or its rows were weighted. */
export function countsOf({ value, rows, weight, metrics }: EvaluationSlice): GroupCounts | null {
  const { accuracy, prevalence, recall } = metrics;
  if (accuracy === undefined || prevalence === undefined || accuracy === null || prevalence === null)
    return null;
  if (Math.abs(weight - rows) > 1e-6 * rows) return null;
  const positives = Math.round(prevalence * rows);
  const tp = Math.round((recall ?? 0) * positives);
  const fn = positives - tp;
  const fp = Math.round((1 - accuracy) * rows) - fn;
  return { group: value, tp, fp, fn, tn: rows - positives - fp };
}

interface Rates {
  readonly selection: number;
  /** NaN without a positive row, and without a negative one. */
  readonly truePositive: number;
  readonly falsePositive: number;
}

function ratesOf({ tp, fp, fn, tn }: Omit<GroupCounts, 'group'>): Rates {
  return {
    selection: (tp + fp) / (tp + fp + fn + tn),
    truePositive: tp / (tp + fn),
    falsePositive: fp / (fp + tn),
  };
}

/**
 * Over the groups g with a rate: difference = max - min, ratio = min / max (1 where all rates are 0). Demographic parity is
 * of the selection rate P(called | g), equal opportunity of the true positive rate, equalized odds the worse of true and
 * false positive rates.
 *
 * Source: Hardt, Price, Srebro (2016); fairlearn.metrics, agg="worst_case", method="between_groups".
 */
function gapsOf(groups: readonly Rates[]): Record<GapName, number> {
  const spread = (pick: (rates: Rates) => number) => {
    const values = groups.map(pick).filter((value) => !Number.isNaN(value));
    if (values.length < 2) return { difference: Number.NaN, ratio: Number.NaN };
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { difference: high - low, ratio: high === 0 ? 1 : low / high };
  };
  const selection = spread((rates) => rates.selection);
  const truePositive = spread((rates) => rates.truePositive);
  const falsePositive = spread((rates) => rates.falsePositive);
  return {
    demographic_parity_difference: selection.difference,
    demographic_parity_ratio: selection.ratio,
    equal_opportunity_difference: truePositive.difference,
    equal_opportunity_ratio: truePositive.ratio,
    equalized_odds_difference: Math.max(truePositive.difference, falsePositive.difference),
    equalized_odds_ratio: Math.min(truePositive.ratio, falsePositive.ratio),
  };
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

type RateName = keyof Rates;
const rateNames: readonly RateName[] = ['selection', 'truePositive', 'falsePositive'];
/** What each gap is made of: the worse where it is of two rates. */
const rateOf = (name: GapName): readonly RateName[] =>
  name.startsWith('demographic')
    ? ['selection']
    : name.startsWith('equal_')
      ? ['truePositive']
      : ['truePositive', 'falsePositive'];

/**
 * Intervals of 95 % by the bootstrap of rows within each group: given its size, the four counts of a group are multinomial,
 * so they are drawn instead of rows. The greatest gap of many groups is too great by chance; so what is drawn is how far the
 * rates move apart from where they are (the range of their deviations), which bounds the error of any gap among them at once.
 * Ratios are bounded so by the logarithms of the rates.
 */
export function judgeColumn(
  column: string,
  counts: readonly GroupCounts[],
  random: Random,
  rounds = 1000,
): FairnessColumn {
  const rates = counts.map(ratesOf);
  const values = gapsOf(rates);
  const draws = Array.from({ length: rounds }, () =>
    spreadsOf(
      rates,
      counts.map((group) => ratesOf(resample(group, random))),
    ),
  );
  const gaps = Object.fromEntries(
    gapNames.map((name): [GapName, Gap] => {
      const value = values[name];
      if (Number.isNaN(value)) return [name, { value: null, low: null, high: null }];
      const isRatio = name.endsWith('ratio');
      const spreads = Float64Array.from(draws, (draw) =>
        Math.max(...rateOf(name).map((rate) => draw[rate][isRatio ? 'ratio' : 'difference'])),
      ).sort();
      const error = spreads[Math.min(rounds - 1, Math.ceil(0.95 * rounds) - 1)] as number;
      const [low, high] = isRatio
        ? [value * Math.exp(-error), value === 0 ? 1 : value * Math.exp(error)]
        : [value - error, value + error];
      return [name, { value, low: Math.max(0, low), high: Math.min(1, high) }];
    }),
  ) as Record<GapName, Gap>;
  return { column, groups: counts.map(groupOf), gaps };
}

/** How far the drawn rates of the groups lie apart from the true ones, at most. */
function spreadsOf(truth: readonly Rates[], drawn: readonly Rates[]) {
  const rangeOf = (rate: RateName, scale: (value: number) => number) => {
    const moved = truth.flatMap((group, i) => {
      const [from, to] = [group[rate], (drawn[i] as Rates)[rate]];
      return Number.isNaN(from) || Number.isNaN(to) ? [] : [scale(to) - scale(from)];
    });
    const range = Math.max(...moved) - Math.min(...moved);
    // Of a rate of 0 the logarithm tells nothing.
    return Number.isNaN(range) ? Number.POSITIVE_INFINITY : range;
  };
  return Object.fromEntries(
    rateNames.map((rate) => [rate, { difference: rangeOf(rate, (x) => x), ratio: rangeOf(rate, Math.log) }]),
  ) as Record<RateName, { difference: number; ratio: number }>;
}

function resample({ tp, fp, fn, tn }: GroupCounts, random: Random): Omit<GroupCounts, 'group'> {
  const rows = tp + fp + fn + tn;
  const drawn = drawMultinomial(rows, Float64Array.of(tp / rows, fp / rows, fn / rows, tn / rows), random);
  const [a = 0, b = 0, c = 0, d = 0] = drawn;
  return { tp: a, fp: b, fn: c, tn: d };
}

function groupOf(counts: GroupCounts): FairnessGroup {
  const { group, tp, fp, fn, tn } = counts;
  const { selection, truePositive, falsePositive } = ratesOf(counts);
  return {
    group,
    rows: tp + fp + fn + tn,
    positives: tp + fn,
    selectionRate: selection,
    truePositiveRate: known(truePositive),
    falsePositiveRate: known(falsePositive),
    small: Math.min(tp + fn, fp + tn) < smallest,
  };
}

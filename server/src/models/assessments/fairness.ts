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

/**
 * Intervals of 95 % by the bootstrap of rows within each group: given the group's size, its four counts are multinomial,
 * so they are drawn instead of rows.
 */
export function judgeColumn(
  column: string,
  counts: readonly GroupCounts[],
  random: Random,
  rounds = 1000,
): FairnessColumn {
  const values = gapsOf(counts.map(ratesOf));
  const draws = Array.from({ length: rounds }, () =>
    gapsOf(counts.map((group) => ratesOf(resample(group, random)))),
  );
  const gaps = Object.fromEntries(
    gapNames.map((name): [GapName, Gap] => {
      const sorted = Float64Array.from(
        draws.map((draw) => draw[name]).filter((value) => !Number.isNaN(value)),
      ).sort();
      const isKnown = !Number.isNaN(values[name]) && sorted.length > 0;
      const at = (share: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
      return [
        name,
        { value: known(values[name]), low: isKnown ? at(0.025) : null, high: isKnown ? at(0.975) : null },
      ];
    }),
  ) as Record<GapName, Gap>;
  return { column, groups: counts.map(groupOf), gaps };
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

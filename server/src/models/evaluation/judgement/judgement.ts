import type { Comparison, Evaluation, Metrics } from '@tidemill/contract';

export type Findings = Pick<
  Evaluation,
  | 'metrics'
  | 'intervals'
  | 'slices'
  | 'worst'
  | 'curves'
  | 'confusion'
  | 'residuals'
  | 'notes'
  | 'naive'
  | 'comparisons'
>;

export interface Judgement extends Findings {
  readonly rows: number;
  readonly champion: { readonly name: string; readonly metrics: Metrics } | null;
  readonly baseline: { readonly name: string; readonly metrics: Metrics } | null;
  readonly againstChampion: Comparison | null;
  readonly againstBaseline: Comparison | null;
}

export type RowComparison = Evaluation['comparisons'][number];

/** The first test decides: absolute error, area under the ROC curve, log loss or accuracy, in this order. */
export function toVerdict(found: readonly RowComparison[] | undefined): Comparison | null {
  const first = found?.[0];
  if (!first) return null;
  const { against: _, ...comparison } = first;
  return comparison;
}

/** Rows that may have several labels at once, as judged in a worker thread. */
import type { EvaluationSlice } from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { normalInterval } from '../../../base/statistics/scores/delta-method.ts';
import { labelFigures, labelScorer } from '../../../base/statistics/scores/label-scores.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import { resampledIntervals } from '../../../base/statistics/scores/resampling.ts';
import { figureOf } from '../../../base/statistics/scores/row-figures.ts';
import { unitWeights } from '../../../base/statistics/scores/scorer.ts';
import { calledFigures, sliceScores } from '../../../base/statistics/scores/slice-scores.ts';
import { mostClasses, scoreCurves } from './curves.ts';
import { toIntervals, toMetrics, toNumber } from './figures.ts';
import { type Judgement, toVerdict } from './judgement.ts';
import { comparedLosses, toComparison } from './rivals.ts';
import { assertHolds, type NamedColumn, probability, type Rule, weight } from './rows.ts';

/** A column a label: probabilities, or calls of 0 or 1. */
export interface LabelColumns {
  readonly scores: readonly NamedColumn[] | null;
  readonly called: readonly NamedColumn[] | null;
}

export interface LabelsInput extends LabelColumns {
  readonly task: 'multilabel';
  readonly table: string;
  readonly labels: readonly string[];
  readonly truth: readonly NamedColumn[];
  readonly rivals: readonly (LabelColumns & { readonly kind: 'champion'; readonly name: string })[];
  readonly weight: NamedColumn | null;
  readonly threshold: number;
  readonly alpha: number;
  readonly rounds: number;
  readonly seed: number;
}

const bit: Rule = { holds: (value) => value === 0 || value === 1, wanted: '0 or 1' };

/** Rows of which every label is known. @throws evaluationRowsMissing, evaluationPredictionInvalid */
export function judgeLabels(input: LabelsInput): Judgement {
  const { table, labels, alpha, rounds, seed } = input;
  const total = input.truth[0]?.values.length ?? 0;
  const places = labelledPlaces(input, total);
  const kept = ({ values }: NamedColumn) => (places.length === total ? values : pick(values, places));
  const checked = (columns: readonly NamedColumn[] | null, rule: Rule) =>
    columns?.map((column) => {
      assertHolds(table, column, places, rule);
      return kept(column);
    }) ?? null;
  const truth = checked(input.truth, bit) ?? [];
  const weighed = input.weight && checked([input.weight], weight)?.[0];
  const weights = weighed ?? unitWeights(places.length);
  const sideOf = (columns: LabelColumns) => {
    const scores = checked(columns.scores, probability);
    const called =
      checked(columns.called, bit) ??
      scores?.map((score) => score.map((p) => (p >= input.threshold ? 1 : 0)));
    const rows = { truth, scores, called: called ?? [] };
    const figures = labelFigures(rows);
    return { ...rows, figures, make: labelScorer(rows, figures) };
  };
  const own = sideOf(input);
  const scores = own.make(null)(weights);
  const shared = { alpha, rounds, seed, weights, isWeighted: input.weight !== null };
  const sides = input.rivals.map((rival) => {
    const side = sideOf(rival);
    const losses = [own, side].map(({ figures }) => figureOf(figures, 'hamming_loss'));
    const [test, score] = comparedLosses(shared, losses[0] as Float64Array, losses[1] as Float64Array);
    const found = toComparison(score, { alpha, rows: places.length });
    return {
      judged: { name: rival.name, metrics: toMetrics(side.make(null)(weights)) },
      found: [{ against: rival.kind, metric: 'hamming_loss', test, ...found }],
    };
  });
  return {
    rows: places.length,
    metrics: toMetrics(scores),
    intervals: toIntervals(resampledIntervals(scores, { ...shared, scorerOf: own.make })),
    slices: labels.map((label, k) => sliceOf(label, truth[k], own.called[k], weights, alpha)),
    curves: (own.scores ?? []).slice(0, mostClasses).map((score, k) =>
      scoreCurves(labels[k] ?? '', truth[k] as Float64Array, score, {
        weights,
        threshold: input.threshold,
      }),
    ),
    notes: notesOf(input, truth, total),
    naive: naiveOf(input, truth, weights),
    comparisons: sides.flatMap(({ found }) => found),
    champion: sides[0]?.judged ?? null,
    againstChampion: toVerdict(sides[0]?.found),
    ...{ worst: null, confusion: null, residuals: null, baseline: null, againstBaseline: null },
  };
}

function labelledPlaces({ truth, table }: LabelsInput, total: number): Uint32Array {
  const places = Uint32Array.from({ length: total }, (_, i) => i).filter((row) =>
    truth.every(({ values }) => !Number.isNaN(values[row])),
  );
  if (places.length > 0) return places;
  const reason = total === 0 ? 'it is empty' : `no row has all of its labels`;
  throw errors.evaluationRowsMissing({ dataset: table, reason });
}

/** What a label alone says, in the place of a slice: of rows that are, or were called, so. */
function sliceOf(
  label: string,
  truth: Float64Array | undefined,
  called: Float64Array | undefined,
  weights: Float64Array,
  alpha: number,
): EvaluationSlice {
  const figures = calledFigures(truth ?? new Float64Array(), called ?? new Float64Array());
  const [found] = sliceScores(new Uint8Array(weights.length), 1, weights, figures);
  const scores = Object.entries(found?.scores ?? {});
  const intervals = scores.flatMap(([metric, estimated]) => {
    const { lower, upper } = normalInterval(estimated, alpha);
    if (!Number.isFinite(lower) || !Number.isFinite(upper)) return [];
    return [[metric, { low: lower, high: upper, method: 'delta' as const }] as const];
  });
  return {
    ...{ column: 'label', value: label, rows: found?.rows ?? 0, weight: found?.weight ?? 0 },
    metrics: Object.fromEntries(scores.map(([metric, { value }]) => [metric, toNumber(value)])),
    intervals: Object.fromEntries(intervals),
  };
}

/** Rules that know no feature, from the labels of these very rows. */
function naiveOf({ threshold }: LabelsInput, truth: readonly Float64Array[], weights: Float64Array) {
  const total = weights.reduce((sum, value) => sum + value, 0);
  const shares = truth.map(
    (column) => column.reduce((sum, value, i) => sum + value * (weights[i] as number), 0) / total,
  );
  const whole = (value: number) => new Float64Array(weights.length).fill(value);
  const judged = (name: string, called: Float64Array[], scores: Float64Array[] | null) => {
    const rows = { truth, called, scores };
    return { name, metrics: toMetrics(labelScorer(rows, labelFigures(rows))(null)(weights)) };
  };
  return [
    judged(
      'majority',
      shares.map((share) => whole(share > 0.5 ? 1 : 0)),
      null,
    ),
    judged(
      'prior',
      shares.map((share) => whole(share >= threshold ? 1 : 0)),
      shares.map(whole),
    ),
  ];
}

function notesOf({ labels }: LabelsInput, truth: readonly Float64Array[], total: number): string[] {
  const rows = truth[0]?.length ?? 0;
  const unseen = labels.filter((_, k) => !truth[k]?.includes(1));
  return [
    ...(rows < total ? [`${total - rows} of ${total} rows lack one of their labels and are left out.`] : []),
    ...(unseen.length > 0
      ? [
          `No row has ${unseen.map((label) => `'${label}'`).join(', ')}: precision, recall and f1 of such a label count as 0.`,
        ]
      : []),
  ];
}

/** Runs in a worker thread: columns in, everything an evaluation says of them out. */
import type { Intervals, Metrics } from '@tidemill/contract';
import { normalInterval } from '../../../base/statistics/scores/delta-method.ts';
import { ovrArea } from '../../../base/statistics/scores/ovr-area.ts';
import { confusionOf, curvesOf, residualsOf } from './curves.ts';
import { figuresOf, toNumber } from './figures.ts';
import { type Judgement, toVerdict } from './judgement.ts';
import { judgeLabels, type LabelsInput } from './labels.ts';
import { notesOf } from './notes.ts';
import { judgeRanking, type RankingInput } from './ranking.ts';
import { compareWith, judgeNaive, rivalMetrics } from './rivals.ts';
import { type JudgedRows, type JudgementInput, toJudgedRows } from './rows.ts';
import { judgeSlices } from './slices.ts';
import { valuesOf } from './value.ts';

/** @throws evaluationRowsMissing, evaluationPredictionInvalid, evaluationValueInvalid */
export function judgeRows(input: JudgementInput | LabelsInput | RankingInput): Judgement {
  if (input.task === 'multilabel') return judgeLabels(input);
  if (input.task === 'ranking') return judgeRanking(input);
  const checked = toJudgedRows(input);
  const rows = { ...checked, values: checked.value && valuesOf(checked, checked.value) };
  const { scores, metrics, intervals } = figuresOf(rows);
  const area = areaOfClasses(rows);
  const { slices, worst } = judgeSlices(rows);
  const sides = rows.others.map((rival) => {
    const own = { ...rival, values: rows.value && valuesOf({ ...rows, ...rival }, rows.value) };
    const found = rows.areRowsIndependent ? compareWith(rows, rival, rival.kind) : [];
    return { kind: rival.kind, judged: { name: rival.name, metrics: rivalMetrics(rows, own) }, found };
  });
  const side = (kind: 'champion' | 'baseline') => sides.find((each) => each.kind === kind);
  return {
    rows: rows.truth.length,
    metrics: { ...metrics, ...area.metrics },
    intervals: { ...intervals, ...area.intervals },
    slices: [...slices],
    worst,
    curves: curvesOf(rows),
    confusion: confusionOf(rows),
    residuals: residualsOf(rows),
    notes: notesOf(rows, scores),
    naive: judgeNaive({ ...rows, values: null }),
    comparisons: sides.flatMap(({ found }) => found),
    champion: side('champion')?.judged ?? null,
    baseline: side('baseline')?.judged ?? null,
    againstChampion: toVerdict(side('champion')?.found),
    againstBaseline: toVerdict(side('baseline')?.found),
  };
}

/** Where each class has a column of probabilities; the interval is normal, by the placements of the rows. */
function areaOfClasses({ task, truth, probabilities, weights, alpha }: JudgedRows): {
  metrics: Metrics;
  intervals: Intervals;
} {
  const columns = probabilities?.flatMap((column) => (column ? [column] : [])) ?? [];
  if (task !== 'multiclass' || columns.length === 0 || columns.length < (probabilities?.length ?? 0))
    return { metrics: {}, intervals: {} };
  const area = ovrArea(truth, columns, weights);
  const { lower, upper } = normalInterval(area, alpha);
  const isKnown = Number.isFinite(lower) && Number.isFinite(upper);
  return {
    metrics: { roc_auc_ovr: toNumber(area.value) },
    intervals: isKnown ? { roc_auc_ovr: { low: lower, high: upper, method: 'delta' } } : {},
  };
}

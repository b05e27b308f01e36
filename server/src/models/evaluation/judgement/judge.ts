/** Runs in a worker thread: columns in, everything an evaluation says of them out. */
import type { ClassCurves, Comparison, Evaluation, Metrics } from '@tidemill/contract';
import { confusionOf, curvesOf, residualsOf } from './curves.ts';
import { figuresOf } from './figures.ts';
import { notesOf } from './notes.ts';
import { compareWith, judgeNaive, type RowComparison, rivalMetrics } from './rivals.ts';
import { type JudgementInput, toJudgedRows } from './rows.ts';
import { judgeSlices } from './slices.ts';
import { valuesOf } from './value.ts';

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

/** @throws evaluationRowsMissing, evaluationPredictionInvalid, evaluationValueInvalid */
export function judgeRows(input: JudgementInput): Judgement {
  const checked = toJudgedRows(input);
  const rows = { ...checked, values: checked.value && valuesOf(checked, checked.value) };
  const { scores, metrics, intervals } = figuresOf(rows);
  const curves = curvesOf(rows);
  const { slices, worst } = judgeSlices(rows);
  const sides = rows.others.map((rival) => {
    const own = { ...rival, values: rows.value && valuesOf({ ...rows, ...rival }, rows.value) };
    const found = rows.areRowsIndependent ? compareWith(rows, rival, rival.kind) : [];
    return { kind: rival.kind, judged: { name: rival.name, metrics: rivalMetrics(rows, own) }, found };
  });
  const side = (kind: 'champion' | 'baseline') => sides.find((each) => each.kind === kind);
  return {
    rows: rows.truth.length,
    metrics: { ...metrics, ...areaOfClasses(rows.task, curves, rows.classes.length) },
    intervals,
    slices: [...slices],
    worst,
    curves,
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

/** The first test decides: absolute error, area under the ROC curve, log loss or accuracy, in this order. */
function toVerdict(found: readonly RowComparison[] | undefined): Comparison | null {
  const first = found?.[0];
  if (!first) return null;
  const { against: _, ...comparison } = first;
  return comparison;
}

/** sklearn.metrics.roc_auc_score with multi_class 'ovr' and the macro average; where each class has a curve. */
function areaOfClasses(task: string, curves: readonly ClassCurves[], classes: number): Metrics {
  if (task !== 'multiclass' || curves.length === 0 || curves.length < classes) return {};
  const areas = curves.map(({ rocAuc }) => rocAuc);
  const isWhole = areas.every((area) => area !== null);
  const sum = areas.reduce<number>((total, area) => total + (area ?? 0), 0);
  return { roc_auc_ovr: isWhole ? sum / areas.length : null };
}

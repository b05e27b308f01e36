/** Runs in a worker thread: columns in, everything an evaluation says of them out. */
import type {
  ClassCurves,
  Confusion,
  EvaluationSlice,
  Intervals,
  Metrics,
  Residuals,
  WorstSlices,
} from '@tidemill/contract';
import { confusionOf, curvesOf, residualsOf } from './curves.ts';
import { figuresOf } from './figures.ts';
import { notesOf } from './notes.ts';
import { type JudgementInput, toJudgedRows } from './rows.ts';
import { judgeSlices } from './slices.ts';

export interface Judgement {
  readonly rows: number;
  readonly metrics: Metrics;
  readonly intervals: Intervals;
  readonly slices: EvaluationSlice[];
  readonly worst: WorstSlices | null;
  readonly curves: ClassCurves[];
  readonly confusion: Confusion | null;
  readonly residuals: Residuals | null;
  readonly notes: string[];
}

/** @throws evaluationRowsMissing, evaluationPredictionInvalid */
export function judgeRows(input: JudgementInput): Judgement {
  const rows = toJudgedRows(input);
  const { scores, metrics, intervals } = figuresOf(rows);
  const curves = curvesOf(rows);
  const { slices, worst } = judgeSlices(rows);
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
  };
}

/** sklearn.metrics.roc_auc_score with multi_class 'ovr' and the macro average; where each class has a curve. */
function areaOfClasses(task: string, curves: readonly ClassCurves[], classes: number): Metrics {
  if (task !== 'multiclass' || curves.length === 0 || curves.length < classes) return {};
  const areas = curves.map(({ rocAuc }) => rocAuc);
  const isWhole = areas.every((area) => area !== null);
  const sum = areas.reduce<number>((total, area) => total + (area ?? 0), 0);
  return { roc_auc_ovr: isWhole ? sum / areas.length : null };
}

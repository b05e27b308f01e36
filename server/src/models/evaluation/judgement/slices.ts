/** Rows judged apart: the slices asked for, and the worst that a search finds. */
import type { EvaluationSlice, WorstSlices } from '@tidemill/contract';
import { aucWithError } from '../../../base/statistics/scores/auc-error.ts';
import { logLoss } from '../../../base/statistics/scores/binary-scores.ts';
import { probabilityLosses } from '../../../base/statistics/scores/class-scores.ts';
import { type Estimated, normalInterval } from '../../../base/statistics/scores/delta-method.ts';
import { ascendingOrder, pick } from '../../../base/statistics/scores/order.ts';
import {
  binaryFigures,
  calledFigures,
  classFigures,
  regressionFigures,
  type SliceFigures,
  sliceScores,
} from '../../../base/statistics/scores/slice-scores.ts';
import { worstSlices } from '../../../base/statistics/scores/worst-slices.ts';
import { type Cut, cutColumn } from './cuts.ts';
import { calledClasses, positives, toNumber } from './figures.ts';
import type { JudgedRows } from './rows.ts';

const searchAlpha = 0.05;
const mostFound = 20;
const fewestRows = 30;
const smallestShare = 0.005;

interface Losses {
  readonly name: string;
  readonly values: Float64Array;
  readonly figures: SliceFigures;
}

/** What each row costs, and what is averaged in a slice. */
function lossesOf(rows: JudgedRows): Losses {
  const { truth, score, probabilities, threshold } = rows;
  if (rows.task === 'regression') {
    const errors = (rows.prediction as Float64Array).map((value, i) => value - (truth[i] as number));
    return { name: 'absolute_error', values: errors.map(Math.abs), figures: regressionFigures(errors) };
  }
  if (score) {
    const outcome = positives(rows);
    const loss = outcome.map((value, i) => logLoss(value, score[i] as number));
    const figures = binaryFigures({ truth: outcome, score, loss, threshold });
    return { name: 'log_loss', values: loss, figures };
  }
  const called = calledClasses(rows);
  const loss = probabilities ? (probabilityLosses(truth, probabilities)[0]?.[1] ?? null) : null;
  const wrong = truth.map((value, i) => (value === called[i] ? 0 : 1));
  const figures =
    rows.task === 'binary' && !loss
      ? calledFigures(positives(rows), positives({ ...rows, truth: called }))
      : classFigures(truth, called, loss);
  return { name: loss ? 'log_loss' : 'zero_one', values: loss ?? wrong, figures };
}

export interface SlicedRows {
  readonly slices: readonly EvaluationSlice[];
  readonly worst: WorstSlices | null;
}

export function judgeSlices(rows: JudgedRows): SlicedRows {
  const cuts = new Map(rows.cutting.map((column) => [column.name, cutColumn(column, rows.quantiles)]));
  const chosen = (names: readonly string[]) => names.flatMap((name) => cuts.get(name) ?? []);
  if (cuts.size === 0) return { slices: [], worst: null };
  const losses = lossesOf(rows);
  const areas = aucBySlice(rows);
  return {
    slices: chosen(rows.slices).flatMap((cut) => judgeCut(rows, cut, losses.figures, areas)),
    worst: searchWorst(rows, chosen(rows.search), losses),
  };
}

/** Intervals by the delta method; of the area under the ROC curve by DeLong's. */
function judgeCut(
  { weights, alpha }: JudgedRows,
  { name, codes, labels }: Cut,
  figures: SliceFigures,
  areasOf: AreasOf | null,
): EvaluationSlice[] {
  const areas = areasOf?.(codes, labels.length);
  return sliceScores(codes, labels.length, weights, figures).map(({ rows, weight, scores }, slice) => {
    const area = areas?.[slice];
    const all: Record<string, Estimated> = area ? { ...scores, roc_auc: area } : scores;
    const metrics = Object.entries(all).map(([metric, { value }]) => [metric, toNumber(value)] as const);
    const intervals = Object.entries(all).flatMap(([metric, estimated]) => {
      const { lower, upper } = normalInterval(estimated, alpha);
      if (!Number.isFinite(lower) || !Number.isFinite(upper)) return [];
      return [[metric, { low: lower, high: upper, method: 'delta' as const }] as const];
    });
    return {
      column: name,
      value: labels[slice] ?? '',
      rows,
      weight,
      metrics: Object.fromEntries(metrics),
      intervals: Object.fromEntries(intervals),
    };
  });
}

type AreasOf = (codes: Float64Array, count: number) => Estimated[];

/** Rows are sorted by score once; each slice then takes its own in that order. */
function aucBySlice(rows: JudgedRows): AreasOf | null {
  const { score, weights } = rows;
  if (!score) return null;
  const order = ascendingOrder(score).reverse();
  const outcome = positives(rows);
  return (codes, count) => {
    const sizes = new Uint32Array(count);
    for (const code of codes) sizes[code] = (sizes[code] as number) + 1;
    const places = Array.from(sizes, (size) => new Uint32Array(size));
    const filled = new Uint32Array(count);
    for (const row of order) {
      const slice = codes[row] as number;
      (places[slice] as Uint32Array)[filled[slice] as number] = row;
      filled[slice] = (filled[slice] as number) + 1;
    }
    return places.map((own) => aucWithError(pick(outcome, own), pick(score, own), pick(weights, own)));
  };
}

function searchWorst(rows: JudgedRows, cuts: readonly Cut[], { name, values }: Losses): WorstSlices | null {
  if (cuts.length === 0) return null;
  const columns = cuts.map((cut) => ({ name: cut.name, codes: cut.codes, count: cut.labels.length }));
  const leastRows = Math.max(fewestRows, Math.ceil(values.length * smallestShare));
  const { tried, found } = worstSlices({
    columns,
    losses: values,
    weights: rows.weights,
    leastRows,
    alpha: searchAlpha,
    most: mostFound,
  });
  return {
    loss: name,
    columns: cuts.map((cut) => cut.name),
    tried,
    leastRows,
    found: found.map(({ parts, ...slice }) => ({
      ...slice,
      parts: parts.map(({ column, code }) => ({
        column: cuts[column]?.name ?? '',
        value: cuts[column]?.labels[code] ?? '',
      })),
    })),
  };
}

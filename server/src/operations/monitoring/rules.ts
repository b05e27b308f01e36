import type { Monitor, MonitorDefinition, PredictionRecord } from '@tidemill/contract';
import type { Static } from 'typebox';
import { mean, quantileOfSorted } from '../../base/statistics/summary.ts';
import type { Cause } from '../alerts/service.ts';
import { ksAgainstSorted } from './sorted-reference.ts';

export type MonitorKind = Static<(typeof MonitorDefinition)['kind']>;

export interface Unit {
  readonly eventTime: number;
  readonly key: string;
  readonly value: number;
}

/** A numeric column of the reference, ascending; the range is that of all its rows, also where only a sample is kept. */
export interface SortedColumn {
  readonly sorted: Float64Array;
  readonly minimum: number;
  readonly maximum: number;
  readonly rows: number;
}

/** One column of one window, judged. */
export interface Judgement {
  readonly column: string;
  readonly statistic: 'ks' | 'above' | 'below' | 'mae' | 'chi-square' | 'differs';
  readonly value: number;
  readonly threshold: number;
  readonly breached: boolean;
  readonly rows: number;
  readonly text: string;
  readonly evidence: readonly Unit[];
}

/**
 * Rows per window where a monitor names none: what a business of daily rows sees in six weeks.
 */
export const defaultWindow = 30;

/**
 * Windows overlap from check to check and columns are many, so the chance of one false alarm per check and column is
 * small: one in a million leaves 300 daily checks of 20 columns below one in a hundred. A real shift is far beyond.
 * The threshold of errors is simulated, and one in ten thousand is what a simulation of seconds can tell.
 */
export const defaultRate = { drift: 1e-6, 'out-of-range': 1e-6, skew: 1e-6, error: 1e-4 } as const;

/** Simulated windows per expected false alarm of an error monitor. */
export const drawsPerAlarm = 20;
/** Values a simulation may draw: about 20 seconds of one core. */
const maximumSimulated = 1e9;

export const windowOf = (monitor: Pick<Monitor, 'window'>): number => monitor.window ?? defaultWindow;
export const rateOf = (monitor: Pick<Monitor, 'kind' | 'falseAlarmRate'>): number =>
  monitor.falseAlarmRate ?? (monitor.kind === 'error' ? defaultRate.error : defaultRate.drift);

/** Why a definition cannot work; null when it can. */
export function problemOf(
  monitor: Pick<Monitor, 'kind' | 'window' | 'falseAlarmRate' | 'columns'>,
): string | null {
  if (monitor.kind !== 'error') return null;
  if (monitor.columns !== undefined) return 'an error monitor watches no columns';
  const simulated = (drawsPerAlarm / rateOf(monitor)) * windowOf(monitor);
  if (simulated <= maximumSimulated) return null;
  return `the threshold of windows of ${windowOf(monitor)} at a rate of ${rateOf(monitor)} needs ${simulated.toExponential(0)} simulated values, more than ${maximumSimulated.toExponential(0)}`;
}

/** Newest first: the newest live answers that carry a finite value of this feature. */
export function unitsOfColumn(records: readonly PredictionRecord[], column: string): Unit[] {
  return records.flatMap(({ eventTime, key, features }) => {
    const value = features[column];
    return typeof value === 'number' && Number.isFinite(value) ? [{ eventTime, key, value }] : [];
  });
}

/** Newest first: absolute errors of one model's own answers; a fallback's say nothing of it. */
export function unitsOfErrors(records: readonly PredictionRecord[], model: string): Unit[] {
  return records.flatMap(({ eventTime, key, source, model: by, prediction, outcome }) =>
    source === 'model' && by === model && prediction !== null && outcome !== null
      ? [{ eventTime, key, value: Math.abs(prediction - outcome) }]
      : [],
  );
}

/** The newest `size` units at or before a moment; null when there are fewer. Units come newest first. */
export function windowAt(units: readonly Unit[], eventTime: number, size: number): readonly Unit[] | null {
  const start = units.findIndex((unit) => unit.eventTime <= eventTime);
  if (start < 0 || units.length - start < size) return null;
  return units.slice(start, start + size);
}

const mostTimes = 16;
const mostValues = 20_000;

/** Event times to judge now, oldest first: those after the last one judged, the newest few where many have come. */
export function timesToJudge(
  units: readonly { readonly eventTime: number }[],
  last: number | null,
  window: number,
): number[] {
  const times = [...new Set(units.map((unit) => unit.eventTime))].filter(
    (time) => last === null || time > last,
  );
  const most = Math.max(1, Math.min(mostTimes, Math.floor(mostValues / window)));
  return times.slice(0, most).reverse();
}

const valuesOf = (window: readonly Unit[]): Float64Array => Float64Array.from(window, (unit) => unit.value);

/** Six digits say enough; an integer stays as it is. */
export const shown = (value: number): string => String(Number(value.toPrecision(6)));

export function judgeDrift(
  column: string,
  reference: SortedColumn,
  window: readonly Unit[],
  threshold: number,
): Judgement {
  const sorted = valuesOf(window).sort();
  const value = ksAgainstSorted(reference.sorted, sorted);
  const breached = value >= threshold;
  const [here, there] = [quantileOfSorted(sorted, 0.5), quantileOfSorted(reference.sorted, 0.5)];
  const text = `${column} differs from training: KS ${shown(value)} (threshold ${shown(threshold)}) over ${window.length} rows, median ${shown(here)} against ${shown(there)}`;
  const evidence = breached ? window : [];
  return { column, statistic: 'ks', value, threshold, breached, rows: window.length, text, evidence };
}

export function judgeRange(
  column: string,
  reference: SortedColumn,
  window: readonly Unit[],
  threshold: number,
): Judgement[] {
  const above = window.filter((unit) => unit.value > reference.maximum);
  const below = window.filter((unit) => unit.value < reference.minimum);
  const largest = above.reduce((most, unit) => Math.max(most, unit.value), Number.NEGATIVE_INFINITY);
  const smallest = below.reduce((least, unit) => Math.min(least, unit.value), Number.POSITIVE_INFINITY);
  const side = (statistic: 'above' | 'below', units: readonly Unit[], figures: string): Judgement => ({
    column,
    statistic,
    value: units.length,
    threshold,
    breached: units.length >= threshold,
    rows: window.length,
    text: `${column} ${statistic} every training value: ${units.length} of ${window.length} rows${figures}`,
    evidence: units,
  });
  return [
    side('above', above, above.length > 0 ? `, largest ${shown(largest)} > ${shown(reference.maximum)}` : ''),
    side(
      'below',
      below,
      below.length > 0 ? `, smallest ${shown(smallest)} < ${shown(reference.minimum)}` : '',
    ),
  ];
}

export function judgeErrors(
  window: readonly Unit[],
  threshold: number,
  expected: { readonly mean: number; readonly rows: number },
): Judgement {
  const value = mean(valuesOf(window));
  const breached = value >= threshold;
  const worst = [...window].sort((a, b) => b.value - a.value);
  return {
    column: 'error',
    statistic: 'mae',
    value,
    threshold,
    breached,
    rows: window.length,
    text: `mean absolute error ${shown(value)} over ${window.length} outcomes (threshold ${shown(threshold)}); ${shown(expected.mean)} was expected from ${expected.rows}`,
    evidence: breached ? worst : [],
  };
}

const shownRows = 20;

export const toCause = ({ column, text, value, threshold, evidence }: Judgement): Cause => ({
  column,
  text,
  value,
  threshold,
  rows: evidence.slice(0, shownRows).map((unit) => ({ ...unit })),
});

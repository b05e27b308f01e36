import type { MonitorResult, Overview } from '@tidemill/sdk';
import type { ChartBand, ChartLine } from '../../../components/chart-options.ts';
import {
  breakAtHoles,
  type Line,
  toLines,
  toPeaks,
  toPoints,
  toRollingMean,
  toThresholdRatio,
} from '../../../lib/series.ts';

type Series = Overview['series'];

const rollingDays = 10;

/** First and last event time, so that charts under each other line up. */
export function toDomain(series: Series): readonly [number, number] | null {
  if (series.length < 2) return null;
  const times = series.map((point) => point.eventTime);
  return [Math.min(...times), Math.max(...times)];
}

export function toPriceLines(series: Series): ChartLine[] {
  const fallbacks = series.filter((point) => point.source === 'fallback');
  const time = (point: Series[number]) => point.eventTime;
  const lines: ChartLine[] = [
    { name: 'truth', tone: 'text', points: toPoints(series, time, (point) => point.truth) },
    { name: 'forecast', tone: 'accent', points: toPoints(series, time, (point) => point.prediction) },
  ];
  if (fallbacks.length > 0)
    lines.push({
      name: 'answered by the rule',
      tone: 'warn',
      kind: 'markers',
      points: toPoints(fallbacks, time, (point) => point.prediction),
    });
  return lines;
}

export const toBands = (spans: Overview['spans']): ChartBand[] =>
  spans.map((span) => ({ name: span.model, from: span.from, to: span.to }));

/** Each day's error, and its mean over the last days, which is what the eye should follow. */
export function toErrorLines(series: Series): ChartLine[] {
  const size = (point: Series[number]) => (point.error === null ? null : Math.abs(point.error));
  const daily = toPoints(series, (point) => point.eventTime, size);
  return [
    { name: 'each day', tone: 'faint', points: daily },
    { name: `mean of ${rollingDays} days`, tone: 'accent', points: toRollingMean(daily, rollingDays) },
  ];
}

/** Per monitor, how close its loudest column comes to the threshold; the monitor's own screen shows them all. */
export const toMonitorLines = (results: readonly MonitorResult[]): Line[] =>
  toLines(
    results,
    (result) => result.monitor,
    (result) => result.eventTime,
    toThresholdRatio,
  ).map(({ name, points }) => ({ name, points: breakAtHoles(toPeaks(points)) }));

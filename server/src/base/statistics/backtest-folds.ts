/** One fold, in places of the distinct times, each range half open. */
export interface BacktestFold {
  readonly trainStart: number;
  readonly trainEnd: number;
  /** The first time that is forecast; its horizon is 1 + the gap. */
  readonly start: number;
  readonly end: number;
}

export interface BacktestPlan {
  readonly folds: number;
  /** Times that each fold forecasts. */
  readonly horizon: number;
  /** From a fold's first time to the next one's; the horizon when absent. */
  readonly step?: number | undefined;
  /** Times left out between what is learned from and what is forecast. */
  readonly gap?: number | undefined;
  /** At most so many times are learned from (a sliding window); all before when absent (expanding). */
  readonly trainTimes?: number | undefined;
}

/**
 * Folds of a walk forward, the last one ending with the last time (sklearn.model_selection.TimeSeriesSplit of the
 * times with test_size, gap and max_train_size, where the step is the horizon). What a fold learns from ends before
 * what it forecasts begins.
 * @param times how many distinct times there are.
 * @returns null when the first fold would have less than `least` times to learn from.
 */
export function backtestFolds(times: number, plan: BacktestPlan, least = 2): BacktestFold[] | null {
  const { folds, horizon, step = horizon, gap = 0, trainTimes } = plan;
  const first = times - horizon - (folds - 1) * step;
  if (first - gap < least) return null;
  return Array.from({ length: folds }, (_, fold) => {
    const start = first + fold * step;
    const trainEnd = start - gap;
    const trainStart = trainTimes === undefined ? 0 : Math.max(0, trainEnd - trainTimes);
    return { trainStart, trainEnd, start, end: start + horizon };
  });
}

/**
 * What the series itself forecasts, knowing nothing after the origin: the last known value, and that of the last
 * known season (Hyndman and Athanasopoulos, "Forecasting: principles and practice", 5.2).
 * @param series one value a time, ascending. @param origin place behind the last time that is known.
 * @param season times in a season; 1 is the last value itself. @returns `count` values for the places from `start`.
 */
export function seasonalNaive(
  series: Float64Array,
  { origin, start, count, season }: { origin: number; start: number; count: number; season: number },
): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const ahead = start + i - origin;
    return series[origin - season + (ahead % season)] ?? Number.NaN;
  });
}

/**
 * Mean absolute error of the seasonal naive rule within what was learned from: what the errors of MASE are measured in
 * (Hyndman and Koehler 2006, Int. J. Forecasting 22). NaN where there is no such pair or the series never moves.
 */
export function naiveScale(series: Float64Array, season: number): number {
  let sum = 0;
  for (let i = season; i < series.length; i += 1)
    sum += Math.abs((series[i] as number) - (series[i - season] as number));
  const scale = sum / (series.length - season);
  return scale > 0 ? scale : Number.NaN;
}

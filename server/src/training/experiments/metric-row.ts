import type { MetricValue } from './rules.ts';

/** How a point is kept: SQLite has no NaN. */
export const toMetricRow = (metric: MetricValue) => ({
  step: metric.step,
  recorded_at: metric.timestamp,
  value: Number.isNaN(metric.value) ? 0 : metric.value,
  is_nan: Number.isNaN(metric.value) ? 1 : 0,
});

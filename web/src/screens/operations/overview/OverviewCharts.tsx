import type { Overview } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import classes from './Overview.module.css';
import { toBands, toDomain, toErrorLines, toMonitorLines, toPriceLines } from './overview-series.ts';

/** Forecast and truth, error, drift: one under the other on the same time axis. */
export function OverviewCharts({ overview }: { readonly overview: Overview }) {
  const { series, spans, monitors, endpoint } = overview;
  const domain = useMemo(() => toDomain(series), [series]);
  const price = useMemo(() => ({ lines: toPriceLines(series), bands: toBands(spans) }), [series, spans]);
  const errors = useMemo(() => ({ lines: toErrorLines(series) }), [series]);
  const drift = useMemo(() => ({ lines: toMonitorLines(monitors) }), [monitors]);
  const place = { group: 'overview', ...(domain && { domain }) };
  return (
    <div className={classes.charts}>
      <Chart
        title={endpoint ? `Forecast and truth: ${endpoint}` : 'Forecast and truth'}
        height={300}
        empty="Predictions and what really happened are drawn here, day by day."
        {...price}
        {...place}
      />
      <Chart
        title="Absolute error of what was served"
        height={170}
        fromZero
        empty="Errors are drawn here once outcomes arrive."
        {...errors}
        {...place}
      />
      <Chart
        title="Monitors: their loudest column, as a multiple of its threshold"
        height={190}
        fromZero
        limit={threshold}
        empty="Drift and range statistics are drawn here once a monitor has judged a window."
        {...drift}
        {...place}
      />
    </div>
  );
}

const threshold = { name: 'threshold', value: 1 } as const;

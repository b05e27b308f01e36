import type { ProfileSeries, SeriesProfile } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { InView } from '../../../components/InView.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { formatDuration, formatNumber, formatShare } from '../../../lib/format.ts';

/** The numbers of a table as series over its time column. */
export function SeriesPanel({ series }: { readonly series: ProfileSeries }) {
  const { time, chosen, interval, approximate, columns } = series;
  const about = [
    `in order of ${time}${chosen ? '' : ', which is ascending'}`,
    ...(interval === null ? [] : [`a step is ${formatDuration(interval)}`]),
    ...(approximate ? ['approximate, of the latest points'] : []),
  ];
  return (
    <Panel title="Time series" aside={about.join('; ')}>
      <div className="stack">
        {columns.map((column) => (
          <InView key={column.column} height={260}>
            <Series series={column} />
          </InView>
        ))}
      </div>
    </Panel>
  );
}

function Series({ series }: { readonly series: SeriesProfile }) {
  const { column } = series;
  const drawn = useMemo(
    () => ({
      line: [{ name: series.column, points: series.line.map(({ time, value }) => [time, value] as const) }],
      acf: toBars('by lag', series.acf, series.confidence),
      pacf: toBars('by lag', series.pacf, series.confidence),
    }),
    [series],
  );
  return (
    <section aria-label={`Series ${column}`}>
      <div className="columns">
        <Chart title={column} lines={drawn.line} height={180} empty="Too few values to draw." />
        <div style={{ display: 'grid', gridTemplateColumns: '1fr 1fr', gap: 8 }}>
          <Chart title="ACF" axis="number" lines={drawn.acf} height={180} empty="Too few values." />
          <Chart title="PACF" axis="number" lines={drawn.pacf} height={180} empty="Too few values." />
        </div>
      </div>
      <SeriesFacts series={series} />
    </section>
  );
}

/** Lag 0 is always 1 and would flatten the rest; what stays between the dashed lines may be noise. */
const toBars = (name: string, values: readonly number[], confidence: number): readonly ChartLine[] => {
  const last = Math.max(1, values.length - 1);
  const bars = values.slice(1).map((value, index) => [index + 1, value] as const);
  const bounds = [
    [1, confidence],
    [last, confidence],
    [last, null],
    [1, -confidence],
    [last, -confidence],
  ] as const;
  return [
    { name, kind: 'bars', tone: 'accent', points: bars },
    { name: '95 % of noise', tone: 'faint', dashed: true, points: bounds },
  ];
};

function SeriesFacts({ series: { points, adf, stationary, periods } }: { readonly series: SeriesProfile }) {
  return (
    <Summary>
      <Fact name="Points">
        <Figure count value={points} />
      </Fact>
      {stationary !== null && (
        <Fact name="Stationary">
          <StatusBadge
            state="stationary"
            tone={stationary ? 'good' : 'warn'}
            word={stationary ? 'yes' : 'not shown'}
          />
        </Fact>
      )}
      {adf && (
        <Fact name="ADF test">
          <span className="number">
            {formatNumber(adf.statistic)}, p = {formatNumber(adf.pValue, 3)}, {adf.lags} lags
          </span>
        </Fact>
      )}
      {periods.length > 0 && (
        <Fact name="Periods">
          <span className="number">
            {periods
              .map(({ period, power }) => `${formatNumber(period)} steps (${formatShare(power)})`)
              .join(', ')}
          </span>
        </Fact>
      )}
    </Summary>
  );
}

import type { BacktestReport } from '@tidemill/sdk';
import { Chart } from '../../../components/Chart.tsx';
import { ComparisonFacts } from '../../../components/ComparisonFacts.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { toPoints } from '../../../lib/series.ts';
import { figureColumn } from './feature-bars.tsx';

type Horizon = BacktestReport['horizons'][number];
type Fold = BacktestReport['folds'][number];
interface Named {
  readonly metric: string;
}
type Rated = Pick<Fold, 'metrics' | 'rules'>;

const shown = ['mae', 'rmse', 'mape', 'smape', 'mase', 'crps'];
const empty = 'There are too few forecasts to draw.';

const ruleMetric =
  (rule: string, metric: string) =>
  ({ rules }: Rated) =>
    rules.find(({ name }) => name === rule)?.metrics[metric];

export function BacktestPanel({ report }: { readonly report: BacktestReport }) {
  const { metrics, intervals, rules, comparisons, horizons, folds } = report;
  const main = shown.filter((name) => name in metrics);
  const rated = <T extends Rated>(): DataColumn<T>[] => [
    ...main.map((name) => figureColumn<T>(name, name, (row) => row.metrics[name])),
    ...rules.map(({ name }) => figureColumn<T>(name, `${name} mae`, ruleMetric(name, 'mae'))),
  ];
  const names = Object.keys(metrics).map((metric): Named => ({ metric }));
  return (
    <div className="stack">
      <SeriesChart report={report} />
      <HorizonChart report={report} />
      <Panel title="All forecasts">
        <DataTable
          plain
          label="backtest metrics"
          rows={names}
          rowKey={({ metric }) => metric}
          columns={[
            { id: 'metric', title: 'Metric', value: ({ metric }) => metric, width: 190 },
            figureColumn<Named>('value', 'Value', ({ metric }) => metrics[metric]),
            figureColumn<Named>('low', 'From', ({ metric }) => intervals[metric]?.low),
            figureColumn<Named>('high', 'To', ({ metric }) => intervals[metric]?.high),
            ...rules.map((rule) =>
              figureColumn<Named>(rule.name, rule.name, ({ metric }) => rule.metrics[metric]),
            ),
          ]}
        />
      </Panel>
      <div className="columns">
        {comparisons.map((comparison) => (
          <Panel key={comparison.against} title={`Against ${comparison.against}`}>
            <ComparisonFacts comparison={comparison} />
          </Panel>
        ))}
      </div>
      <Panel title="By horizon">
        <DataTable
          label="horizons"
          rows={horizons}
          rowKey={({ horizon }) => String(horizon)}
          columns={[
            figureColumn<Horizon>('horizon', 'Times ahead', ({ horizon }) => horizon),
            figureColumn<Horizon>('rows', 'Rows', ({ rows }) => rows),
            ...rated<Horizon>(),
          ]}
        />
      </Panel>
      <Panel title="By fold">
        <DataTable
          label="folds"
          rows={folds}
          rowKey={({ from, to }) => `${from} ${to}`}
          columns={[
            {
              id: 'learned',
              title: 'Learned from',
              value: ({ trainFrom, trainTo }) => (trainFrom ? `${trainFrom} to ${trainTo}` : '–'),
            },
            { id: 'forecast', title: 'Forecast', value: ({ from, to }) => `${from} to ${to}` },
            figureColumn<Fold>('rows', 'Rows', ({ rows }) => rows),
            ...rated<Fold>(),
          ]}
        />
      </Panel>
    </div>
  );
}

function SeriesChart({ report: { series } }: { readonly report: BacktestReport }) {
  const isTime = series.every(({ time }) => Number.isNaN(Number(time)));
  const at = ({ time }: (typeof series)[number]) => (isTime ? Date.parse(time) : Number(time));
  const folds = [...new Set(series.map(({ fold }) => fold))].sort((a, b) => a - b);
  const lines: ChartLine[] = [
    { name: 'truth', tone: 'text', points: toPoints(series, at, ({ truth }) => truth) },
    ...folds.map(
      (fold): ChartLine => ({
        name: `fold ${fold + 1}`,
        points: toPoints(
          series.filter((each) => each.fold === fold),
          at,
          ({ prediction }) => prediction,
        ),
      }),
    ),
    { name: 'naive', tone: 'faint', dashed: true, points: toPoints(series, at, ({ naive }) => naive) },
  ];
  return (
    <Chart
      title="Forecasts of each fold, and what came"
      height={280}
      axis={isTime ? 'time' : 'value'}
      lines={lines}
      empty={empty}
    />
  );
}

function HorizonChart({ report: { horizons, rules } }: { readonly report: BacktestReport }) {
  const at = ({ horizon }: Horizon) => horizon;
  return (
    <Chart
      title="Mean absolute error by times ahead"
      height={240}
      axis="number"
      fromZero
      empty={empty}
      lines={[
        {
          name: 'model',
          tone: 'accent',
          points: toPoints(horizons, at, ({ metrics }) => metrics.mae ?? null),
        },
        ...rules.map(
          ({ name }): ChartLine => ({
            name,
            dashed: true,
            points: toPoints(horizons, at, (each) => ruleMetric(name, 'mae')(each) ?? null),
          }),
        ),
      ]}
    />
  );
}

import type { Evaluation } from '@tidemill/sdk';
import { Chart } from '../../../components/Chart.tsx';
import { HeatMap } from '../../../components/HeatMap.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import type { Point } from '../../../lib/series.ts';

/** Which class was called which, as shares of the true class. */
export function ConfusionPanel({ confusion }: { readonly confusion: NonNullable<Evaluation['confusion']> }) {
  const { classes, cells, perClass } = confusion;
  const shares = cells.map((line) => {
    const total = line.reduce((sum, weight) => sum + weight, 0);
    return line.map((weight) => (total > 0 ? weight / total : null));
  });
  const rows = classes.map((name, k) => ({
    truth: name,
    ...Object.fromEntries(classes.map((called, j) => [`called ${called}`, cells[k]?.[j] ?? 0])),
  }));
  return (
    <div className="stack">
      <Panel title="Share of each true class (line) that was called so (column)">
        <HeatMap label="confusion" columns={classes} values={shares} />
      </Panel>
      <Panel title="Rows">
        <RowsTable label="confusion" rows={rows} />
      </Panel>
      <Panel title="By class">
        <RowsTable label="classes" rows={perClass} />
      </Panel>
    </div>
  );
}

export function ResidualsPanel({ residuals }: { readonly residuals: NonNullable<Evaluation['residuals']> }) {
  const { histogram, byPrediction, points, quantiles } = residuals;
  const low = Math.min(...points.map(({ truth, prediction }) => Math.min(truth, prediction)));
  const high = Math.max(...points.map(({ truth, prediction }) => Math.max(truth, prediction)));
  const empty = 'There are too few rows to draw.';
  return (
    <div className="stack">
      <div className="columns">
        <Chart
          title="Prediction over truth"
          axis="value"
          height={280}
          empty={empty}
          lines={[
            {
              name: 'rows',
              kind: 'dots',
              points: points.map(({ truth, prediction }): Point => [truth, prediction]),
            },
            {
              name: 'equal',
              tone: 'faint',
              dashed: true,
              points: [
                [low, low],
                [high, high],
              ],
            },
          ]}
        />
        <Chart
          title="Residuals: rows by prediction - truth"
          axis="value"
          height={280}
          fromZero
          empty={empty}
          lines={[
            {
              name: 'rows',
              kind: 'bars',
              points: histogram.map(({ from, to, rows }): Point => [(from + to) / 2, rows]),
            },
          ]}
        />
      </div>
      <div className="columns">
        <Panel title="Tenths by rising prediction">
          <RowsTable label="tenths" rows={byPrediction} />
        </Panel>
        <Panel title="Quantiles of prediction - truth">
          <RowsTable label="quantiles" rows={quantiles} />
        </Panel>
      </div>
    </div>
  );
}

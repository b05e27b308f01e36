import type { ImportanceReport } from '@tidemill/sdk';
import { Chart } from '../../../components/Chart.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { formatNumber } from '../../../lib/format.ts';
import type { Point } from '../../../lib/series.ts';
import { featureColumns } from './feature-bars.tsx';

const mostBars = 30;

export function ImportancePanel({ report }: { readonly report: ImportanceReport }) {
  const { metric, base, repeats, correlated } = report;
  const rows = report.features.map(({ features, mean, interval, deviation }) => ({
    feature: features.join(', '),
    value: mean,
    interval,
    beside: deviation,
  }));
  const shown = rows.slice(0, mostBars);
  return (
    <div className="stack">
      <Chart
        title={`By how much ${metric} (${formatNumber(base)}) becomes worse when a feature is permuted`}
        axis="category"
        categories={shown.map(({ feature }) => feature)}
        height={260}
        fromZero
        empty="The model has no feature."
        lines={[{ name: 'worse by', kind: 'bars', points: shown.map(({ value }, i): Point => [i, value]) }]}
      />
      <Panel title={`Features, of ${repeats} permutations each`}>
        <DataTable
          plain
          label="importance"
          rows={rows}
          columns={featureColumns(rows, { value: `${metric} worse by`, beside: 'Deviation' })}
          rowKey={({ feature }) => feature}
        />
      </Panel>
      <Panel title="Inputs that correlate, and can stand in for each other">
        {correlated.length > 0 ? (
          <RowsTable label="correlated" rows={correlated} />
        ) : (
          <EmptyState>No two inputs correlate by 0.7 or more.</EmptyState>
        )}
      </Panel>
    </div>
  );
}

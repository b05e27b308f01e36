import type { Evaluation, EvaluationSlice } from '@tidemill/sdk';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { IntervalBar } from '../../../components/IntervalBar.tsx';
import { Panel } from '../../../components/Panel.tsx';

type Worst = NonNullable<Evaluation['worst']>['found'][number];

const shown = ['mae', 'rmse', 'bias', 'accuracy', 'roc_auc', 'precision', 'recall', 'f1', 'log_loss'];

const figure = <T extends object>(
  id: string,
  value: (row: T) => number | null | undefined,
): DataColumn<T> => ({
  id,
  title: id,
  value,
  cell: (row) => <Figure value={value(row)} />,
  align: 'right',
  width: 100,
});

const worstColumns: readonly DataColumn<Worst>[] = [
  {
    id: 'slice',
    title: 'Slice',
    value: ({ parts }) => parts.map(({ column, value }) => `${column} = ${value}`).join(' and '),
  },
  figure('rows', ({ rows }) => rows),
  figure('loss', ({ loss }) => loss),
  figure('elsewhere', ({ lossElsewhere }) => lossElsewhere),
  figure('p', ({ pValue }) => pValue),
];

function sliceColumns(slices: readonly EvaluationSlice[]): DataColumn<EvaluationSlice>[] {
  const metrics = shown.filter((name) => slices.some((slice) => name in slice.metrics));
  const [main = ''] = metrics;
  const bounds = slices.flatMap(({ intervals }) => [intervals[main]?.low, intervals[main]?.high]);
  const known = bounds.filter((bound) => typeof bound === 'number');
  const scale = [Math.min(...known), Math.max(...known)] as const;
  return [
    { id: 'slice', title: 'Slice', value: ({ column, value }) => `${column} = ${value}` },
    figure('rows', ({ rows }) => rows),
    {
      id: 'interval',
      title: `${main} interval`,
      value: ({ intervals }) => intervals[main]?.low,
      cell: ({ metrics: own, intervals }) => (
        <IntervalBar
          value={own[main]}
          low={intervals[main]?.low}
          high={intervals[main]?.high}
          scale={scale}
        />
      ),
      width: 150,
    },
    ...metrics.map((name) => figure<EvaluationSlice>(name, (slice) => slice.metrics[name])),
  ];
}

export function SlicesPanel({ evaluation }: { readonly evaluation: Evaluation }) {
  const { slices, worst } = evaluation;
  return (
    <div className="stack">
      <Panel title="Slices">
        <DataTable
          label="slices"
          rows={slices}
          columns={sliceColumns(slices)}
          rowKey={({ column, value }) => `${column}=${value}`}
          empty={
            <EmptyState
              command={`tidemill evaluate ${evaluation.dataset} --label ${evaluation.target} --slices COLUMN`}
            >
              No column was asked for.
            </EmptyState>
          }
        />
      </Panel>
      {worst && (
        <Panel title={`Worst of ${worst.tried} slices tried, by ${worst.loss}`}>
          <DataTable
            plain
            label="worst slices"
            rows={worst.found}
            columns={worstColumns}
            rowKey={({ parts }) => JSON.stringify(parts)}
            empty={
              <EmptyState>
                {`None is worse than the rest beyond chance, among ${worst.columns.join(', ')}.`}
              </EmptyState>
            }
          />
        </Panel>
      )}
    </div>
  );
}

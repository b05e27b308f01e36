import { NativeSelect } from '@mantine/core';
import type { AnalysisChart, Column } from '@tidemill/sdk';
import { ColumnPicker } from '../../../components/ColumnPicker.tsx';

interface ChartFormProps {
  readonly columns: readonly Column[];
  readonly chart: AnalysisChart | null;
  readonly change: (chart: AnalysisChart | null) => void;
}

const mostValues = 20;
const kinds = [
  { value: '', label: 'no chart' },
  { value: 'line', label: 'line' },
  { value: 'bar', label: 'bar' },
  { value: 'scatter', label: 'scatter' },
];

/** How a result is drawn. */
export function ChartForm({ columns, chart, change }: ChartFormProps) {
  const names = columns.map(({ name }) => name);
  const numbers = columns
    .filter(({ type }) => type === 'integer' || type === 'double')
    .map(({ name }) => name);
  const setKind = (kind: string) => {
    if (kind === '') change(null);
    else
      change({
        x: names[0] ?? '',
        y: numbers.filter((name) => name !== names[0]).slice(0, 1),
        ...chart,
        kind: kind as AnalysisChart['kind'],
      });
  };
  const setSeries = (series: string) => {
    if (!chart) return;
    const { series: _, ...rest } = chart;
    change(series === '' ? rest : { ...rest, series });
  };
  return (
    <div className="row" style={{ alignItems: 'flex-end' }}>
      <NativeSelect
        label="Chart"
        data={kinds}
        value={chart?.kind ?? ''}
        onChange={(event) => setKind(event.currentTarget.value)}
        disabled={numbers.length === 0}
      />
      {chart && (
        <>
          <NativeSelect
            label="Along"
            data={names}
            value={chart.x}
            onChange={(event) => change({ ...chart, x: event.currentTarget.value })}
          />
          <ColumnPicker
            title={`Values: ${chart.y.join(', ')}`}
            names={numbers}
            shown={chart.y}
            most={mostValues}
            onChange={(y) => change({ ...chart, y: [...y] })}
            onReset={() => change({ ...chart, y: numbers.slice(0, 1) })}
          />
          <NativeSelect
            label="A series per"
            data={[{ value: '', label: '–' }, ...names.map((name) => ({ value: name, label: name }))]}
            value={chart.series ?? ''}
            onChange={(event) => setSeries(event.currentTarget.value)}
          />
        </>
      )}
    </div>
  );
}

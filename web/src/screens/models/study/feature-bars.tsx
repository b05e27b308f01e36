import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { IntervalBar } from '../../../components/IntervalBar.tsx';

export interface FeatureRow {
  readonly feature: string;
  readonly value: number;
  readonly interval: { readonly low: number; readonly high: number } | null;
  readonly beside: number;
}

export const figureColumn = <T extends object>(
  id: string,
  title: string,
  value: (row: T) => number | null | undefined,
): DataColumn<T> => ({
  id,
  title,
  value,
  cell: (row) => <Figure value={value(row)} />,
  align: 'right',
  width: 120,
});

/** Features with a value, its interval as a bar on one scale, and another figure. */
export function featureColumns(
  rows: readonly FeatureRow[],
  { value, beside }: { readonly value: string; readonly beside: string },
): DataColumn<FeatureRow>[] {
  const ends = rows.flatMap((row) => [row.value, row.interval?.low ?? 0, row.interval?.high ?? 0]);
  const scale = [Math.min(0, ...ends), Math.max(...ends, 1e-12)] as const;
  return [
    { id: 'feature', title: 'Feature', value: ({ feature }) => feature },
    {
      id: 'bar',
      title: 'Interval',
      value: (row) => row.value,
      cell: (row) => (
        <IntervalBar value={row.value} low={row.interval?.low} high={row.interval?.high} scale={scale} />
      ),
      width: 220,
    },
    figureColumn('value', value, (row) => row.value),
    figureColumn('low', 'From', ({ interval }) => interval?.low),
    figureColumn('high', 'To', ({ interval }) => interval?.high),
    figureColumn('beside', beside, (row) => row.beside),
  ];
}

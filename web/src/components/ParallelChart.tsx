import { useCallback } from 'react';
import { toCsv } from '../lib/csv.ts';
import { ChartFrame } from './ChartFrame.tsx';
import type { Palette } from './chart-options.ts';
import { type ParallelAxis, type ParallelRow, toParallelOption } from './parallel-options.ts';

interface ParallelChartProps {
  readonly title: string;
  readonly axes: readonly ParallelAxis[];
  readonly rows: readonly ParallelRow[];
  readonly height?: number;
  readonly empty: string;
}

/** Rows as lines through one upright axis per column; dragging along an axis leaves those that pass there. */
export function ParallelChart({ title, axes, rows, height = 340, empty }: ParallelChartProps) {
  const option = useCallback((palette: Palette) => toParallelOption(axes, rows, palette), [axes, rows]);
  return (
    <ChartFrame
      title={title}
      height={height}
      hasData={axes.length > 1 && rows.length > 0}
      empty={empty}
      option={option}
      csv={() =>
        toCsv(
          ['name', ...axes.map((axis) => axis.name)],
          rows.map((row) => [row.name, ...row.cells]),
        )
      }
    />
  );
}

import { useCallback } from 'react';
import { linesToCsv } from '../lib/csv.ts';
import { isDrawable } from '../lib/series.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { axisText, type ChartContent, type Palette, toOption } from './chart-options.ts';

interface ChartProps extends ChartContent {
  readonly title: string;
  readonly height?: number;
  /** Charts of one group share their crosshair. */
  readonly group?: string;
  /** Said while there is too little to draw. */
  readonly empty: string;
}

/** Lines, marks and bars over one axis. */
export function Chart({ title, height = 220, group, empty, ...content }: ChartProps) {
  const { lines, bands, limit, axis, log, logAcross, unit, fromZero, domain, categories } = content;
  const option = useCallback(
    (palette: Palette) =>
      toOption(
        { lines, bands, limit, axis, log, logAcross, unit, fromZero, domain, categories } as ChartContent,
        palette,
      ),
    [lines, bands, limit, axis, log, logAcross, unit, fromZero, domain, categories],
  );
  return (
    <ChartFrame
      title={title}
      unit={unit}
      height={height}
      group={group}
      hasData={lines.some((line) => isDrawable(line.points) || (line.kind && line.points.length > 0))}
      empty={empty}
      option={option}
      csv={() => linesToCsv(lines, axisText(axis))}
    />
  );
}

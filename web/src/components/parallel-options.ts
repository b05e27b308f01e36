import type { EChartsCoreOption } from 'echarts/core';
import { formatPlain } from '../lib/format.ts';
import type { Palette } from './chart-options.ts';

/** One upright axis: numbers, numbers over a logarithm, or words in the order of `categories`. */
export interface ParallelAxis {
  readonly name: string;
  readonly kind: 'value' | 'log' | 'category';
  readonly categories?: readonly string[];
  /** Ends of the axis; without them it follows the data. */
  readonly low?: number;
  readonly high?: number;
}

export interface ParallelRow {
  readonly name: string;
  /** One per axis; null where the row has none. */
  readonly cells: readonly (number | string | null)[];
  /** 0 to 1: how strongly it is drawn. */
  readonly weight: number;
}

/** Of many lines only the strongest may stand out, and the others together must not fill the drawing. */
const opacityAmong = (count: number) => {
  const faintest = Math.min(0.1, Math.max(0.012, 6 / count));
  const power = Math.max(2, count / 15);
  return (weight: number) => faintest + (1 - faintest) * weight ** power;
};

/** Lines through upright axes: strong ones in colour and on top, faint ones behind. */
export function toParallelOption(
  axes: readonly ParallelAxis[],
  rows: readonly ParallelRow[],
  palette: Palette,
): EChartsCoreOption {
  const opacityOf = opacityAmong(rows.length);
  return {
    animation: false,
    textStyle: { fontFamily: palette.font },
    parallel: { left: 56, right: 64, top: 34, bottom: 20 },
    parallelAxis: axes.map((axis, dim) => ({ dim, ...toAxis(axis, palette) })),
    series: [
      {
        type: 'parallel',
        animation: false,
        // A straight line from axis to axis.
        smooth: false,
        // What is outside of a stretch that was marked on an axis.
        inactiveOpacity: 0.02,
        activeOpacity: 0.9,
        data: rows
          .toSorted((first, second) => first.weight - second.weight)
          .map(({ name, cells, weight }) => ({
            name,
            value: cells.map((cell) => cell ?? '-'),
            lineStyle: {
              color: palette.accent,
              width: opacityOf(weight) > 0.5 ? 2 : 1,
              opacity: opacityOf(weight),
            },
          })),
      },
    ],
  };
}

const toAxis = ({ name, kind, categories, low, high }: ParallelAxis, palette: Palette) => ({
  name,
  nameLocation: 'end',
  nameGap: 12,
  nameTextStyle: { color: palette.text, fontSize: 12 },
  type: kind,
  ...(kind === 'category' && { data: categories }),
  ...(kind === 'value' && { scale: true }),
  ...(kind !== 'category' && low !== undefined && { min: low }),
  ...(kind !== 'category' && high !== undefined && { max: high }),
  axisLine: { lineStyle: { color: palette.line } },
  axisTick: { show: false },
  axisLabel: {
    color: palette.text,
    fontSize: 11,
    // Read over the lines.
    textBorderColor: palette.surface,
    textBorderWidth: 3,
    ...(kind !== 'category' && { formatter: formatPlain }),
  },
  areaSelectStyle: { color: palette.accent, borderColor: palette.accent, opacity: 0.2 },
});

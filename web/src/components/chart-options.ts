import type { EChartsCoreOption } from 'echarts/core';
import { formatDuration, formatEventTime, formatNumber, formatPlain } from '../lib/format.ts';
import type { Point } from '../lib/series.ts';

export type ChartTone = 'text' | 'accent' | 'faint' | 'warn' | 'bad';

export interface ChartLine {
  readonly name: string;
  readonly points: readonly Point[];
  /** Without one, the next colour of the series palette. */
  readonly tone?: ChartTone;
  /** `dots` are many; each is told of by itself. */
  readonly kind?: 'line' | 'markers' | 'dots' | 'bars';
  readonly dashed?: boolean;
  /** What each point is called where it is told of by itself. */
  readonly pointNames?: readonly string[];
}

export interface ChartBand {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface ChartContent {
  readonly lines: readonly ChartLine[];
  readonly bands?: readonly ChartBand[];
  /** A line across at a limit. */
  readonly limit?: { readonly name: string; readonly value: number };
  /** `number` counts steps, which are whole; `value` is any measure. */
  readonly axis?: 'time' | 'number' | 'value' | 'duration' | 'category';
  /** What stands at each whole position of a `category` axis. */
  readonly categories?: readonly string[];
  /** Values over a logarithm; what is not above zero must be a gap. */
  readonly log?: boolean;
  /** The same for positions on the x axis. */
  readonly logAcross?: boolean;
  readonly unit?: string;
  /** From zero, for what is a size; otherwise the axis follows the data. */
  readonly fromZero?: boolean;
  readonly domain?: readonly [number, number];
}

export interface Palette {
  readonly text: string;
  readonly dim: string;
  readonly faint: string;
  readonly line: string;
  readonly surface: string;
  readonly accent: string;
  readonly warn: string;
  readonly bad: string;
  readonly band: string;
  readonly series: readonly string[];
  readonly font: string;
}

export function readPalette(element: HTMLElement): Palette {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: read('text'),
    dim: read('dim'),
    faint: read('faint'),
    line: read('line'),
    surface: read('surface'),
    accent: read('accent'),
    warn: read('warn'),
    bad: read('bad'),
    band: read('band'),
    series: [1, 2, 3, 4, 5, 6].map((number) => read(`series-${number}`)),
    font: style.fontFamily,
  };
}

/** How a position on the x axis is written. */
export const axisText =
  (axis: ChartContent['axis']) =>
  (position: number): string => {
    if (axis === 'duration') return formatDuration(position);
    return axis === 'number' || axis === 'value' || axis === 'category'
      ? formatPlain(position)
      : formatEventTime(position);
  };

/** More lines than colours: the colours again, dashed, dotted, then dashed and dotted. */
const strokes = ['solid', 'dashed', 'dotted', [8, 3, 2, 3]] as const;
const strokeOf = (line: ChartLine, index: number, colors: number) =>
  line.dashed ? 'dashed' : strokes[Math.floor(index / colors) % strokes.length];

const toDots = ({ points, pointNames }: ChartLine) => ({
  type: 'scatter',
  symbol: 'circle',
  symbolSize: 6,
  itemStyle: { opacity: 0.7 },
  data: points.map((value, index) => ({ name: pointNames?.[index] ?? '', value })),
});

const toSeries = (line: ChartLine, index: number, palette: Palette) => {
  const color = line.tone
    ? palette[line.tone]
    : (palette.series[index % palette.series.length] ?? palette.text);
  const common = {
    name: line.name,
    data: line.points,
    color,
    animation: false,
    emphasis: { disabled: true },
  };
  if (line.kind === 'bars') return { ...common, type: 'bar', barMaxWidth: 14 };
  if (line.kind === 'dots') return { ...common, ...toDots(line) };
  if (line.kind === 'markers') return { ...common, type: 'scatter', symbol: 'triangle', symbolSize: 8, z: 4 };
  return {
    ...common,
    type: 'line',
    showSymbol: line.points.length < 3,
    symbolSize: 5,
    symbol: 'circle',
    // A gap is information: the line stops where nothing is known.
    connectNulls: false,
    sampling: line.points.length > 4000 ? 'lttb' : undefined,
    // Above a cloud of dots, below the markers that point at it.
    z: 3,
    lineStyle: { width: 1.5, type: strokeOf(line, line.tone ? 0 : index, palette.series.length) },
  };
};

/** Neighbouring bands alternate, so that two versions of one model part visibly. */
const toBands = (bands: readonly ChartBand[], palette: Palette) => ({
  type: 'line',
  name: '',
  data: [],
  silent: true,
  markArea: {
    silent: true,
    label: { position: 'insideTopLeft', color: palette.dim, fontSize: 11, distance: 4 },
    data: bands.map((band, index) => [
      { name: band.name, xAxis: band.from, itemStyle: { color: index % 2 ? 'transparent' : palette.band } },
      { xAxis: band.to },
    ]),
  },
});

const toLimit = (limit: NonNullable<ChartContent['limit']>, palette: Palette) => ({
  type: 'line',
  name: '',
  data: [],
  silent: true,
  markLine: {
    silent: true,
    symbol: 'none',
    animation: false,
    lineStyle: { color: palette.bad, type: 'dashed', width: 1 },
    label: { position: 'insideEndTop', formatter: limit.name, color: palette.bad, fontSize: 11 },
    data: [{ yAxis: limit.value }],
  },
});

/** Room for the limit above the lines even while all is quiet; else the axis finds its own round number. */
const yMaximum = (limit: ChartContent['limit']) =>
  limit &&
  ((extent: { max: number }) => (extent.max < limit.value * 1.5 ? limit.value * 1.5 : (undefined as never)));

// Shapes in a box of 14 by 8, so that a line stays a line beside a triangle in the legend.
const lineIcon = 'path://M0,0h0M14,8h0M0,3h14v2h-14z';
const markerIcon = 'path://M0,0h0M14,8h0M7,0l4.5,8h-9z';
const dotIcon = 'path://M0,0h0M14,8h0M7,0.5a3.5,3.5,0,0,1,0,7a3.5,3.5,0,0,1,0,-7z';
const icons = { line: lineIcon, bars: lineIcon, markers: markerIcon, dots: dotIcon } as const;

const axisType = ({ axis, logAcross }: ChartContent): 'time' | 'value' | 'category' | 'log' => {
  if (axis === 'category') return axis;
  if (logAcross) return 'log';
  return axis === undefined || axis === 'time' ? 'time' : 'value';
};

/** The whole option object, from content and colours alone. */
export function toOption(content: ChartContent, palette: Palette): EChartsCoreOption {
  const { lines, bands = [], limit, unit, domain } = content;
  const label = { color: palette.dim, fontSize: 11 };
  const suffix = unit ? ` ${unit}` : '';
  return {
    animation: false,
    textStyle: { fontFamily: palette.font },
    grid: { left: 54, right: 14, top: 30, bottom: 24 },
    legend: {
      type: 'scroll',
      top: 0,
      right: 14,
      pageIconSize: 10,
      pageIconColor: palette.dim,
      pageIconInactiveColor: palette.line,
      pageTextStyle: { color: palette.dim },
      left: 46,
      itemWidth: 14,
      itemHeight: 8,
      itemGap: 18,
      // Pages of a legend are cut at its height: the line must hold the letters.
      textStyle: { color: palette.dim, fontSize: 12, lineHeight: 18 },
      data: lines.map((line) => ({ name: line.name, icon: icons[line.kind ?? 'line'] })),
    },
    tooltip: {
      trigger: lines.every((line) => line.kind === 'dots') ? 'item' : 'axis',
      confine: true,
      transitionDuration: 0,
      backgroundColor: palette.surface,
      borderColor: palette.line,
      padding: [6, 10],
      textStyle: { color: palette.text, fontSize: 12 },
      axisPointer: { type: 'line', lineStyle: { color: palette.faint, type: 'solid', width: 1 } },
      valueFormatter: (value: unknown) =>
        [value]
          .flat()
          .map((each) => (typeof each === 'number' ? `${formatNumber(each, 5)}${suffix}` : '–'))
          .join(', '),
    },
    xAxis: {
      type: axisType(content),
      ...(content.axis === 'category' && { data: content.categories }),
      ...(content.axis === 'value' && !content.logAcross && { scale: true }),
      // Steps and trials are whole.
      ...(content.axis === 'number' && { minInterval: 1 }),
      ...(domain && { min: domain[0], max: domain[1] }),
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
      axisLabel: {
        ...label,
        hideOverlap: true,
        ...(content.axis === 'duration' && { formatter: formatDuration }),
        ...(content.logAcross && { formatter: formatPlain }),
      },
      splitLine: { show: false },
      axisPointer: { label: { show: false } },
    },
    yAxis: {
      type: content.log ? 'log' : 'value',
      scale: !content.fromZero,
      splitNumber: 4,
      max: yMaximum(limit),
      axisLine: { show: false },
      axisLabel: { ...label, formatter: formatPlain },
      splitLine: { lineStyle: { color: palette.line } },
    },
    series: [
      ...(bands.length > 0 ? [toBands(bands, palette)] : []),
      ...lines.map((line, index) => toSeries(line, index, palette)),
      ...(limit ? [toLimit(limit, palette)] : []),
    ],
  };
}

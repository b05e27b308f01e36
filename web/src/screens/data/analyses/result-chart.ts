import type { AnalysisChart, QueryResult, Row } from '@tidemill/sdk';
import type { ChartContent, ChartLine } from '../../../components/chart-options.ts';
import { toGap } from '../../../lib/series.ts';

export type ChartForm = Pick<ChartContent, 'lines' | 'axis' | 'categories' | 'fromZero'>;

/** More lines than this are a tangle; which ones are left out is said. */
const mostLines = 12;
const shapes = { line: 'line', bar: 'bars', scatter: 'markers' } as const;

type Position = (row: Row, index: number) => number;

interface Scale {
  readonly axis: NonNullable<ChartContent['axis']>;
  readonly position: Position;
  readonly categories?: readonly string[];
}

/** Numbers and times stand where they are, anything else side by side in the order of the rows. */
function scaleOf(
  { x, kind }: AnalysisChart,
  { columns, rows }: Pick<QueryResult, 'columns' | 'rows'>,
): Scale {
  const type = columns.find(({ name }) => name === x)?.type;
  if (kind !== 'bar' && (type === 'date' || type === 'timestamp'))
    return { axis: 'time', position: (row) => Date.parse(String(row[x])) };
  if (kind !== 'bar' && (type === 'integer' || type === 'double'))
    return { axis: 'value', position: (row) => Number(row[x]) };
  const categories = [...new Set(rows.map((row) => String(row[x] ?? '–')))];
  const places = new Map(categories.map((text, index) => [text, index]));
  return { axis: 'category', categories, position: (row) => places.get(String(row[x] ?? '–')) ?? 0 };
}

/** The result as lines, bars or points: one per y column, or per value of the series column. */
export function toChart(
  chart: AnalysisChart,
  result: Pick<QueryResult, 'columns' | 'rows'>,
): ChartForm & { readonly leftOut: number } {
  const { axis, position, categories } = scaleOf(chart, result);
  const { series } = chart;
  const groups = series
    ? [...Map.groupBy(result.rows, (row) => String(row[series] ?? '–'))]
    : [['', result.rows] as const];
  const all = groups.flatMap(([group, rows]) =>
    chart.y.map((column): ChartLine => {
      const name = [group, ...(chart.y.length > 1 || group === '' ? [column] : [])].filter(Boolean).join(' ');
      const value = (row: Row) => (typeof row[column] === 'number' ? toGap(row[column]) : null);
      const points = rows
        .map((row, index) => [position(row, index), value(row)] as const)
        .filter(([place]) => Number.isFinite(place))
        .sort(([first], [second]) => first - second);
      return { name, points, kind: shapes[chart.kind] };
    }),
  );
  return {
    lines: all.slice(0, mostLines),
    leftOut: Math.max(0, all.length - mostLines),
    axis,
    fromZero: chart.kind === 'bar',
    ...(categories && { categories }),
  };
}

/** What one would draw first: numbers along the first time, or the first column that is none. */
export function suggestChart({ columns, rows }: Pick<QueryResult, 'columns' | 'rows'>): AnalysisChart | null {
  const isNumber = ({ type }: { type: string }) => type === 'integer' || type === 'double';
  const time = columns.find(({ type }) => type === 'date' || type === 'timestamp');
  const word = columns.find(({ type }) => type === 'text' || type === 'boolean');
  const numbers = columns.filter(isNumber);
  const x = time ?? word ?? (numbers.length > 1 ? numbers[0] : undefined);
  const y = numbers.filter((column) => column !== x).slice(0, 3);
  if (!x || y.length === 0 || rows.length < 2) return null;
  const kind = time ? 'line' : word ? 'bar' : 'scatter';
  return { kind, x: x.name, y: y.map(({ name }) => name) };
}

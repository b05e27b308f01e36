import { formatCount, formatNumber } from '../lib/format.ts';

interface DensityProps {
  readonly x: string;
  readonly y: string;
  readonly xEdges: readonly number[];
  readonly yEdges: readonly number[];
  /** `counts[i][j]`: rows in bin i of x and bin j of y. */
  readonly counts: readonly (readonly number[])[];
}

const size = { width: 260, height: 200 };

/** Where the rows of two columns lie: the more in a place, the darker. */
export function Density({ x, y, xEdges, yEdges, counts }: DensityProps) {
  const most = Math.max(1, ...counts.flat());
  const [width, height] = [
    size.width / Math.max(1, counts.length),
    size.height / Math.max(1, yEdges.length - 1),
  ];
  const cells = counts.flatMap((bins, i) => bins.map((count, j) => ({ i, j, count })));
  return (
    <svg
      viewBox={`0 0 ${size.width} ${size.height}`}
      style={{ display: 'block', width: '100%', background: 'var(--sunken)' }}
      role="img"
      aria-label={`Rows by ${x} (across) and ${y} (upwards)`}
    >
      {cells.map(
        ({ i, j, count }) =>
          count > 0 && (
            <rect
              key={`${i} ${j}`}
              x={i * width}
              y={size.height - (j + 1) * height}
              width={width}
              height={height}
              fill="var(--accent)"
              // By the logarithm: one full bin must not hide the others.
              opacity={0.15 + 0.85 * (Math.log1p(count) / Math.log1p(most))}
            >
              <title>{`${x} ${span(xEdges, i)}, ${y} ${span(yEdges, j)}: ${formatCount(count)}`}</title>
            </rect>
          ),
      )}
    </svg>
  );
}

const span = (edges: readonly number[], index: number): string =>
  `${formatNumber(edges[index])} to ${formatNumber(edges[index + 1])}`;

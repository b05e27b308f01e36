import { formatCount, formatNumber } from '../lib/format.ts';

interface HistogramProps {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  readonly width?: number;
  readonly height?: number;
}

/** A distribution at the size of a word. */
export function Histogram({ edges, counts, width = 140, height = 24 }: HistogramProps) {
  const top = Math.max(1, ...counts);
  const step = width / Math.max(1, counts.length);
  const label = `from ${formatNumber(edges[0])} to ${formatNumber(edges.at(-1))}`;
  return (
    <svg width={width} height={height} role="img" aria-label={`Distribution ${label}`}>
      {counts.map((count, index) => {
        const size = (count / top) * (height - 1);
        const range = `${formatNumber(edges[index])} to ${formatNumber(edges[index + 1])}`;
        return (
          <rect
            key={edges[index]}
            x={index * step}
            y={height - size}
            width={Math.max(1, step - 1)}
            height={size}
            fill="var(--accent)"
            opacity="0.75"
          >
            <title>{`${range}: ${formatCount(count)}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

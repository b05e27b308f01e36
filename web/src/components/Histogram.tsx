import { formatCount, formatNumber } from '../lib/format.ts';

interface HistogramProps {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** How a place on the scale is written; a number, unless it is a time. */
  readonly format?: (value: number) => string;
  readonly width?: number;
  readonly height?: number;
}

/** A distribution at the size of a word. */
export function Histogram({
  edges,
  counts,
  format = formatNumber,
  width = 140,
  height = 24,
}: HistogramProps) {
  const top = Math.max(1, ...counts);
  const step = width / Math.max(1, counts.length);
  const written = edges.map((edge) => format(edge));
  const label = `from ${written[0]} to ${written.at(-1)}`;
  return (
    <svg width={width} height={height} role="img" aria-label={`Distribution ${label}`}>
      {counts.map((count, index) => {
        const size = (count / top) * (height - 1);
        const range = `${written[index]} to ${written[index + 1]}`;
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

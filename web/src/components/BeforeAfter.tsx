import { formatNumber, formatShare } from '../lib/format.ts';

interface BeforeAfterProps {
  /** Whose distributions. */
  readonly label: string;
  /** Shares of the values per bin, each side on its own sum. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** One more than bins; or the categories, one per bin. */
  readonly edges?: readonly number[] | undefined;
  readonly categories?: readonly string[] | undefined;
  readonly format?: (value: number) => string;
  readonly width?: number;
  readonly height?: number;
}

/** Two distributions on one scale: before as an outline, after as bars. */
export function BeforeAfter(props: BeforeAfterProps) {
  const { label, before, after, width = 200, height = 30 } = props;
  const top = Math.max(...before, ...after, Number.MIN_VALUE);
  const step = width / Math.max(1, after.length);
  const bins = after.map((share, index) => ({
    index,
    share,
    was: before[index] ?? 0,
    name: nameOf(props, index),
  }));
  const size = (share: number) => (share / top) * (height - 2);
  return (
    <svg width={width} height={height} role="img" aria-label={`Distribution of ${label} before and after`}>
      {bins.map(({ index, share, was, name }) => (
        <g key={index}>
          <title>{`${name}: ${formatShare(was)} before, ${formatShare(share)} after`}</title>
          <rect x={index * step} y={0} width={step} height={height} fill="transparent" />
          <rect
            x={index * step}
            y={height - size(share)}
            width={Math.max(1, step - 1)}
            height={size(share)}
            fill="var(--accent)"
            opacity="0.6"
          />
          <rect
            x={index * step}
            y={height - size(was) - 1}
            width={Math.max(1, step - 1)}
            height={2}
            fill="var(--series-2)"
          />
        </g>
      ))}
    </svg>
  );
}

function nameOf({ edges, categories, format = formatNumber }: BeforeAfterProps, index: number): string {
  if (categories && categories.length > 0) return categories[index] ?? '';
  const [from, to] = [edges?.[index], edges?.[index + 1]];
  return from === undefined || to === undefined ? String(index) : `${format(from)} to ${format(to)}`;
}

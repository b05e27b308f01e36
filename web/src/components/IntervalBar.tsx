import { formatNumber } from '../lib/format.ts';

interface IntervalBarProps {
  readonly value: number | null | undefined;
  readonly low: number | null | undefined;
  readonly high: number | null | undefined;
  /** Both ends of the scale; bars of one scale can be compared. */
  readonly scale: readonly [number, number];
  readonly width?: number;
}

/** A figure's interval as a bar with the figure on it, on a scale of its own. */
export function IntervalBar({ value, low, high, scale, width = 130 }: IntervalBarProps) {
  if (low == null || high == null || value == null) return <span className="dim">–</span>;
  const [from, to] = scale;
  const span = to > from ? to - from : 1;
  const at = (place: number) => Math.min(width - 1, Math.max(1, ((place - from) / span) * (width - 2) + 1));
  const text = `${formatNumber(low)} to ${formatNumber(high)}`;
  return (
    <svg width={width} height={14} role="img" aria-label={text}>
      <title>{text}</title>
      <line x1={0} x2={width} y1={7} y2={7} stroke="var(--line)" />
      <rect
        x={at(low)}
        y={3}
        width={Math.max(2, at(high) - at(low))}
        height={8}
        fill="var(--accent)"
        opacity="0.35"
      />
      <rect x={at(value) - 1} y={1} width={2} height={12} fill="var(--accent)" />
    </svg>
  );
}

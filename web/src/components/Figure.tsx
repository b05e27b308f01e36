import { absent, formatCount, formatNumber } from '../lib/format.ts';

interface FigureProps {
  readonly value: number | null | undefined;
  readonly unit?: string;
  /** Significant digits; counts are written in full. */
  readonly digits?: number;
  readonly count?: boolean;
}

/** A number as numbers are shown everywhere: tabular figures, then the unit. */
export function Figure({ value, unit, digits, count }: FigureProps) {
  const text = count ? formatCount(value) : formatNumber(value, digits);
  return (
    <span className="number" title={value === null || value === undefined ? undefined : String(value)}>
      {text}
      {unit && text !== absent && <span className="unit">{unit}</span>}
    </span>
  );
}

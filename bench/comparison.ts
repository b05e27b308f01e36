import type { Measured, Promised } from './bench.ts';

/** One line of `--json`. `ratio >= target` always means met. */
export interface Comparison {
  readonly bench: string;
  readonly ours: number | null;
  readonly peer: { readonly name: string; readonly version: string; readonly value: number | null } | null;
  readonly unit: string;
  readonly ratio: number;
  readonly target: number;
  readonly met: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** How well each round went: above the target is good, whichever way the unit counts. */
export function ratiosOf(promised: Promised, { ours, peer }: Measured): readonly number[] {
  const { better, limit } = promised;
  if (limit !== undefined) return ours.map((value) => limit / value);
  return ours.flatMap((value, round) => {
    const other = peer?.[round];
    if (other === undefined) return [];
    return [better === 'higher' ? value / other : other / value];
  });
}

/**
 * Medians of the rounds; the ratio is the median of the ratios of paired rounds, so a slow minute that slowed both
 * sides counts for neither. What did not run is not met, never absent.
 */
export function compare(promised: Promised, measured: Measured | undefined): Comparison {
  const { name, unit, target, peer } = promised;
  const ratios = measured ? ratiosOf(promised, measured) : [];
  const ratio = ratios.length > 0 ? median(ratios) : 0;
  return {
    bench: name,
    ours: measured && measured.ours.length > 0 ? median(measured.ours) : null,
    peer: peer && { ...peer, value: measured?.peer?.length ? median(measured.peer) : null },
    unit,
    ratio,
    target,
    met: Number.isFinite(ratio) && ratio >= target,
  };
}

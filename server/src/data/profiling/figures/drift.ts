/** Runs in a worker thread: how far a column has moved from one version to the next. */
import { ksTest } from '../../../base/statistics/ks.ts';
import { binProportions, psi, psiBins } from '../../../base/statistics/psi.ts';
import { wassersteinDistance } from '../../../base/statistics/wasserstein.ts';

export interface DriftInput {
  readonly before: Float64Array;
  readonly after: Float64Array;
}

export interface DriftFigures {
  readonly psi: number;
  readonly psiBins: number;
  readonly ks: { readonly statistic: number; readonly pValue: number };
  readonly wasserstein: number;
  readonly edges: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly sizes: readonly [before: number, after: number];
}

const drawnBins = 30;

/** Null for a pair of which one side has no finite value. */
export const describeDrift = (pairs: readonly DriftInput[]): (DriftFigures | null)[] => pairs.map(driftOf);

function driftOf(pair: DriftInput): DriftFigures | null {
  const before = pair.before.filter(Number.isFinite).sort();
  const after = pair.after.filter(Number.isFinite).sort();
  if (before.length === 0 || after.length === 0) return null;
  const { edges, probabilities } = psiBins(before);
  return {
    psi: psi(probabilities, binProportions(edges, after)),
    psiBins: probabilities.length,
    ks: ksTest(before, after),
    wasserstein: wassersteinDistance(before, after),
    ...drawn(before, after),
    sizes: [before.length, after.length],
  };
}

/** Equal bins over both; the values are sorted. */
function drawn(before: Float64Array, after: Float64Array): Pick<DriftFigures, 'edges' | 'before' | 'after'> {
  const low = Math.min(before[0] ?? 0, after[0] ?? 0);
  const high = Math.max(before[before.length - 1] ?? 0, after[after.length - 1] ?? 0);
  const size = low + (high - low) / drawnBins > low && Number.isFinite(high - low) ? drawnBins : 1;
  const shares = (values: Float64Array): number[] => {
    const counts = Array.from({ length: size }, () => 0);
    for (const value of values) {
      const bin = size === 1 ? 0 : Math.min(size - 1, Math.floor(((value - low) / (high - low)) * size));
      counts[bin] = (counts[bin] ?? 0) + 1 / values.length;
    }
    return counts;
  };
  const edges = Array.from({ length: size + 1 }, (_, k) => low + ((high - low) * k) / size);
  return { edges, before: shares(before), after: shares(after) };
}

/** Thresholds from the null distribution are simulated here, in a worker thread. */
import { jensenShannonThreshold } from '../../base/statistics/jensen-shannon.ts';
import { ksThreshold } from '../../base/statistics/ks.ts';
import { psiThreshold } from '../../base/statistics/psi.ts';
import { createRandom } from '../../base/statistics/random.ts';

export interface ThresholdInput {
  readonly method: 'psi' | 'js' | 'ks';
  /** Of the reference's bins; empty for `ks`. */
  readonly proportions: Float64Array;
  readonly reference: number;
  readonly rows: number;
  readonly alpha: number;
}

export function nullThreshold({ method, proportions, reference, rows, alpha }: ThresholdInput): number {
  if (method === 'ks') return ksThreshold(reference, rows, alpha);
  const random = createRandom(1);
  return method === 'js'
    ? jensenShannonThreshold(proportions, rows, reference, alpha, random)
    : psiThreshold(proportions, rows, alpha, random, undefined, reference);
}

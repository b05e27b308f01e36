import { assertSameLength, assertSample } from '../assertions.ts';
import type { Scorer } from './scorer.ts';

export interface QuantileColumn {
  /** 0.1 is the value that a tenth of the truth lies below. */
  readonly level: number;
  readonly values: Float64Array;
}

/**
 * Scores of forecasts of quantiles: quantile_loss_q of each level (sklearn.metrics.mean_pinball_loss); for each pair of
 * levels a and 1 - a coverage_c and width_c, c = 100 (1 - 2a): the share of the truth between them, bounds included,
 * and their mean distance; crps, twice the mean pinball loss of the given levels, which nears the continuous ranked
 * probability score as even levels grow dense (Gneiting and Ranjan 2011, J. Bus. Econ. Stat. 29); crossing, the share
 * of rows where a higher level has a lower value.
 * @throws RangeError when empty, of unequal length, not finite or without a level in (0, 1).
 */
export function quantileScorer(truth: Float64Array, quantiles: readonly QuantileColumn[]): Scorer {
  assertSample('truth', truth);
  const sorted = [...quantiles].sort((a, b) => a.level - b.level);
  if (sorted.length === 0) throw new RangeError('quantiles has 0 levels; at least 1 needed');
  for (const { level, values } of sorted) {
    if (!(level > 0 && level < 1)) throw new RangeError(`level is ${level}; it must lie in (0, 1)`);
    assertSameLength('truth', truth, `quantile ${level}`, values);
    assertSample(`quantile ${level}`, values);
  }
  const columns = [
    ...pinballColumns(truth, sorted),
    ...pairColumns(truth, sorted),
    crossing(truth.length, sorted),
  ];
  return (weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const scores = Object.fromEntries(
      columns.map(([name, values]) => {
        let sum = 0;
        for (let i = 0; i < values.length; i += 1) sum += (weights[i] as number) * (values[i] as number);
        return [name, sum / total];
      }),
    );
    const losses = sorted.map(({ level }) => scores[lossName(level)] ?? Number.NaN);
    return { ...scores, crps: (2 * losses.reduce((sum, loss) => sum + loss, 0)) / losses.length };
  };
}

type Named = readonly [name: string, values: Float64Array];

const percent = (share: number): string => String(Number((100 * share).toPrecision(6)));
const lossName = (level: number): string => `quantile_loss_${percent(level)}`;

const pinballColumns = (truth: Float64Array, quantiles: readonly QuantileColumn[]): Named[] =>
  quantiles.map(({ level, values }) => [
    lossName(level),
    truth.map((value, i) => {
      const miss = value - (values[i] as number);
      return miss >= 0 ? level * miss : (level - 1) * miss;
    }),
  ]);

function pairColumns(truth: Float64Array, quantiles: readonly QuantileColumn[]): Named[] {
  return quantiles.flatMap((low): Named[] => {
    const high = quantiles.find(({ level }) => Math.abs(level - (1 - low.level)) < 1e-9);
    if (!high || low.level >= 0.5) return [];
    const share = percent(1 - 2 * low.level);
    const [from, to] = [low.values, high.values];
    return [
      [
        `coverage_${share}`,
        truth.map((value, i) => (value >= (from[i] as number) && value <= (to[i] as number) ? 1 : 0)),
      ],
      [`width_${share}`, to.map((value, i) => value - (from[i] as number))],
    ];
  });
}

function crossing(rows: number, quantiles: readonly QuantileColumn[]): Named {
  const crossed = new Float64Array(rows);
  for (let q = 1; q < quantiles.length; q += 1) {
    const [lower, higher] = [quantiles[q - 1]?.values, quantiles[q]?.values];
    for (let i = 0; i < rows; i += 1) if ((higher?.[i] as number) < (lower?.[i] as number)) crossed[i] = 1;
  }
  return ['crossing', crossed];
}

import { assertSameLength } from '../assertions.ts';

/** Figures by name, in a fixed order. NaN is a figure that is undefined for these rows. */
export type Scores = Readonly<Record<string, number>>;

/**
 * Rows made ready once (sorted, losses taken) and scored many times under other weights: once under those given, a
 * thousand times under the counts of a bootstrap. The weights are one a row in the order the rows were given, each
 * finite and >= 0, not all 0 (`assertWeights`).
 */
export type Scorer = (weights: Float64Array) => Scores;

/** n ones: every row counts once. */
export const unitWeights = (rows: number): Float64Array => new Float64Array(rows).fill(1);

/** Throws a RangeError unless every weight is finite, none negative and one above 0. */
export function assertWeights(weights: Float64Array, rows: number): void {
  assertSameLength('weights', weights, 'rows', { length: rows });
  let total = 0;
  for (let i = 0; i < weights.length; i += 1) {
    const weight = weights[i] ?? Number.NaN;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw new RangeError(`weights[${i}] is ${weight}; it must be finite and at least 0`);
    total += weight;
  }
  if (!(total > 0)) throw new RangeError('the weights sum to 0; one must be above 0');
}

/** As numpy divides, but for 0 / 0, where `undefinedAs` stands. */
export const ratio = (part: number, whole: number, undefinedAs = 0): number =>
  whole === 0 ? undefinedAs : part / whole;

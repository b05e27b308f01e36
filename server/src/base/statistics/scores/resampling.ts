import { assertAlpha, assertCount } from '../assertions.ts';
import { createRandom, type Random } from '../random.ts';
import { quantileOfSorted } from '../summary.ts';
import { drawMultinomial } from '../variates.ts';
import { pick } from './order.ts';
import { poissonDraws } from './poisson-draws.ts';
import type { Scorer, Scores } from './scorer.ts';

/** Up to so many rows every round draws from all of them. */
export const wholeRows = 20_000;
const mostSubsets = 10;
/** Rows of the rarer outcome in each subset, at least: with fewer its rates are too coarse. */
const leastRare = 200;

/**
 * How the interval was made: `counts`, the cells of a confusion matrix drawn as a multinomial, which is exactly what
 * drawing the rows would give; `bootstrap`, every row drawn; `little-bootstraps`, a bag of them.
 */
export type ResamplingMethod = 'counts' | 'bootstrap' | 'little-bootstraps';

export interface ScoreInterval {
  /** Null where a resample had no such score, or none is meaningful. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly method: ResamplingMethod;
}
export type ScoreIntervals = Readonly<Record<string, ScoreInterval>>;

export interface ResamplingOptions {
  readonly alpha: number;
  readonly rounds: number;
  readonly seed: number;
  /** Told after each subset of rounds. */
  readonly onRound?: ((done: number) => void) | undefined;
}

export interface ResampledRows extends ResamplingOptions {
  /** One a row. */
  readonly weights: Float64Array;
  /** Makes a scorer of the rows at these places, ascending; called once for each subset. */
  readonly scorerOf: (places: Uint32Array) => Scorer;
  /** Share of the rarer outcome; 1 where there is none. */
  readonly rarest?: number;
}

/** Rows of a subset and how many of them: n^0.7, but enough of the rarer outcome; all rows of a small table. */
export function planSubsets(rows: number, rarest = 1): { readonly size: number; readonly subsets: number } {
  const wanted = Math.max(wholeRows, Math.ceil(rows ** 0.7), Math.ceil(leastRare / Math.max(rarest, 1e-12)));
  if (wanted >= rows / 2) return { size: rows, subsets: 1 };
  return { size: wanted, subsets: Math.min(mostSubsets, Math.floor(rows / wanted)) };
}

/**
 * Percentile intervals of all scores at once. Up to 20,000 rows: the ordinary bootstrap, n rows drawn with
 * replacement (beyond, where the bag below does not apply, Poisson counts of mean 1, which differ from it by the
 * total alone). Above: a bag of little bootstraps. Disjoint random subsets of b = n^0.7 rows; in each its share of the
 * rounds draws n rows out of b (as Poisson counts of mean n / b); the distances of the quantiles from the subset's own
 * score are averaged over the subsets and laid around the score of all rows.
 *
 * Sources: Efron (1979), Ann. Statist. 7; Kleiner, Talwalkar, Sarkar and Jordan (2014), J. R. Stat. Soc. B 76.
 * @returns per score of `estimate` an interval in its unit; null bounds where a resample lacks the score.
 * @throws RangeError when an option is out of range.
 */
export function resampledIntervals(estimate: Scores, rows: ResampledRows): ScoreIntervals {
  const { alpha, rounds, seed, weights, scorerOf, rarest, onRound } = rows;
  assertAlpha(alpha);
  assertCount('rounds', rounds, Math.ceil(2 / alpha - 1e-9));
  const random = createRandom(seed);
  const { size, subsets } = planSubsets(weights.length, rarest);
  const own = Math.ceil(rounds / subsets);
  const places = shuffledPlaces(weights.length, subsets * size, random);
  const offsets = new Map(Object.keys(estimate).map((name) => [name, { lower: 0, upper: 0 }]));
  for (let subset = 0; subset < subsets; subset += 1) {
    const chosen = places.slice(subset * size, (subset + 1) * size).sort();
    const base = pick(weights, chosen);
    const scorer = scorerOf(chosen);
    const center = subsets === 1 ? estimate : scorer(base);
    const draw = weightDraws(base, weights.length, random);
    const drawn = drawScores(
      () => scorer(draw()),
      own,
      () => onRound?.(subset * own),
    );
    for (const [name, offset] of offsets) addOffsets(offset, drawn.get(name), center[name], alpha, subsets);
  }
  const method = subsets === 1 ? 'bootstrap' : 'little-bootstraps';
  return intervalsOf(estimate, offsets, method);
}

/**
 * Intervals of what depends on the cells of a confusion matrix alone, of rows that all weigh 1: their counts under the
 * bootstrap are a multinomial, so nothing is approximated.
 * @param cells counts. @param score of counts.
 */
export function countIntervals(
  cells: Float64Array,
  score: (cells: Float64Array) => Scores,
  { alpha, rounds, seed }: ResamplingOptions,
): ScoreIntervals {
  assertAlpha(alpha);
  assertCount('rounds', rounds, Math.ceil(2 / alpha - 1e-9));
  const random = createRandom(seed);
  const total = cells.reduce((sum, count) => sum + count, 0);
  const held = Uint32Array.from([...cells.keys()].filter((cell) => (cells[cell] as number) > 0));
  const shares = pick(cells, held).map((count) => count / total);
  const estimate = score(cells);
  const draw = () => {
    const drawn = new Float64Array(cells.length);
    drawMultinomial(total, shares, random).forEach((count, i) => {
      drawn[held[i] as number] = count;
    });
    return score(drawn);
  };
  const drawn = drawScores(draw, rounds);
  const offsets = new Map(Object.keys(estimate).map((name) => [name, { lower: 0, upper: 0 }]));
  for (const [name, offset] of offsets) addOffsets(offset, drawn.get(name), estimate[name], alpha, 1);
  return intervalsOf(estimate, offsets, 'counts');
}

interface Offset {
  lower: number;
  upper: number;
}

function drawScores(draw: () => Scores, rounds: number, onRound?: () => void): Map<string, Float64Array> {
  const drawn = new Map<string, Float64Array>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, value] of Object.entries(draw())) {
      const values = drawn.get(name) ?? new Float64Array(rounds).fill(Number.NaN);
      values[round] = value;
      drawn.set(name, values);
    }
    if (round % 100 === 0) onRound?.();
  }
  return drawn;
}

/** A score that some resample lacks keeps a NaN: its quantiles would be those of the lucky ones. */
function addOffsets(
  offset: Offset,
  drawn: Float64Array | undefined,
  center: number | undefined,
  alpha: number,
  subsets: number,
): void {
  const sorted = drawn?.slice().sort();
  const isWhole = sorted?.every(Number.isFinite) && Number.isFinite(center);
  const distance = (level: number) =>
    sorted && isWhole ? (quantileOfSorted(sorted, level) - (center as number)) / subsets : Number.NaN;
  offset.lower += distance(alpha / 2);
  offset.upper += distance(1 - alpha / 2);
}

function intervalsOf(
  estimate: Scores,
  offsets: ReadonlyMap<string, Offset>,
  method: ResamplingMethod,
): ScoreIntervals {
  const bound = (value: number | undefined, offset: number): number | null => {
    const at = (value ?? Number.NaN) + offset;
    return Number.isFinite(at) ? at : null;
  };
  return Object.fromEntries(
    [...offsets].map(([name, { lower, upper }]) => [
      name,
      { lower: bound(estimate[name], lower), upper: bound(estimate[name], upper), method },
    ]),
  );
}

/** The first `count` places of a random order (Fisher-Yates as far as needed). */
function shuffledPlaces(rows: number, count: number, random: Random): Uint32Array {
  const places = Uint32Array.from({ length: rows }, (_, i) => i);
  if (count === rows) return places;
  for (let i = 0; i < count; i += 1) {
    const other = i + random.integer(rows - i);
    const held = places[i] as number;
    places[i] = places[other] as number;
    places[other] = held;
  }
  return places.subarray(0, count);
}

/** Weights of one resample of `total` rows, in an array that the next draw overwrites. */
function weightDraws(base: Float64Array, total: number, random: Random): () => Float64Array {
  const weights = new Float64Array(base.length);
  if (base.length === total && total <= wholeRows)
    return () => {
      weights.fill(0);
      for (let i = 0; i < total; i += 1) {
        const row = random.integer(total);
        weights[row] = (weights[row] as number) + (base[row] as number);
      }
      return weights;
    };
  const count = poissonDraws(total / base.length, random);
  return () => {
    for (let i = 0; i < weights.length; i += 1) weights[i] = (base[i] as number) * count();
    return weights;
  };
}

import { logNormalMass } from '../../../../base/statistics/normal.ts';
import type { Random } from '../../../../base/statistics/random.ts';
import type { KernelGroups, Mixture, Side } from './mixture.ts';
import type { Column } from './trial-table.ts';

/** Trials that keep their full weight; of those before them the older weigh less. */
const freshTrials = 25;
/** A width is at least this part of the range however many trials there are. */
const finest = 100;

/**
 * One kernel per row, and the prior as the last one.
 * @param rows by number, each with all of the columns
 * @param random chooses which of equal observations are the outer, wide ones; without it the oldest is the left one
 */
export function buildMixture(
  columns: readonly Column[],
  rows: Int32Array,
  weights: Float64Array,
  random: Random | null,
): Mixture {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const shares = weights.map((weight) => weight / total);
  const logScales = shares.map(Math.log);
  const slots = slotsOf(columns, rows);
  const sides = columns.map((column) =>
    column.parameter.type === 'categorical'
      ? buildChoices(column, rows)
      : buildKernels(column, rows, slots, logScales, random),
  );
  return { weights: shares, logScales, sides };
}

/** Weights of `count` rows by age and of the prior: 1 for the newest 25, then falling evenly to 1 / count. */
export function weighByAge(count: number): Float64Array {
  const older = count - freshTrials;
  return Float64Array.from({ length: count + 1 }, (_, age) => {
    if (age >= older) return 1;
    const oldest = 1 / count;
    return older === 1 ? oldest : oldest + ((1 - oldest) * age) / (older - 1);
  });
}

/** Weights of as many rows and of the prior where age says nothing: the best of several goals. */
export const weighAlike = (count: number): Float64Array => new Float64Array(count + 1).fill(1);

/** Kernel by row; -1 for rows that have none. */
function slotsOf(columns: readonly Column[], rows: Int32Array): Int32Array {
  const slots = new Int32Array(columns[0]?.coordinates.length ?? 0).fill(-1);
  for (const [slot, row] of rows.entries()) slots[row] = slot;
  return slots;
}

function buildChoices(column: Column, rows: Int32Array): Side {
  const count = column.parameter.type === 'categorical' ? column.parameter.choices.length : 0;
  const kernels = rows.length + 1;
  const seen = new Int32Array(kernels).fill(-1);
  for (const [slot, row] of rows.entries()) seen[slot] = column.coordinates[row] ?? -1;
  const share = 1 / kernels;
  const total = 1 + count * share;
  return { type: 'categorical', column, count, seen, hit: (1 + share) / total, miss: share / total };
}

/** Takes from `logScales` what truncation, and where there are no steps the width, makes of each kernel. */
function buildKernels(
  column: Column,
  rows: Int32Array,
  slots: Int32Array,
  logScales: Float64Array,
  random: Random | null,
): Side {
  const { low, high, parameter } = column;
  const kernels = rows.length + 1;
  const order = sortedSlots(column, slots, rows.length);
  const means = new Float64Array(kernels);
  for (const [slot, row] of rows.entries()) means[slot] = column.coordinates[row] ?? 0;
  means[rows.length] = (low + high) / 2;
  if (random) shuffleEqual(order, means, random);
  const sigmas = widthsOf(column, means, order);
  const isContinuous = parameter.type === 'float' && parameter.step === null;
  for (let slot = 0; slot < kernels; slot += 1) {
    const mass = massOf(column, rows[slot], means[slot] ?? 0, sigmas[slot] ?? 1);
    const scale = isContinuous ? mass + Math.log(sigmas[slot] ?? 1) : mass;
    logScales[slot] = (logScales[slot] ?? 0) - scale;
  }
  const groups = isContinuous ? null : groupKernels(means, sigmas, order);
  return { type: 'numeric', column, means, sigmas, groups };
}

/** Kernels by their coordinate, without the prior. */
function sortedSlots({ rows }: Column, slots: Int32Array, count: number): Int32Array {
  const order = new Int32Array(count);
  let found = 0;
  for (let place = 0; place < rows.length; place += 1) {
    const slot = slots[rows.rows[place] ?? 0] ?? -1;
    if (slot < 0) continue;
    order[found] = slot;
    found += 1;
  }
  return order;
}

function shuffleEqual(order: Int32Array, means: Float64Array, random: Random): void {
  const meanAt = (place: number) => means[order[place] ?? 0];
  let first = 0;
  for (let place = 1; place < order.length; place += 1) {
    if (meanAt(place) !== meanAt(first)) first = place;
    if (place === first) continue;
    const other = first + random.integer(place - first + 1);
    const held = order[place] ?? 0;
    order[place] = order[other] ?? 0;
    order[other] = held;
  }
}

/** The larger gap to a neighbour, the ends of the range counting as neighbours only of a lonely kernel; within bounds. */
function widthsOf({ low, high }: Column, means: Float64Array, order: Int32Array): Float64Array {
  const count = order.length;
  const range = high - low;
  const least = range / Math.min(finest, count + 2);
  const sigmas = new Float64Array(count + 1);
  const meanAt = (place: number) => means[order[place] ?? 0] ?? 0;
  for (let place = 0; place < count; place += 1) {
    const mean = meanAt(place);
    const left = place > 0 ? mean - meanAt(place - 1) : count > 1 ? 0 : mean - low;
    const right = place < count - 1 ? meanAt(place + 1) - mean : count > 1 ? 0 : high - mean;
    sigmas[order[place] ?? 0] = Math.min(Math.max(left, right, least), range);
  }
  sigmas[count] = range;
  return sigmas;
}

/** Log mass of a kernel inside the range; remembered by row. */
function massOf(column: Column, row: number | undefined, mean: number, sigma: number): number {
  if (row !== undefined && column.knownSigmas[row] === sigma) return column.knownMasses[row] ?? 0;
  const mass = logNormalMass((column.low - mean) / sigma, (column.high - mean) / sigma);
  if (row !== undefined) {
    column.knownSigmas[row] = sigma;
    column.knownMasses[row] = mass;
  }
  return mass;
}

function groupKernels(means: Float64Array, sigmas: Float64Array, order: Int32Array): KernelGroups {
  const prior = order.length;
  const groups = { of: new Int32Array(prior + 1), means: [] as number[], sigmas: [] as number[] };
  for (const slot of [...order, prior]) {
    const last = groups.means.length - 1;
    const isSame = groups.means[last] === means[slot] && groups.sigmas[last] === sigmas[slot];
    if (!isSame) {
      groups.means.push(means[slot] ?? 0);
      groups.sigmas.push(sigmas[slot] ?? 1);
    }
    groups.of[slot] = groups.means.length - 1;
  }
  return {
    count: groups.means.length,
    of: groups.of,
    means: Float64Array.from(groups.means),
    sigmas: Float64Array.from(groups.sigmas),
  };
}

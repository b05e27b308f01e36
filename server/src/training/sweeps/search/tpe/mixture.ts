import {
  logNormalDensity,
  logNormalMass,
  truncatedNormalQuantile,
} from '../../../../base/statistics/normal.ts';
import type { Random } from '../../../../base/statistics/random.ts';
import { toCoordinate, toValue } from '../space.ts';
import type { Column } from './trial-table.ts';

/** A truncated normal per kernel. */
interface NumericSide {
  readonly type: 'numeric';
  readonly column: Column;
  readonly means: Float64Array;
  readonly sigmas: Float64Array;
  /** Kernels with the same mean and width share a group; null where values are continuous. */
  readonly groups: KernelGroups | null;
}

export interface KernelGroups {
  readonly count: number;
  readonly of: Int32Array;
  readonly means: Float64Array;
  readonly sigmas: Float64Array;
}

/** Kernel k prefers the choice it has seen; the last kernel prefers none. */
interface CategoricalSide {
  readonly type: 'categorical';
  readonly column: Column;
  readonly count: number;
  readonly seen: Int32Array;
  readonly hit: number;
  readonly miss: number;
}

export type Side = NumericSide | CategoricalSide;

/** Kernels that are products over the parameters: one per trial, the prior last. */
export interface Mixture {
  readonly weights: Float64Array;
  /** Per kernel: log of the weight less the logarithms of what makes its factors densities. */
  readonly logScales: Float64Array;
  readonly sides: readonly Side[];
}

/** Coordinates of `count` points, one array per side: a kernel by its weight, then each coordinate by that kernel. */
export function drawPoints(
  { weights, sides }: Mixture,
  count: number,
  random: Random,
): readonly Float64Array[] {
  const kernels = Array.from({ length: count }, () => pick(weights, random.next()));
  return sides.map((side) =>
    Float64Array.from(kernels, (kernel) => drawCoordinate(side, kernel, random.next())),
  );
}

function pick(weights: ArrayLike<number>, unit: number): number {
  let left = unit;
  for (let index = 0; index < weights.length - 1; index += 1) {
    left -= weights[index] ?? 0;
    if (left < 0) return index;
  }
  return weights.length - 1;
}

function drawCoordinate(side: Side, kernel: number, unit: number): number {
  if (side.type === 'categorical') {
    const { count, seen, hit, miss } = side;
    const isPrior = kernel === seen.length - 1;
    const weights = Array.from({ length: count }, (_, choice) =>
      isPrior ? 1 / count : seen[kernel] === choice ? hit : miss,
    );
    return pick(weights, unit);
  }
  const { parameter, low, high } = side.column;
  const mean = side.means[kernel] ?? 0;
  const sigma = side.sigmas[kernel] ?? 1;
  const z = truncatedNormalQuantile(unit, (low - mean) / sigma, (high - mean) / sigma);
  if (parameter.type === 'categorical') return z;
  return toCoordinate(parameter, toValue(parameter, mean + z * sigma));
}

/** Log density of each point. Values with steps have the mass of their step instead. */
export function logDensities({ logScales, sides }: Mixture, points: readonly Float64Array[]): Float64Array {
  const count = points[0]?.length ?? 0;
  const kernels = logScales.length;
  const logs = new Float64Array(count * kernels);
  for (let point = 0; point < count; point += 1) logs.set(logScales, point * kernels);
  for (const [index, side] of sides.entries()) {
    const coordinates = points[index] ?? new Float64Array();
    if (side.type === 'categorical') addChoices(logs, side, coordinates);
    else if (side.groups) addMasses(logs, side.column, side.groups, coordinates);
    else addDensities(logs, side, coordinates);
  }
  return Float64Array.from({ length: count }, (_, point) =>
    logOfSum(logs.subarray(point * kernels, (point + 1) * kernels)),
  );
}

function addChoices(
  logs: Float64Array,
  { count, seen, hit, miss }: CategoricalSide,
  choices: Float64Array,
): void {
  const kernels = seen.length;
  const [logHit, logMiss] = [Math.log(hit), Math.log(miss)];
  for (const [point, choice] of choices.entries()) {
    const start = point * kernels;
    for (let kernel = 0; kernel < kernels - 1; kernel += 1)
      logs[start + kernel] = (logs[start + kernel] ?? 0) + (seen[kernel] === choice ? logHit : logMiss);
    logs[start + kernels - 1] = (logs[start + kernels - 1] ?? 0) - Math.log(count);
  }
}

function addDensities(logs: Float64Array, { means, sigmas }: NumericSide, coordinates: Float64Array): void {
  const kernels = means.length;
  const inverses = sigmas.map((sigma) => 1 / sigma);
  const constant = logNormalDensity(0);
  for (const [point, coordinate] of coordinates.entries()) {
    const start = point * kernels;
    for (let kernel = 0; kernel < kernels; kernel += 1) {
      const z = (coordinate - (means[kernel] ?? 0)) * (inverses[kernel] ?? 0);
      logs[start + kernel] = (logs[start + kernel] ?? 0) + (constant - (z * z) / 2);
    }
  }
}

function addMasses(
  logs: Float64Array,
  { parameter }: Column,
  groups: KernelGroups,
  coordinates: Float64Array,
): void {
  if (parameter.type === 'categorical') return;
  const kernels = groups.of.length;
  const half = (parameter.step ?? 0) / 2;
  const known = new Map<number, Float64Array>();
  for (const [point, coordinate] of coordinates.entries()) {
    const value = toValue(parameter, coordinate);
    const [left, right] = [value - half, value + half].map(parameter.log ? Math.log : Number);
    const masses = known.get(value) ?? massesOf(groups, left ?? 0, right ?? 0);
    known.set(value, masses);
    const start = point * kernels;
    for (let kernel = 0; kernel < kernels; kernel += 1)
      logs[start + kernel] = (logs[start + kernel] ?? 0) + (masses[groups.of[kernel] ?? 0] ?? 0);
  }
}

function massesOf({ count, means, sigmas }: KernelGroups, left: number, right: number): Float64Array {
  const masses = new Float64Array(count);
  for (let group = 0; group < count; group += 1) {
    const mean = means[group] ?? 0;
    const sigma = sigmas[group] ?? 1;
    masses[group] = logNormalMass((left - mean) / sigma, (right - mean) / sigma);
  }
  return masses;
}

/** Beyond this distance a summand is lost in the rounding of the largest. */
const negligible = 40;

function logOfSum(logs: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logs.length; i += 1) largest = Math.max(largest, logs[i] ?? 0);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (let i = 0; i < logs.length; i += 1) {
    const below = (logs[i] ?? 0) - largest;
    if (below > -negligible) sum += Math.exp(below);
  }
  return largest + Math.log(sum);
}

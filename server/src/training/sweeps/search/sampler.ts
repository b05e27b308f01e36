import { createRandom, type Random } from '../../../base/statistics/random.ts';
import type { Point, Space } from './space.ts';

export type Direction = 'minimize' | 'maximize';

/** A trial as far as a search needs to know it. */
export interface SearchTrial {
  /** From 0, in the order of asking; no two trials share one. */
  readonly number: number;
  /** `waiting`: given back, to be begun again with the same parameters. */
  readonly state: 'waiting' | 'running' | 'complete' | 'pruned' | 'failed';
  readonly parameters: Point;
  /** One value per goal, in the goal's own sense; null unless complete. With a NaN among them the trial counts as failed. */
  readonly values: readonly number[] | null;
  /** The report of the highest step: says which of the pruned trials came far. */
  readonly lastReport: { readonly step: number; readonly value: number } | null;
  /** What `ask` gave with the parameters; null for a trial that came from elsewhere, such as another sweep. */
  readonly generation: number | null;
}

/** To be kept with the trial: `tell` wants both back. */
export interface Suggestion {
  readonly parameters: Point;
  /** Which generation the point belongs to, for samplers that have some; else 0. */
  readonly generation: number;
}

/**
 * Chooses points. What it answers depends on the seed, the number and the trials it has been told of, in whatever order
 * that was; so telling a new sampler what is stored makes the old one again.
 */
export interface Sampler {
  /** The point of trial `number`; null where none is left (a grid). Changes nothing: tell it `running` to make it known. */
  ask(number: number): Suggestion | null;
  /** What has become of a trial; may be told again and again. Points that the space does not hold are left aside. */
  tell(trial: SearchTrial): void;
}

export interface SamplerInput {
  readonly space: Space;
  /** One per goal. */
  readonly directions: readonly Direction[];
  /** A safe integer. */
  readonly seed: number;
}

/** A stream of its own for each trial, so that a trial does not depend on how many were asked before it. */
export function randomOfTrial(seed: number, number: number): Random {
  const mixed = createRandom(seed).uint32();
  return createRandom((number % 2 ** 21) * 2 ** 32 + mixed);
}

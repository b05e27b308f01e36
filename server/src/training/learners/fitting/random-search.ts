import { createHash } from 'node:crypto';
import type { LearnerName } from '@tidemill/contract';
import { createRandom, type Random } from '../../../base/statistics/random.ts';
import type { ParameterRange } from '../learner.ts';
import { getLearner } from '../learners.ts';
import type { TrialDraw } from '../rules.ts';

/**
 * Random search (Bergstra & Bengio 2012): trial `number` takes the learners in turn and draws every parameter from
 * its range. It depends on the seed and the number alone, so a search that was interrupted goes on as it would have.
 */
export function drawTrial(learners: readonly LearnerName[], seed: number, number: number): TrialDraw {
  const learner = learners[number % learners.length] ?? 'ridge';
  const random = createRandom(seedOf(seed, number));
  const ranges = Object.entries(getLearner(learner).ranges);
  return {
    learner,
    parameters: Object.fromEntries(ranges.map(([name, range]) => [name, draw(range, random)])),
  };
}

/** 48 bits of a hash: neighbouring numbers share nothing. */
function seedOf(seed: number, number: number): number {
  return createHash('sha256').update(`${seed}/${number}`).digest().readUIntBE(0, 6);
}

function draw({ min, max, scale, integer }: ParameterRange, random: Random): number {
  const share = random.next();
  const value = scale === 'log' ? min * (max / min) ** share : min + (max - min) * share;
  // Six digits: enough to search, few enough to read and to survive a logarithm that rounds differently elsewhere.
  const rounded = integer ? Math.round(value) : Number(value.toPrecision(6));
  return Math.min(max, Math.max(min, rounded));
}

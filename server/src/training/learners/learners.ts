import type { Learner } from './learner.ts';
import { LearnerInputError } from './learner-input.ts';
import { ridge } from './ridge.ts';
import { trees } from './trees.ts';

export const learners: ReadonlyMap<string, Learner> = new Map<string, Learner>([
  [ridge.name, ridge],
  [trees.name, trees],
]);

/** @throws LearnerInputError when there is no learner of that name. */
export function getLearner(name: string): Learner {
  const learner = learners.get(name);
  if (learner) return learner;
  const known = [...learners.keys()].join(', ');
  throw new LearnerInputError(`There is no learner '${name}'; use one of: ${known}.`, {
    parameter: 'learner',
  });
}

import { errors } from '../../../base/errors.ts';
import { type FullSearch, rankTrials, type SearchRecord, spaceOf, type TrialRecord } from '../space/rules.ts';
import type { Confirmable } from './rules.ts';

/** @throws sweepNotConfirmed */
export function toConfirmable(
  { id, command, definition, status }: SearchRecord,
  trials: readonly TrialRecord[],
): Confirmable {
  const refused = (reason: string) => errors.sweepNotConfirmed({ id, reason });
  if (!command)
    throw refused('they were asked for and told from outside, and no command is known that would run them');
  if (status === 'running') throw refused('it still searches; stop it, or wait for its end');
  const [goal, ...others] = definition.goals;
  if (!goal || others.length > 0)
    throw refused('it has several goals, and no single value by which one trial is the best');
  return {
    ...{ id, seed: command.seed ?? 0, direction: goal.direction, windows: null },
    ranked: rankTrials(trials, goal),
    numeric: numericOf(definition),
  };
}

/** Parameters that can say which trial is simpler. */
export const numericOf = (definition: FullSearch): ReadonlySet<string> =>
  new Set(spaceOf(definition).parameters.flatMap(({ name, type }) => (type === 'categorical' ? [] : [name])));

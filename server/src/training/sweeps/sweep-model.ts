/** Of which trial a sweep's model is, and in words why. */
import type { Sweep, SweepGoal, Trial } from '@tidemill/contract';
import { errors, type TidemillError } from '../../base/errors.ts';
import type { SweepModel } from './rules.ts';

interface Asked {
  readonly asked?: number | undefined;
  /** Of a sweep over our learners: the trial whose model its own run holds. */
  readonly fitted?: number | null;
}

/**
 * The trial asked for; else the one chosen after the best were run again; else the best single value.
 * @throws sweepNotRegistered
 */
export function findModelOf(sweep: Sweep, { asked, fitted = null }: Asked = {}): SweepModel {
  const trial = asked === undefined ? defaultTrial(sweep) : askedTrial(sweep, asked);
  return { trial: trial.number, runId: runOf(sweep, trial, fitted), reason: reasonFor(sweep, trial) };
}

const refused = ({ id }: Sweep, reason: string): TidemillError => errors.sweepNotRegistered({ id, reason });

function askedTrial(sweep: Sweep, number: number): Trial {
  const { trials } = sweep;
  const trial = trials.find((each) => each.number === number);
  if (!trial)
    throw refused(
      sweep,
      trials.length === 0
        ? `it has no trial ${number}, and none at all yet`
        : `it has no trial ${number}; the last one is ${trials.at(-1)?.number}`,
    );
  if (trial.state !== 'complete')
    throw refused(sweep, `trial ${number} is ${trial.state}${trial.error ? ` (${trial.error})` : ''}`);
  return trial;
}

function defaultTrial(sweep: Sweep): Trial {
  const { state, best, chosen, confirmation, front } = sweep;
  if (state === 'running' || state === 'queued' || state === 'waiting')
    throw refused(sweep, 'it still searches; wait for its end, stop it, or name a trial');
  if (confirmation?.state === 'running')
    throw refused(
      sweep,
      'its best trials are being run again just now; wait for the choice, or name a trial',
    );
  if (front.length > 0)
    throw refused(sweep, `it has several goals; name one of its front, which is ${front.join(', ')}`);
  const trial = chosen ?? best;
  if (!trial) throw refused(sweep, 'none of its trials is complete');
  return trial;
}

/** A search's trials leave their own models; our learners leave that of the best, and of the chosen one where it is another. */
function runOf(sweep: Sweep, trial: Trial, fitted: number | null): string {
  const { kind, runId, chosen } = sweep;
  if (kind === 'learners' && trial.number === fitted && runId !== null) return runId;
  if (kind === 'space' || trial.number === chosen?.number) return trial.runId;
  throw refused(
    sweep,
    fitted === null
      ? 'none of its trials was fitted on all rows'
      : `only its trial ${chosen?.number ?? fitted} was fitted on all rows, and trial ${trial.number} was not`,
  );
}

function reasonFor(sweep: Sweep, trial: Trial): string {
  const { confirmation, chosen, best, trials } = sweep;
  const of = `Trial ${trial.number} of ${sweep.id}`;
  const value = `${goalOf(sweep)} ${say(trial.value)}`;
  if (chosen?.number === trial.number && confirmation) {
    const own = confirmation.trials.find(({ number }) => number === trial.number);
    return `${of}, chosen among ${confirmation.trials.length} that were run again ${own?.n ?? 0} times each: ${own?.reason ?? ''}`;
  }
  const complete = trials.filter(({ state }) => state === 'complete').length;
  if (best?.number === trial.number)
    return `${of}, the best single value of ${complete}, not run again: ${value}`;
  return `${of}, asked for by its number: ${value}`;
}

function goalOf({ definition }: Sweep): string {
  const goals = definition.goals as readonly SweepGoal[] | undefined;
  return String(goals?.[0]?.metric ?? definition.metric ?? 'value');
}

const say = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(6))));

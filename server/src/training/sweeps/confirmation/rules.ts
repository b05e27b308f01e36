import type {
  ChoiceRule,
  Confirmation,
  ConfirmationRepeat,
  ConfirmationRequest,
  ConfirmedTrial,
  JobParameters,
} from '@tidemill/contract';
import { errors } from '../../../base/errors.ts';
import { type Direction, spreadOf } from '../../../base/statistics/choice.ts';

export type FullRule = Required<ChoiceRule>;

/** A confirmation with nothing left open. */
export interface FullConfirmation {
  readonly seeds: readonly number[];
  readonly windows: number | null;
  readonly rule: FullRule;
  readonly direction: Direction;
  /** The best first. */
  readonly trials: readonly { readonly number: number; readonly parameters: JobParameters }[];
}

export interface ConfirmationRecord {
  readonly sweepId: string;
  readonly definition: FullConfirmation;
  readonly status: Confirmation['state'];
  readonly choice: Choice | null;
  readonly error: string | null;
  readonly taskId: string;
  readonly actor: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
}

/** A trial with another seed, on one window. */
export interface Repeat extends ConfirmationRepeat {
  readonly number: number;
}

export type MeasuredTrial = Omit<ConfirmedTrial, 'score' | 'isChosen' | 'reason'>;

/** What was chosen, and the numbers that it was chosen by. */
export interface Choice {
  readonly chosen: number | null;
  readonly threshold: number | null;
  readonly trials: readonly Pick<ConfirmedTrial, 'number' | 'score' | 'isChosen' | 'reason'>[];
}

/** Fewer say nothing of a spread. */
const leastRepeats = 3;
const mostRepeats = 1000;

/** A sweep as far as a confirmation needs to know of it. */
export interface Confirmable {
  readonly id: string;
  /** The search's own; repeats have those that follow it. */
  readonly seed: number;
  readonly direction: Direction;
  /** Complete trials, the best first. */
  readonly ranked: FullConfirmation['trials'];
  /** Parameters that can say which trial is simpler. */
  readonly numeric: ReadonlySet<string>;
  /** Where the request does not say how many. */
  readonly windows: number | null;
}

/** @throws sweepNotConfirmed, confirmationInvalid */
export function completeConfirmation(
  { id, seed, direction, ranked, numeric, windows: ownWindows }: Confirmable,
  request: ConfirmationRequest,
): FullConfirmation {
  const { top, seeds, windows, rule } = completeRequest(request, { numeric, windows: ownWindows });
  if (ranked.length === 0) throw errors.sweepNotConfirmed({ id, reason: 'none of them is complete' });
  return {
    seeds: Array.from({ length: seeds }, (_, i) => (seed + 1 + i) % 2 ** 32),
    ...{ windows, rule, direction },
    trials: ranked.slice(0, top).map(({ number, parameters }) => ({ number, parameters })),
  };
}

/** What is asked for with nothing left open; can be judged before there is a trial. @throws confirmationInvalid */
export function completeRequest(
  { top = 3, seeds = 3, windows: asked, rule = { type: 'mean-std' } }: ConfirmationRequest,
  { numeric, windows: ownWindows }: Pick<Confirmable, 'numeric' | 'windows'>,
): { top: number; seeds: number; windows: number | null; rule: FullRule } {
  const windows = asked ?? ownWindows;
  const count = seeds * (windows ?? 1);
  if (count < leastRepeats || count * top > mostRepeats)
    throw errors.confirmationInvalid({
      reason:
        count < leastRepeats
          ? `${count} repeats of a trial say nothing of how far its values spread; ask for seeds × windows of at least ${leastRepeats}`
          : `${top} trials × ${count} repeats are more than ${mostRepeats} trainings`,
    });
  return { top, seeds, windows, rule: completeRule(rule, numeric) };
}

function completeRule(rule: ChoiceRule, numeric: ReadonlySet<string>): FullRule {
  if (rule.type === 'mean-std') return { ...rule, lambda: rule.lambda ?? 1 };
  const unknown = Object.keys(rule.simplest).find((name) => !numeric.has(name));
  if (unknown !== undefined)
    throw errors.confirmationInvalid({
      reason: `'${unknown}' cannot say which trial is the simplest, as it is no number of the space (${[...numeric].join(', ') || 'it has none'})`,
    });
  return rule;
}

/** Seed by seed, so that the trials can be compared before all is done. */
export const listRepeats = ({ seeds, windows, trials }: FullConfirmation): Repeat[] =>
  seeds.flatMap((seed) =>
    windowsOf(windows).flatMap((window) =>
      trials.map(({ number }) => ({
        ...{ number, seed, window, state: 'waiting' as const },
        ...{ value: null, error: null, runId: null, jobId: null },
      })),
    ),
  );

const windowsOf = (count: number | null): (number | null)[] =>
  count === null ? [null] : [...Array(count).keys()];

export const isRepeatOver = ({ state }: Pick<Repeat, 'state'>): boolean =>
  state !== 'waiting' && state !== 'running';

export function measureTrials({ trials }: FullConfirmation, repeats: readonly Repeat[]): MeasuredTrial[] {
  return trials.map(({ number, parameters }) => {
    const own = repeats
      .filter((repeat) => repeat.number === number)
      .sort((a, b) => a.seed - b.seed || Number(a.window) - Number(b.window));
    const values = own.flatMap(({ state, value }) => (state === 'complete' && value !== null ? [value] : []));
    const spread = values.length === 0 ? null : spreadOf(Float64Array.from(values));
    return {
      ...{ number, parameters, repeats: own.map(({ number: _number, ...repeat }) => repeat) },
      n: values.length,
      mean: toNumber(spread?.mean),
      std: toNumber(spread?.std),
      standardError: toNumber(spread?.standardError),
    };
  });
}

const toNumber = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;

export function toConfirmation(record: ConfirmationRecord, repeats: readonly Repeat[]): Confirmation {
  const { definition, status, choice, error, createdAt, endedAt } = record;
  const { seeds, windows, rule, trials } = definition;
  const undecided = { score: null, isChosen: false, reason: null };
  return {
    state: status,
    definition: { top: trials.length, seeds: [...seeds], windows, rule },
    ended: repeats.filter(isRepeatOver).length,
    repeats: repeats.length,
    trials: measureTrials(definition, repeats).map((trial) => ({
      ...trial,
      ...(choice?.trials.find(({ number }) => number === trial.number) ?? undecided),
    })),
    chosen: choice?.chosen ?? null,
    threshold: choice?.threshold ?? null,
    error,
    createdAt,
    finishedAt: endedAt,
  };
}

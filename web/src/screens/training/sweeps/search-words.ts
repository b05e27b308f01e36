import type { SearchDefinition, Sweep, SweepBudget, SweepGoal, Trial } from '@tidemill/sdk';

/** A search over a space, as the server completed it. */
export type Search = Omit<Required<SearchDefinition>, 'name' | 'command' | 'warmStart'> & {
  readonly name: string | null;
  readonly command: SearchDefinition['command'] | null;
  readonly warmStart: string | null;
};

/** Null: a sweep over our learners. */
export const searchOf = ({ kind, definition }: Pick<Sweep, 'kind' | 'definition'>): Search | null =>
  kind === 'space' ? (definition as unknown as Search) : null;

export const goalText = ({ metric, direction }: SweepGoal): string => `${direction} ${metric}`;

/** Trials that this sweep made itself; those of a warm start cost it nothing. */
export const ownTrials = ({ trials }: Pick<Sweep, 'trials'>): readonly Trial[] =>
  trials.filter(({ source }) => source === null);

const states = ['complete', 'running', 'waiting', 'pruned', 'failed'] as const;

/** `38 complete, 2 failed`. */
export function countStates(trials: readonly Trial[]): string {
  const counts = Map.groupBy(trials, ({ state }) => state);
  return states
    .flatMap((state) => (counts.has(state) ? [`${counts.get(state)?.length} ${state}`] : []))
    .join(', ');
}

/** A value per goal; null where it has none. */
export const goalValue = ({ values, value }: Trial, goal: number): number | null =>
  values?.[goal] ?? (goal === 0 ? value : null);

/** What changes while nobody tells: trials are at work or are begun. */
export const isMoving = ({ state, finishedAt, trials, confirmation }: Sweep): boolean =>
  confirmation?.state === 'running' ||
  (finishedAt === null && (state !== 'stopped' || trials.some((trial) => trial.state === 'running')));

/** As it stands in a form. */
export interface BudgetText {
  readonly trials: string;
  readonly minutes: string;
  readonly cost: string;
}

export const toBudgetText = ({ trials, seconds, cost }: SweepBudget): BudgetText => ({
  trials: trials === undefined ? '' : String(trials),
  minutes: seconds === undefined ? '' : String(seconds / 60),
  cost: cost === undefined ? '' : String(cost),
});

/** Only what was changed; what is empty stays as it is. */
export function toBudget(text: BudgetText, before: SweepBudget): SweepBudget {
  const [trials, minutes, cost] = [text.trials, text.minutes, text.cost].map(toPositive);
  return {
    ...(trials && trials !== before.trials && { trials: Math.round(trials) }),
    ...(minutes && minutes * 60 !== before.seconds && { seconds: minutes * 60 }),
    ...(cost && cost !== before.cost && { cost }),
  };
}

function toPositive(text: string): number | undefined {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) && value > 0 ? value : undefined;
}

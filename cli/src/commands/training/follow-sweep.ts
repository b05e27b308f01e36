import type { Confirmation, Sweep, Trial } from '@tidemill/sdk';
import type { Session } from '../../session.ts';
import { formatNumber, tableLines } from '../../table.ts';
import { isSettled, watch } from '../../watch.ts';

export async function followSweep(session: Session, id: string): Promise<void> {
  const isDone = isSettled();
  const sweep = await watch(session, {
    ask: changesOf(session, id),
    isDone: (found) =>
      isDone({
        ...found,
        wantsModel: found.kind === 'learners' && typeof found.definition.register === 'string',
      }),
    lines: trialLines,
    whenLeft: `The sweep goes on. Watch it: tidemill sweeps show ${id} --follow; end it: tidemill sweeps cancel ${id}`,
  });
  if (!sweep) return;
  await showSweep(session, sweep, sweep.state);
}

/** The sweep as it is now, of which only what changed since the last look is fetched. */
function changesOf({ client }: Session, id: string): (signal: AbortSignal) => Promise<Sweep> {
  const trials = new Map<number, Trial>();
  let since: string | undefined;
  return async (signal) => {
    for (;;) {
      const { sweep, isWhole, hasMore, cursor, ...changed } = await client.sweeps.changes(
        { id, since },
        { signal },
      );
      if (isWhole) trials.clear();
      for (const trial of changed.trials) trials.set(trial.number, trial);
      since = cursor;
      if (!hasMore) return { ...sweep, trials: [...trials.values()].sort((a, b) => a.number - b.number) };
    }
  };
}

/** Registering follows the end a moment later; asked for again it gives the same version, or says why there is none. */
async function showSweep(session: Session, sweep: Sweep, state: string | undefined): Promise<void> {
  const { id, kind, definition } = sweep;
  const isDone = state === 'succeeded';
  const name = isDone && kind === 'space' ? definition.register : null;
  if (typeof name !== 'string') session.show(sweep, describeSweep);
  else {
    const { reference } = await session.client.registry.registerTrial({ id, name });
    session.show({ ...sweep, modelVersion: reference }, describeSweep);
  }
  if (!isDone) process.exitCode = 1;
}

/** Until the best were run again. */
export async function followConfirmation(session: Session, id: string): Promise<void> {
  const sweep = await watch(session, {
    ask: changesOf(session, id),
    isDone: ({ confirmation }) => confirmation?.state !== 'running',
    lines: ({ confirmation }) => (confirmation ? repeatLines(confirmation) : []),
    whenLeft: `The confirmation goes on. Look at it: tidemill sweeps show ${id}; end it: tidemill sweeps cancel ${id}`,
  });
  if (!sweep) return;
  await showSweep(session, sweep, sweep.confirmation?.state);
}

const repeatLines = ({ state, ended, repeats, trials }: Confirmation): string[] => [
  ...trials.flatMap((trial) =>
    trial.repeats
      .filter((repeat) => repeat.state !== 'waiting' && repeat.state !== 'running')
      .map(({ seed, window, value, error }) => {
        const where = window === null ? '' : ` window ${window}`;
        return `trial ${trial.number} seed ${seed}${where}: ${error ?? formatNumber(value)}`;
      }),
  ),
  `${ended} of ${repeats} repeats have ended${state === 'running' ? '' : `: ${state}`}`,
];

const trialLines = (sweep: Sweep): string[] => [
  `${sweep.id} is ${sweep.state}`,
  ...sweep.trials
    .filter(({ state }) => state !== 'running' && state !== 'waiting')
    .map((trial) => `trial ${trial.number}: ${outcomeOf(trial)}`),
];

function outcomeOf({ learner, state, value, error }: Trial): string {
  const what = learner ?? (state === 'complete' ? '' : state);
  return [what, error ?? formatNumber(value)].filter(Boolean).join(' ');
}

export const describeSweep = (sweep: Sweep): string[] => [
  `${sweep.id}  ${sweep.state}  ${sweep.trials.length} trials`,
  ...(sweep.best ? [`best   trial ${sweep.best.number}: ${outcomeOf(sweep.best)}`] : []),
  ...(sweep.chosen ? [`chosen trial ${sweep.chosen.number}`] : []),
  ...(sweep.front.length > 0 ? [`front  trials ${sweep.front.join(', ')}`] : []),
  ...(sweep.modelVersion ? [`model  ${sweep.modelVersion}`] : []),
  ...(sweep.error ? [`error  ${sweep.error}`] : []),
  ...(sweep.trials.length === 0
    ? []
    : [
        '',
        ...tableLines(sweep.trials, {
          trial: (t) => t.number,
          state: (t) => (t.cachedFrom === undefined ? t.state : `${t.state} (taken)`),
          ...(sweep.kind === 'learners' && { learner: (t: Trial) => t.learner }),
          value: (t) => (t.values && t.values.length > 1 ? t.values.map(formatNumber).join(' ') : t.value),
          parameters: (t) =>
            Object.entries(t.parameters)
              .map(([key, value]) => `${key}=${typeof value === 'number' ? formatNumber(value) : value}`)
              .join(' '),
          error: (t) => t.error,
        }),
      ]),
  ...(sweep.confirmation ? ['', ...describeConfirmation(sweep.confirmation)] : []),
];

function describeConfirmation({ state, definition, error, ...rest }: Confirmation): string[] {
  const { rule, seeds, windows } = definition;
  const words =
    rule.type === 'mean-std'
      ? `mean ± ${rule.lambda}·std`
      : `one standard error, the simplest: ${Object.entries(rule.simplest)
          .map(([name, side]) => `${name} ${side}`)
          .join(', ')}`;
  return [
    `confirmed by ${words}: ${state}, ${rest.ended} of ${rest.repeats} repeats (seeds ${seeds.join(', ')}${windows === null ? '' : `; ${windows} windows`})`,
    ...(error ? [`error  ${error}`] : []),
    ...tableLines(rest.trials, {
      trial: (t) => `${t.number}${t.isChosen ? ' *' : ''}`,
      n: (t) => t.n,
      mean: (t) => t.mean,
      std: (t) => t.std,
      'std error': (t) => t.standardError,
      score: (t) => t.score,
      values: (t) => t.repeats.map(({ value }) => (value === null ? '–' : formatNumber(value))).join(' '),
      reason: (t) => t.reason,
    }),
  ];
}

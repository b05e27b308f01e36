import type { Sweep, Trial } from '@tidemill/sdk';
import type { Session } from '../../session.ts';
import { formatNumber, tableLines } from '../../table.ts';
import { isSettled, watch } from '../../watch.ts';

export async function followSweep(session: Session, id: string): Promise<void> {
  const isDone = isSettled();
  const sweep = await watch(session, {
    ask: (signal) => session.client.sweeps.get({ id }, { signal }),
    isDone: (found) => isDone({ ...found, wantsModel: typeof found.definition.register === 'string' }),
    lines: trialLines,
    whenLeft: `The sweep goes on. Watch it: tidemill sweeps show ${id} --follow; end it: tidemill sweeps cancel ${id}`,
  });
  if (!sweep) return;
  session.show(sweep, describeSweep);
  if (sweep.state !== 'succeeded') process.exitCode = 1;
}

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
  ...(sweep.front.length > 0 ? [`front  trials ${sweep.front.join(', ')}`] : []),
  ...(sweep.modelVersion ? [`model  ${sweep.modelVersion}`] : []),
  ...(sweep.error ? [`error  ${sweep.error}`] : []),
  ...(sweep.trials.length === 0
    ? []
    : [
        '',
        ...tableLines(sweep.trials, {
          trial: (t) => t.number,
          state: (t) => t.state,
          ...(sweep.kind === 'learners' && { learner: (t: Trial) => t.learner }),
          value: (t) => (t.values && t.values.length > 1 ? t.values.map(formatNumber).join(' ') : t.value),
          parameters: (t) =>
            Object.entries(t.parameters)
              .map(([key, value]) => `${key}=${typeof value === 'number' ? formatNumber(value) : value}`)
              .join(' '),
          error: (t) => t.error,
        }),
      ]),
];

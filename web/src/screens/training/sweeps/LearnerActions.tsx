import type { Sweep } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { send } from '../../../lib/client.ts';
import { ConfirmAction } from './ConfirmAction.tsx';

/** As many as the server takes where none are said. */
const usualWindows = '3';

/** Numbers that the trials of any learner have. */
const numbersOf = ({ trials }: Sweep): string[] => [
  ...new Set(
    trials.flatMap(({ parameters }) =>
      Object.entries(parameters).flatMap(([name, value]) => (typeof value === 'number' ? [name] : [])),
    ),
  ),
];

/** What may be done with a sweep over our learners now. */
export function LearnerActions({ sweep }: { readonly sweep: Sweep }) {
  const { id, state, finishedAt, confirmation } = sweep;
  const isConfirming = confirmation?.state === 'running';
  return (
    <>
      {state === 'succeeded' && !isConfirming && (
        <ConfirmAction id={id} numbers={numbersOf(sweep)} windows={usualWindows} />
      )}
      {(finishedAt === null || isConfirming) && (
        <Action
          danger
          name={finishedAt === null ? 'Cancel' : 'Cancel confirmation'}
          about={
            finishedAt === null
              ? 'The search ends; finished trials stay.'
              : 'The repeats at work end, and none is chosen; the search stays as it is.'
          }
          reason="none"
          {...send('sweeps', 'cancel', { id })}
        />
      )}
    </>
  );
}

import { Checkbox, TextInput } from '@mantine/core';
import type { Sweep } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { send } from '../../../lib/client.ts';
import { ConfirmAction } from './ConfirmAction.tsx';
import { whyNot } from './ConfirmPanel.tsx';
import { numbersOf } from './confirm-form.ts';
import { type BudgetText, type Search, toBudget, toBudgetText } from './search-words.ts';

interface SearchActionsProps {
  readonly sweep: Sweep;
  readonly search: Search;
}

export function SearchActions({ sweep, search }: SearchActionsProps) {
  const { id, state } = sweep;
  const isConfirming = sweep.confirmation?.state === 'running';
  const isEnded = sweep.finishedAt !== null;
  return (
    <>
      {state === 'running' && <StopAction id={id} />}
      {(state === 'stopped' || state === 'cancelled' || state === 'failed') && (
        <GoOnAction name="Resume" sweep={sweep} search={search} />
      )}
      {(state === 'running' || state === 'succeeded') && (
        <GoOnAction name="Extend" sweep={sweep} search={search} />
      )}
      {state !== 'running' && !isConfirming && sweep.best && whyNot(search) === null && (
        <ConfirmAction id={id} numbers={numbersOf(search.space)} />
      )}
      {(!isEnded || isConfirming) && (
        <Action
          danger
          name={isConfirming ? 'Cancel confirmation' : 'Cancel'}
          about={
            isConfirming
              ? 'The repeats at work end, and none is chosen; the search stays as it is.'
              : 'The search ends and its trials at work with it; finished trials stay.'
          }
          reason="none"
          {...send('sweeps', 'cancel', { id })}
        />
      )}
    </>
  );
}

function StopAction({ id }: { readonly id: string }) {
  const [giveBack, setGiveBack] = useState(false);
  return (
    <Action
      name="Stop"
      about="No more trials are begun. It can be resumed at any time."
      reason="none"
      {...send('sweeps', 'stop', { id, ...(giveBack && { giveBack }) })}
    >
      <Checkbox
        label="End the trials at work too; they are begun again at resume"
        checked={giveBack}
        onChange={({ currentTarget }) => setGiveBack(currentTarget.checked)}
      />
    </Action>
  );
}

const fields = [
  { id: 'trials', label: 'Trials', about: 'At most so many, those before included' },
  { id: 'minutes', label: 'Minutes', about: 'Begin none after so long since its beginning' },
  { id: 'cost', label: 'Cost', about: 'Begin none after so much in all; for jobs, processor seconds' },
] as const;

/** Goes on with the budget it has, or with a larger one. */
function GoOnAction({ name, sweep, search }: SearchActionsProps & { readonly name: 'Resume' | 'Extend' }) {
  const { budget } = search;
  const [changed, setChanged] = useState<Partial<BudgetText>>({});
  const text = { ...toBudgetText(budget), ...changed };
  const larger = toBudget(text, budget);
  const isSame = Object.keys(larger).length === 0;
  return (
    <Action
      name={name}
      about={
        name === 'Extend'
          ? 'The search goes on where it is, with a larger budget; it knows all that it found.'
          : 'The search goes on where it was left; a budget that is used up has to be raised.'
      }
      reason="none"
      incomplete={name === 'Extend' && isSame}
      {...send('sweeps', 'resume', { id: sweep.id, ...(!isSame && { budget: larger }) })}
      onDone={() => setChanged({})}
    >
      {fields.map(({ id, label, about }) => (
        <TextInput
          key={id}
          type="number"
          min={0}
          step="any"
          label={label}
          description={about}
          value={text[id]}
          onChange={({ currentTarget }) => setChanged((before) => ({ ...before, [id]: currentTarget.value }))}
        />
      ))}
    </Action>
  );
}

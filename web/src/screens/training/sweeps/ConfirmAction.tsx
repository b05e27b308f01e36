import { NativeSelect, TextInput } from '@mantine/core';
import { Action } from '../../../components/Action.tsx';
import { send } from '../../../lib/client.ts';
import { useFields } from '../../../lib/use-fields.ts';
import { type ConfirmText, emptyConfirm, toConfirmation } from './confirm-form.ts';

interface ConfirmActionProps {
  readonly id: string;
  /** Parameters that are numbers, which alone can say what is simpler. */
  readonly numbers: readonly string[];
  /** Our learners are judged on rolling windows anyway; a command has to cut them itself. */
  readonly windows?: string;
}

const counts = [
  { id: 'top', label: 'Trials', about: 'So many of the best' },
  { id: 'seeds', label: 'Seeds', about: 'Other ones, for each' },
  { id: 'windows', label: 'Windows', about: 'Of time, per seed' },
] as const;

const rules = [
  { value: 'mean-std', label: 'Mean and spread: the best mean ± λ·std' },
  { value: 'one-standard-error', label: 'One standard error: the simplest of the equally good' },
];

/** Runs the best trials again, so that a lucky one is not taken for a good one. */
export function ConfirmAction({ id: sweep, numbers, windows = '' }: ConfirmActionProps) {
  const { fields, bind } = useFields<ConfirmText & Record<string, string>>({ ...emptyConfirm, windows });
  const { request, wrong } = toConfirmation(fields, numbers);
  return (
    <Action
      name="Confirm"
      size={560}
      about="The best trials are run again with other seeds, and one is chosen by a rule: a single value may be luck."
      reason="none"
      incomplete={Object.keys(wrong).length > 0}
      {...send('sweeps', 'confirm', { id: sweep, ...request })}
    >
      <div className="columns" style={{ gridTemplateColumns: 'repeat(3, 1fr)', gap: 12, alignItems: 'end' }}>
        {counts.map(({ id, label, about }) => (
          <TextInput
            key={id}
            type="number"
            min={1}
            max={100}
            label={label}
            description={about}
            error={wrong[id]}
            {...bind(id)}
          />
        ))}
      </div>
      <NativeSelect label="Rule" data={rules} {...bind('rule')} />
      {fields.rule === 'mean-std' ? (
        <TextInput
          type="number"
          min={0}
          step="any"
          label="λ"
          description="How much the spread counts against the mean; 0: not at all"
          error={wrong.lambda}
          {...bind('lambda')}
        />
      ) : (
        <TextInput
          label="Simplest by"
          description={`Parameters with the side that is simpler, the first counts first: ${numbers.join(', ') || 'there are none'}`}
          placeholder={`${numbers[0] ?? 'depth'}:low`}
          error={fields.simplest && wrong.simplest}
          {...bind('simplest')}
        />
      )}
    </Action>
  );
}

import { NativeSelect, TextInput } from '@mantine/core';
import type { useFields } from '../../../lib/use-fields.ts';
import classes from '../command/Command.module.css';
import { prunerSettings, type SearchText, settingField } from './search-form.ts';

interface PrunerFieldsProps {
  readonly form: ReturnType<typeof useFields<SearchText & Record<string, string>>>;
  readonly settings: ReturnType<typeof useFields<Record<string, string>>>;
  readonly error?: string | undefined;
}

const pruners = [
  { value: 'none', label: 'None: every trial runs to its end' },
  { value: 'median', label: 'Median: worse than half of the others' },
  { value: 'percentile', label: 'Percentile: not among the best so many' },
  { value: 'asha', label: 'ASHA: one in so many goes on' },
  { value: 'hyperband', label: 'Hyperband: ASHA from several beginnings' },
  { value: 'patient', label: 'Patient: nothing better for a while' },
];

const titles: Readonly<Record<string, readonly [string, string]>> = {
  percentile: ['Percentile', 'So many of a hundred go on'],
  startupTrials: ['Startup trials', 'None is stopped before; empty: 5'],
  warmupSteps: ['Warmup steps', 'None is stopped before; empty: 0'],
  intervalSteps: ['Every so many steps', 'Empty: 1'],
  minimumResource: ['First rung', 'Steps before any is stopped'],
  maximumResource: ['Most steps', 'Of one trial'],
  reductionFactor: ['One in', 'So many goes on; ASHA 4, Hyperband 3'],
  earlyStoppingRate: ['Rungs later', 'Empty: 0'],
  patience: ['Patience', 'Steps without anything better'],
  minimumDelta: ['Minimum delta', 'What counts as better; empty: 0'],
};

/** How trials that promise little are stopped, with the settings of what was chosen. */
export function PrunerFields({ form, settings, error }: PrunerFieldsProps) {
  const { pruner, wrapped } = form.fields;
  const shown = [pruner, ...(pruner === 'patient' && wrapped !== '' ? [wrapped] : [])];
  const fields = shown.flatMap((name) =>
    prunerSettings[name as keyof typeof prunerSettings].map((setting) => ({ name, setting })),
  );
  return (
    <div className={classes.three}>
      <NativeSelect
        label="Pruner"
        description="By what a trial reports per step"
        data={pruners}
        error={error}
        {...form.bind('pruner')}
      />
      {pruner === 'patient' && (
        <NativeSelect
          label="Then asks"
          description="Once patience is over"
          data={[{ value: '', label: 'Nobody: it is stopped' }, ...pruners.slice(1, -1)]}
          {...form.bind('wrapped')}
        />
      )}
      {fields.map(({ name, setting }) => {
        const [label, about] = titles[setting] ?? [setting, ''];
        return (
          <TextInput
            key={settingField(name, setting)}
            label={label}
            description={about}
            {...settings.bind(settingField(name, setting))}
          />
        );
      })}
    </div>
  );
}

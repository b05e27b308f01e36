import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type SweepDefinition, TidemillClientError } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { ask, send } from '../../../lib/client.ts';
import { useFields } from '../../../lib/use-fields.ts';
import classes from '../command/Command.module.css';
import { partsOf } from '../command/command-form.ts';

const empty = {
  ...{
    experiment: 'Default',
    trainingSet: '',
    features: '',
    target: '',
    timeColumn: '',
    learners: 'ridge,trees',
  },
  ...{ trials: '20', folds: '3', metric: 'mae', seed: '', register: '' },
};
type Field = keyof typeof empty;

const learners = [
  { value: 'ridge,trees', label: 'Ridge and trees' },
  { value: 'ridge', label: 'Ridge' },
  { value: 'trees', label: 'Trees' },
];

const namesOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
const numberOf = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text));

const toDefinition = (fields: Readonly<Record<Field, string>>): SweepDefinition => {
  const seed = numberOf(fields.seed);
  return {
    experiment: fields.experiment.trim(),
    trainingSet: fields.trainingSet.trim(),
    features: namesOf(fields.features),
    target: fields.target.trim(),
    timeColumn: fields.timeColumn.trim(),
    learners: namesOf(fields.learners) as SweepDefinition['learners'],
    trials: numberOf(fields.trials) ?? 0,
    folds: numberOf(fields.folds) ?? 0,
    metric: fields.metric === 'rmse' ? 'rmse' : 'mae',
    ...(seed !== undefined && { seed }),
    ...(fields.register.trim() !== '' && { register: fields.register.trim() }),
  };
};

function wrongOf(error: Error | null): Partial<Record<Field, string>> {
  if (!(error instanceof TidemillClientError)) return {};
  const { code, message, details } = error;
  if (code === 'datasetNotFound' || code === 'datasetVersionNotFound' || code === 'referenceInvalid')
    return { trainingSet: message };
  if (code === 'requestInvalid')
    return Object.fromEntries(
      partsOf(error).flatMap(({ path: [part = ''], problem }) => (part in empty ? [[part, problem]] : [])),
    );
  const column = String(details.column ?? '');
  return column === '' ? {} : { features: message };
}

/** Searches over our own learners on a training set. */
export function LearnerSearchAction() {
  const { fields, bind } = useFields<Record<Field, string>>({ ...empty });
  const definition = toDefinition(fields);
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const isComplete = [fields.trainingSet, fields.features, fields.target, fields.timeColumn].every(
    (text) => text.trim() !== '',
  );
  return (
    <Action
      name="Search our learners"
      size={640}
      about="Random search on expanding windows of time; the best is fitted on all rows."
      reason="none"
      onOpen={() => setOpen(true)}
      incomplete={!isComplete}
      isTold={(error) => Object.keys(wrongOf(error)).length > 0}
      {...send('sweeps', 'create', definition)}
      onDone={({ id }) => void navigate({ to: `/sweeps/${id}` })}
    >
      {(refused) => {
        const wrong = wrongOf(refused);
        const text = (id: Field, label: string, description: string, more = {}) => (
          <TextInput label={label} description={description} error={wrong[id]} {...bind(id)} {...more} />
        );
        return (
          <>
            <div className={classes.two}>
              {text('trainingSet', 'Training set', 'A dataset version', {
                required: true,
                placeholder: 'train@2',
              })}
              {text('experiment', 'Experiment', 'Where the runs belong')}
            </div>
            <Columns reference={fields.trainingSet} isOpen={isOpen} />
            {text('features', 'Features', 'Columns, comma-separated', {
              required: true,
              placeholder: 'lag1, lag2',
            })}
            <div className={classes.two}>
              {text('target', 'Target', 'What to predict', { required: true })}
              {text('timeColumn', 'Time column', 'What orders the rows', { required: true })}
            </div>
            <div className={classes.three}>
              <NativeSelect label="Learners" data={learners} error={wrong.learners} {...bind('learners')} />
              <NativeSelect label="Metric" data={['mae', 'rmse']} error={wrong.metric} {...bind('metric')} />
              {text('trials', 'Trials', '')}
              {text('folds', 'Windows', '')}
              {text('seed', 'Seed', '', { placeholder: '0' })}
              {text('register', 'Register as', '', { placeholder: "a model's name" })}
            </div>
          </>
        );
      }}
    </Action>
  );
}

/** The columns that there are, once the reference names a version. */
function Columns({ reference, isOpen }: { readonly reference: string; readonly isOpen: boolean }) {
  const [, name = '', version = 'latest'] = /^([a-z0-9][a-z0-9._-]*)(?:@(.+))?$/.exec(reference.trim()) ?? [];
  const found = useQuery({
    ...ask('datasets', 'getVersion', { name, version }),
    enabled: isOpen && name !== '',
    retry: false,
  });
  if (!found.data) return null;
  return <p className="dim">Columns: {found.data.columns.map((column) => column.name).join(', ')}</p>;
}

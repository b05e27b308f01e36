import { NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { ModelVersion, Study } from '@tidemill/sdk';
import { useId, useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { ask, client } from '../../../lib/client.ts';

type Kind = Study['kind'];

interface StudyActionProps {
  readonly model: ModelVersion;
  readonly name: string;
  readonly kinds: readonly Kind[];
}

const most = 200;
const abouts: Readonly<Record<Kind, string>> = {
  evaluation:
    'Figures with intervals and curves on rows that you name. It is a task, also where the environment of a Python model must be built first.',
  importance: 'By how much a metric becomes worse when an input is permuted.',
  stability: 'How metric and answers move under noise, and with each input missing.',
  attribution: 'What each input added to the answers of a tree ensemble: exact Shapley values.',
  backtest: 'Its recipe is fitted again for each of several folds, on times before those it forecasts.',
};
const tasks = ['as the label tells', 'regression', 'binary', 'multiclass'] as const;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `dataset:days@2` is asked for as `days@latest`. */
const latestOf = (uri: string | null): string =>
  uri?.replace(/^dataset:/, '').replace(/@.*$/, '@latest') ?? '';

/** Begins a study of the version, and goes to it. */
export function StudyAction({ model, name, kinds }: StudyActionProps) {
  const navigate = useNavigate();
  const list = useId();
  const { target: learned, timeColumn: learnedTime } = model.recipe ?? {};
  const [kind, setKind] = useState<Kind>(kinds[0] ?? 'evaluation');
  const [dataset, setDataset] = useState(latestOf(model.trainingSet));
  const [target, setTarget] = useState(textOf(learned));
  const [timeColumn, setTime] = useState(textOf(learnedTime));
  const [task, setTask] = useState<string>(tasks[0]);
  const [slices, setSlices] = useState('');
  const [metric, setMetric] = useState('');
  const isEvaluation = kind === 'evaluation';
  const hasMetric = kind === 'importance' || kind === 'stability';
  const named = slices.split(',').flatMap((column) => column.trim() || []);
  const request = {
    ...{ kind, model: model.reference, dataset: dataset.trim(), target: target.trim() },
    ...(timeColumn.trim() !== '' && { timeColumn: timeColumn.trim() }),
    ...(task !== tasks[0] && { task: task as 'regression' | 'binary' | 'multiclass' }),
    ...(hasMetric && metric.trim() !== '' && { metric: metric.trim() }),
    ...(isEvaluation && named.length > 0 && { slices: named }),
  };
  return (
    <Action
      name={name}
      about={abouts[kind]}
      reason="none"
      asked={ask('studies', 'create', request)}
      incomplete={request.dataset === '' || request.target === ''}
      run={() => client().studies.create(request)}
      onDone={({ id }) => void navigate({ to: `/studies/${id}` })}
    >
      {kinds.length > 1 && (
        <NativeSelect
          label="Kind"
          data={[...kinds]}
          value={kind}
          onChange={({ currentTarget }) => setKind(currentTarget.value as Kind)}
        />
      )}
      <DatasetField value={dataset} onChange={setDataset} list={list} />
      <TextInput
        label="Target"
        description="The column of what really happened"
        value={target}
        onChange={({ currentTarget }) => setTarget(currentTarget.value)}
      />
      <TextInput
        label="Time column"
        description={
          kind === 'backtest' ? 'What orders the rows' : 'What orders the rows; without it all are looked at'
        }
        value={timeColumn}
        onChange={({ currentTarget }) => setTime(currentTarget.value)}
      />
      <NativeSelect
        label="Task"
        data={[...tasks]}
        value={task}
        onChange={({ currentTarget }) => setTask(currentTarget.value)}
      />
      {hasMetric && (
        <TextInput
          label="Metric"
          placeholder="mae, roc_auc, log_loss or accuracy"
          value={metric}
          onChange={({ currentTarget }) => setMetric(currentTarget.value)}
        />
      )}
      {isEvaluation && (
        <TextInput
          label="Slices"
          description="Columns whose values are judged apart, with commas"
          value={slices}
          onChange={({ currentTarget }) => setSlices(currentTarget.value)}
        />
      )}
    </Action>
  );
}

interface DatasetFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly list: string;
}

function DatasetField({ value, onChange, list }: DatasetFieldProps) {
  const datasets = useQuery(ask('datasets', 'list', { limit: most }));
  return (
    <>
      <TextInput
        label="Dataset version"
        placeholder="held-out@latest"
        list={list}
        data-autofocus
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
      <datalist id={list}>
        {(datasets.data?.items ?? []).map((dataset) => (
          <option key={dataset.name} value={`${dataset.name}@latest`} />
        ))}
      </datalist>
    </>
  );
}

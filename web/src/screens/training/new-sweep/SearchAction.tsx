import { Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { Job } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { send } from '../../../lib/client.ts';
import { useFields } from '../../../lib/use-fields.ts';
import classes from '../command/Command.module.css';
import { CommandFields } from '../command/CommandFields.tsx';
import { type CommandText, emptyCommand, toCommandText } from '../command/command-form.ts';
import { useCode } from '../command/RunCommandAction.tsx';
import { commandOf } from '../jobs/job-words.ts';
import { PrunerFields } from './PrunerFields.tsx';
import { SpaceField } from './SpaceField.tsx';
import { emptySearch, type SearchText, searchWrongOf, toSearch } from './search-form.ts';

interface SearchActionProps {
  readonly name: string;
  /** Whose command and code its trials begin with. */
  readonly from?: Job;
}

const samplers = [
  { value: 'tpe', label: 'TPE: learns from what it found' },
  { value: 'random', label: 'Random' },
  { value: 'sobol', label: 'Sobol: evenly spread' },
  { value: 'grid', label: 'Grid: every combination' },
  { value: 'cma-es', label: 'CMA-ES: numbers, many trials' },
  { value: 'nsga2', label: 'NSGA-II: several goals' },
];

const trialsAre = [
  { value: 'command', label: 'Jobs of a command, here' },
  { value: 'outside', label: 'Asked for and told over HTTP, anywhere' },
];

const budgets = [
  { id: 'trials', label: 'Trials', about: 'At most' },
  { id: 'minutes', label: 'Minutes', about: 'Begin none later' },
  { id: 'cost', label: 'Cost', about: 'Of jobs: processor s' },
] as const;

/** The command of a job, which takes the parameters behind its own words. */
function textOf(from: Job | undefined): CommandText {
  const spec = from && commandOf(from);
  if (!spec) return emptyCommand;
  const text = toCommandText(spec);
  return {
    ...text,
    name: '',
    command: text.command.includes('${') ? text.command : `${text.command} \${args}`,
  };
}

/** Starts a search over a space. */
export function SearchAction({ name, from }: SearchActionProps) {
  const form = useFields<CommandText & Record<string, string>>({ ...textOf(from) });
  const search = useFields<SearchText & Record<string, string>>({ ...emptySearch });
  const settings = useFields<Record<string, string>>({});
  const code = useCode(from ?? null);
  const { request, wrong, commandWrong } = toSearch(search.fields, form.fields, settings.fields, code.code);
  const navigate = useNavigate();
  const isOfCommand = search.fields.trialsAre === 'command';
  const isUnfinished =
    Object.keys({ ...wrong, ...commandWrong }).length > 0 ||
    form.fields.experiment.trim() === '' ||
    (isOfCommand && form.fields.command.trim() === '');
  return (
    <Action
      name={name}
      size={760}
      about="The server chooses each trial's parameters by what was found so far, and stops trials that promise little."
      reason="none"
      onOpen={code.want}
      incomplete={!code.isReady || isUnfinished}
      isTold={(error) => {
        const told = searchWrongOf(error);
        return Object.keys({ ...told.search, ...told.command }).length > 0;
      }}
      {...send('sweeps', 'search', request)}
      onDone={({ id }) => void navigate({ to: `/sweeps/${id}` })}
    >
      {(refused) => {
        const told = searchWrongOf(refused);
        const shown = { ...told.search, ...wrong };
        const shownCommand = { ...told.command, ...commandWrong };
        const { bind, fields } = search;
        return (
          <>
            <div className={classes.three}>
              <TextInput
                label="Experiment"
                required
                error={shownCommand.experiment}
                {...form.bind('experiment')}
              />
              <TextInput
                label="Name"
                placeholder="by itself"
                error={shownCommand.name}
                {...form.bind('name')}
              />
              <NativeSelect label="Trials are" data={trialsAre} {...bind('trialsAre')} />
            </div>
            <SpaceField
              value={fields.space}
              onChange={(space) => search.set({ space })}
              error={shown.space}
            />
            <div className={classes.two}>
              <Textarea
                size="xs"
                label="Goals"
                description="metric:min or metric:max, as the trial logs it; one a line"
                placeholder="val_rmse:min"
                required
                autosize
                minRows={1}
                maxRows={3}
                error={fields.goals.trim() === '' ? told.search.goals : shown.goals}
                {...bind('goals')}
              />
              <NativeSelect
                label="Sampler"
                description="How the next point is chosen"
                data={samplers}
                error={shown.sampler}
                {...bind('sampler')}
              />
            </div>
            <PrunerFields form={search} settings={settings} error={shown.pruner} />
            <div className={classes.three}>
              {budgets.map(({ id, label, about }) => (
                <TextInput
                  key={id}
                  label={label}
                  description={about}
                  error={shown[id] ?? (id === 'trials' ? shown.budget : undefined)}
                  {...bind(id)}
                />
              ))}
              <TextInput
                label="At once"
                description="Empty: 2"
                error={shown.parallel}
                {...bind('parallel')}
              />
              <TextInput
                label="Seed of the search"
                description="Empty: 0"
                error={shown.searchSeed}
                {...bind('searchSeed')}
              />
              <TextInput
                label="Register as"
                description="A model's name"
                error={shown.register}
                {...bind('register')}
              />
            </div>
            <TextInput
              label="Warm start"
              description="A sweep whose finished trials are known from the beginning"
              placeholder="sweep_…"
              error={shown.warmStart}
              {...bind('warmStart')}
            />
            {isOfCommand && (
              <Checkbox
                size="xs"
                label="Take finished runs of the very same instead of running trials again"
                checked={fields.cache === 'yes'}
                onChange={(event) => search.set({ cache: event.currentTarget.checked ? 'yes' : '' })}
              />
            )}
            {isOfCommand && (
              <CommandFields
                form={form}
                code={code.code}
                onCode={code.change}
                wrong={code.error ? { code: code.error.message, ...shownCommand } : shownCommand}
                about="${args} stands for --name=value of all parameters, ${name} for one value"
                placeholder="python train.py ${args}"
              />
            )}
          </>
        );
      }}
    </Action>
  );
}

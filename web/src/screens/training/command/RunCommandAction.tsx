import { Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Job } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { send } from '../../../lib/client.ts';
import { useFields } from '../../../lib/use-fields.ts';
import { listAllFiles } from '../jobs/job-files.ts';
import { type CommandSpec, commandOf } from '../jobs/job-words.ts';
import classes from './Command.module.css';
import { CommandFields } from './CommandFields.tsx';
import {
  type Code,
  type CommandText,
  emptyCommand,
  noCode,
  toCommandJob,
  toCommandText,
  wrongOf,
} from './command-form.ts';

const about = 'A command of yours runs on the server, as a job with a run of its own.';

/** Starts a command job from nothing. */
export const RunCommandAction = () => (
  <Dialog name="Run a command" about={about} text={emptyCommand} from={null} />
);

/** The same with what somebody changes: a form that is filled with what the job was asked. */
export function RunAgainAction({ job }: { readonly job: Job }) {
  const spec = commandOf(job);
  return (
    spec && (
      <Dialog
        name="Run again with changes"
        about="A job of its own with the same code and inputs, but for what you change."
        text={toCommandText(spec)}
        from={job}
      />
    )
  );
}

export async function codeOf(id: string, spec: CommandSpec | null): Promise<Code> {
  const toFiles = async (role: 'code' | 'input') =>
    (await listAllFiles(id, role)).map(({ path, sha256, executable }) => ({
      ...{ path, sha256 },
      ...(executable && { executable }),
    }));
  const files = spec?.code ? await toFiles('code') : [];
  const inputs = (spec?.files.length ?? 0) > 0 ? await toFiles('input') : [];
  return { files, inputs, revision: spec?.revision ?? null };
}

/** The code of a job, read when it is wanted, and what was changed of it since. */
export function useCode(job: Job | null) {
  const [isWanted, setWanted] = useState(false);
  const [changed, setChanged] = useState<Code | null>(null);
  const given = useQuery({
    queryKey: ['jobs', 'files', job?.id, 'all'],
    queryFn: () => (job ? codeOf(job.id, commandOf(job)) : noCode),
    staleTime: 'static',
    enabled: isWanted && job !== null,
  });
  const base = given.data ?? noCode;
  return {
    code: changed ?? base,
    change: (next: (before: Code) => Code) => setChanged((before) => next(before ?? base)),
    reset: () => setChanged(null),
    want: () => setWanted(true),
    isReady: job === null || given.data !== undefined,
    error: given.error,
  };
}

interface DialogProps {
  readonly name: string;
  readonly about: string;
  readonly text: CommandText;
  /** Whose code it begins with. */
  readonly from: Job | null;
}

function Dialog({ name, about: says, text, from }: DialogProps) {
  const form = useFields<CommandText & Record<string, string>>({ ...text });
  const code = useCode(from);
  const { request, wrong } = toCommandJob(form.fields, code.code);
  const navigate = useNavigate();
  const { bind, fields } = form;
  return (
    <Action
      name={name}
      size={720}
      about={says}
      reason="none"
      onOpen={code.want}
      incomplete={
        !code.isReady ||
        Object.keys(wrong).length > 0 ||
        request.command.length === 0 ||
        fields.experiment.trim() === ''
      }
      isTold={(error) => Object.keys(wrongOf(error)).length > 0}
      {...send('jobs', 'submitCommand', request)}
      onDone={({ id }) => void navigate({ to: `/jobs/${id}` })}
    >
      {(refused) => {
        const shown = { ...wrongOf(refused), ...wrong };
        return (
          <>
            <div className={classes.two}>
              <TextInput label="Experiment" required error={shown.experiment} {...bind('experiment')} />
              <TextInput
                label="Name of the run"
                placeholder="by itself"
                error={shown.name}
                {...bind('name')}
              />
            </div>
            <CommandFields
              form={form}
              code={code.code}
              onCode={code.change}
              wrong={code.error ? { code: code.error.message, ...shown } : shown}
              about="As a shell takes it, but nothing is expanded; sh -c '…' for pipes"
              placeholder="python train.py --lr 0.1"
              isFirst
            >
              <Textarea
                size="xs"
                label="Parameters"
                description="name=value, one a line; in params.json and with the run"
                placeholder="lr=0.1"
                autosize
                minRows={1}
                maxRows={8}
                error={shown.parameters}
                {...bind('parameters')}
              />
              <div className={classes.two}>
                <TextInput
                  size="xs"
                  label="Register as"
                  description="The model that its run logs becomes a version of this one"
                  placeholder="a model's name"
                  error={shown.register}
                  {...bind('register')}
                />
                <TextInput
                  size="xs"
                  label="May register"
                  description="Where tokens are asked for: its script may make versions of this model"
                  placeholder="a model's name"
                  error={shown.mayRegister}
                  {...bind('mayRegister')}
                />
              </div>
            </CommandFields>
          </>
        );
      }}
    </Action>
  );
}

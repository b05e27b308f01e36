import { Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import type { useFields } from '../../../lib/use-fields.ts';
import { CodeField } from './CodeField.tsx';
import classes from './Command.module.css';
import type { Code, CommandField, CommandText, Wrong } from './command-form.ts';
import { InputsField } from './InputsField.tsx';

type Fields = CommandText & Record<string, string>;
export type CommandForm = ReturnType<typeof useFields<Fields>>;

interface CommandFieldsProps {
  readonly form: CommandForm;
  readonly code: Code;
  readonly onCode: (change: (before: Code) => Code) => void;
  readonly wrong: Wrong;
  /** What the command's description says. */
  readonly about: string;
  readonly placeholder: string;
  /** One begins to type here. */
  readonly isFirst?: boolean;
  /** Stands between the inputs and what it needs. */
  readonly children?: ReactNode;
}

const needs = [
  { id: 'cpu', label: 'Cores', about: 'Empty: 1' },
  { id: 'memory', label: 'Memory', about: 'A hard limit, such as 4GiB' },
  { id: 'gpu', label: 'GPUs', about: 'Empty: none' },
  { id: 'timeout', label: 'Timeout', about: 'Seconds; it is ended then' },
  { id: 'attempts', label: 'Attempts', about: 'At most; empty: 1' },
  { id: 'priority', label: 'Priority', about: '-100 to 100, the greater first' },
] as const satisfies readonly { id: CommandField; label: string; about: string }[];

/** What a job and the trials of a search have in common: command, code, inputs, resources, dependencies. */
export function CommandFields({
  form,
  code,
  onCode,
  wrong,
  about,
  placeholder,
  isFirst = false,
  children,
}: CommandFieldsProps) {
  const { fields, set, bind } = form;
  return (
    <>
      <Textarea
        size="xs"
        label="Command"
        description={about}
        placeholder={placeholder}
        required
        autosize
        minRows={1}
        maxRows={6}
        data-autofocus={isFirst || undefined}
        styles={{ input: { fontFamily: 'var(--mono)' } }}
        error={wrong.command}
        {...bind('command')}
      />
      <CodeField code={code} onChange={onCode} error={wrong.code} disabled={fields.folder.trim() !== ''} />
      <InputsField value={fields.inputs} onChange={(inputs) => set({ inputs })} error={wrong.inputs} />
      {children}
      <div className={classes.three}>
        {needs.map(({ id, label, about: says }) => (
          <TextInput key={id} label={label} description={says} error={wrong[id]} {...bind(id)} />
        ))}
      </div>
      <details
        className={classes.more}
        open={Boolean(wrong.dependencies ?? wrong.environment ?? wrong.folder)}
      >
        <summary>Environment, seed and folder</summary>
        <div>
          <div className={classes.two}>
            <TextInput
              label="Dependencies"
              description="A file of the code, none, or empty: what there is of requirements.txt, pyproject.toml, uv.lock"
              placeholder="requirements.txt"
              error={wrong.dependencies}
              {...bind('dependencies')}
            />
            <TextInput
              label="Seed"
              description="A whole number, in params.json and for Python's hashes"
              error={wrong.seed}
              {...bind('seed')}
            />
          </div>
          <Textarea
            size="xs"
            label="Environment variables"
            description="NAME=value, one a line"
            autosize
            minRows={1}
            maxRows={5}
            error={wrong.environment}
            {...bind('environment')}
          />
          <TextInput
            label="Folder on the server"
            description="Run there, in place of code that goes along"
            placeholder="/srv/training"
            error={wrong.folder}
            {...bind('folder')}
          />
        </div>
      </details>
    </>
  );
}

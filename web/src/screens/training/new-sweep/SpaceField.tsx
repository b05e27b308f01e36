import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import { useFields } from '../../../lib/use-fields.ts';
import classes from '../command/Command.module.css';
import { addParameter, emptyParameter, exampleSpace, type ParameterText } from './search-form.ts';

interface SpaceFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
}

const types = [
  { value: 'float', label: 'float' },
  { value: 'int', label: 'int' },
  { value: 'categorical', label: 'categorical' },
];

/** The space as JSON, and a row that adds a parameter to it. */
export function SpaceField({ value, onChange, error }: SpaceFieldProps) {
  const { fields, set, bind } = useFields<ParameterText & Record<string, string>>({ ...emptyParameter });
  const [refused, setRefused] = useState('');
  const add = () => {
    const found = addParameter(value, fields);
    if ('wrong' in found) return setRefused(found.wrong);
    setRefused('');
    onChange(found.space);
    set({ ...emptyParameter, type: fields.type });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return;
    // It adds the parameter; the form is not sent yet.
    event.preventDefault();
    add();
  };
  const isEmpty = value.trim() === '' || value.trim() === '{}';
  return (
    <fieldset className={classes.group}>
      <legend>Space</legend>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the fields within are what one types into */}
      <div className={classes.parameter} onKeyDown={onKeyDown}>
        <NativeSelect label="Type" data={types} {...bind('type')} />
        <TextInput label="Parameter" data-autofocus placeholder="lr" {...bind('name')} />
        {fields.type === 'categorical' ? (
          <TextInput label="Choices" placeholder="adam, sgd" {...bind('choices')} />
        ) : (
          <>
            <TextInput label="Lowest" placeholder="0.001" {...bind('low')} />
            <TextInput label="Highest" placeholder="0.1" {...bind('high')} />
            <TextInput label="Step" placeholder="any" {...bind('step')} />
            <NativeSelect
              label="Scale"
              data={[
                { value: '', label: 'linear' },
                { value: 'log', label: 'log' },
              ]}
              {...bind('scale')}
            />
          </>
        )}
        <Button onClick={add}>Add parameter</Button>
      </div>
      {refused && (
        <p className={classes.wrong} role="alert">
          {refused}
        </p>
      )}
      <Textarea
        mt={10}
        size="xs"
        label="As JSON"
        description="float and int with low, high, log, step; categorical with choices; if for those that depend on another"
        autosize
        minRows={3}
        maxRows={14}
        styles={{ input: { fontFamily: 'var(--mono)' } }}
        error={isEmpty && error === 'It has no parameter yet' ? undefined : error}
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
      {isEmpty && (
        <Button mt={6} variant="subtle" size="compact-xs" onClick={() => onChange(exampleSpace)}>
          Begin with an example
        </Button>
      )}
    </fieldset>
  );
}

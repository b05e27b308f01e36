import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useId, useState } from 'react';
import { ask } from '../../../lib/client.ts';
import classes from './Command.module.css';

interface InputsFieldProps {
  /** One reference a line. */
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
}

const most = 200;

/** Dataset and model versions by reference; names that are there are suggested. */
export function InputsField({ value, onChange, error }: InputsFieldProps) {
  const [next, setNext] = useState('');
  const list = useId();
  const datasets = useQuery(ask('datasets', 'list', { limit: most }));
  const models = useQuery(ask('registry', 'list', { limit: most }));
  const chosen = value.split('\n').filter((line) => line !== '');
  const suggested = [
    ...(datasets.data?.items ?? []).map(({ name }) => `${name}@latest`),
    ...(models.data?.items ?? []).map(({ name }) =>
      /^[\w.-]+$/.test(name) ? `model:${name}@latest` : `model:"${name}"@latest`,
    ),
  ];
  const add = () => {
    const reference = next.trim();
    if (reference !== '' && !chosen.includes(reference)) onChange([...chosen, reference].join('\n'));
    setNext('');
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return;
    // It adds the reference; the form is not sent yet.
    event.preventDefault();
    add();
  };
  return (
    <div>
      <div className={classes.adding}>
        <TextInput
          label="Inputs"
          description="A dataset version (prices@2) or a model's (model:forecaster@7); found in params.json"
          placeholder="prices@latest"
          list={list}
          error={error}
          value={next}
          onChange={({ currentTarget }) => setNext(currentTarget.value)}
          onKeyDown={onKey}
          // What was typed and left counts too.
          onBlur={add}
        />
        <Button onClick={add}>Add input</Button>
      </div>
      <datalist id={list}>
        {suggested.map((reference) => (
          <option key={reference} value={reference} />
        ))}
      </datalist>
      {chosen.length > 0 && (
        <ul className={classes.chosen} aria-label="chosen inputs">
          {chosen.map((reference) => (
            <li key={reference}>
              <span className="mono">{reference}</span>
              <Button
                variant="subtle"
                size="compact-xs"
                aria-label={`Remove ${reference}`}
                onClick={() => onChange(chosen.filter((each) => each !== reference).join('\n'))}
              >
                ✕
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

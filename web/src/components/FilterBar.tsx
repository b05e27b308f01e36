import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import classes from './FilterBar.module.css';

interface FilterBarProps {
  /** What is filtered. */
  readonly what: string;
  readonly example: string;
  readonly filter: string;
  readonly isRefused: boolean;
  readonly onFilter: (filter: string | undefined) => void;
}

/** MLflow's search grammar, sent when one is done typing; what the server says to it stands below. */
export function FilterBar({ what, example, filter, isRefused, onFilter }: FilterBarProps) {
  const [text, setText] = useState(filter);
  useEffect(() => setText(filter), [filter]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onFilter(text.trim() || undefined);
  };
  return (
    <form className={classes.filter} onSubmit={submit}>
      <TextInput
        type="search"
        placeholder={example}
        aria-label={`Filter ${what} in MLflow's search grammar`}
        error={isRefused}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button type="submit">Filter</Button>
      {filter && (
        <Button
          variant="subtle"
          onClick={() => {
            setText('');
            onFilter(undefined);
          }}
        >
          Clear
        </Button>
      )}
    </form>
  );
}

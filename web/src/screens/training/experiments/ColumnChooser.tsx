import { Button, Popover, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { ask } from '../../../lib/client.ts';
import classes from './Runs.module.css';
import {
  attributeIds,
  type KeyKind,
  keyKinds,
  keyWords,
  mostColumns,
  parseKeyColumn,
  toColumnId,
} from './run-column-ids.ts';
import { attributeTitle } from './run-columns.tsx';

interface ColumnChooserProps {
  readonly experiment: string;
  readonly shown: readonly string[];
  readonly onChange: (ids: readonly string[]) => void;
  readonly onReset: () => void;
}

/** Columns by search: of thousands on offer a handful is fetched and drawn. */
export function ColumnChooser(props: ColumnChooserProps) {
  return (
    <Popover position="bottom-start" width={360} trapFocus>
      <Popover.Target>
        <Button variant="subtle" color="gray" c="dimmed">
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Choices {...props} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Choices({ experiment, shown, onChange, onReset }: ColumnChooserProps) {
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), 150);
  const isFull = shown.length >= mostColumns;
  const toggle = (id: string, isShown: boolean) =>
    onChange(isShown ? [...shown, id] : shown.filter((other) => other !== id));
  const attributes = attributeIds.filter((id) =>
    attributeTitle(id).toLowerCase().includes(text.trim().toLowerCase()),
  );
  const choice = (id: string, title: string) => (
    <Choice
      key={id}
      title={title}
      checked={shown.includes(id)}
      disabled={id === 'name' || (isFull && !shown.includes(id))}
      onChange={(isShown) => toggle(id, isShown)}
    />
  );
  return (
    <div className={classes.chooser}>
      <TextInput
        type="search"
        placeholder="Search metrics, parameters, tags"
        aria-label="Search columns"
        data-autofocus
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className={classes.choices}>
        {attributes.length > 0 && (
          <fieldset>
            <legend>Run</legend>
            {attributes.map((id) => choice(id, attributeTitle(id)))}
          </fieldset>
        )}
        {keyKinds.map((kind) => (
          <Keys
            key={kind}
            experiment={experiment}
            kind={kind}
            search={search}
            shown={shown}
            choice={choice}
          />
        ))}
      </div>
      <div className={classes.chooserFoot}>
        <span className="dim">
          {isFull ? `${mostColumns} columns are the most at once.` : `${shown.length} shown`}
        </span>
        <Button variant="subtle" onClick={onReset}>
          Reset
        </Button>
      </div>
    </div>
  );
}

interface KeysProps {
  readonly experiment: string;
  readonly kind: KeyKind;
  readonly search: string;
  readonly shown: readonly string[];
  readonly choice: (id: string, title: string) => React.ReactNode;
}

const keysAtOnce = 50;

function Keys({ experiment, kind, search, shown, choice }: KeysProps) {
  const keys = useQuery({
    ...ask('experiments', 'listKeys', { id: experiment, kind, search, limit: keysAtOnce }),
    placeholderData: keepPreviousData,
  });
  if (keys.error) return <ErrorNotice error={keys.error} />;
  const found = keys.data?.keys ?? [];
  const chosen = shown.flatMap((id) => {
    const column = parseKeyColumn(id);
    const isFound = column?.kind === kind && column.key.toLowerCase().includes(search.toLowerCase());
    return isFound ? [column.key] : [];
  });
  const offered = [...new Set([...chosen, ...found])];
  if (offered.length === 0) return null;
  return (
    <fieldset>
      <legend>{keyWords[kind]}</legend>
      {offered.map((key) => choice(toColumnId({ kind, key }), key))}
      {keys.data?.hasMore && <p className="dim">There are more. Search to find them.</p>}
    </fieldset>
  );
}

interface ChoiceProps {
  readonly title: string;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly onChange: (isChecked: boolean) => void;
}

const Choice = ({ title, checked, disabled, onChange }: ChoiceProps) => (
  <label className={classes.choice} title={title}>
    <input
      type="checkbox"
      checked={checked}
      disabled={disabled}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
    <span>{title}</span>
  </label>
);

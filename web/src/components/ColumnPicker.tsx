import { Button, Popover, TextInput } from '@mantine/core';
import { useState } from 'react';
import { plural } from '../lib/format.ts';
import classes from './ColumnPicker.module.css';

interface ColumnPickerProps {
  readonly title?: string;
  readonly names: readonly string[];
  readonly shown: readonly string[];
  /** More at once would be slow to draw. */
  readonly most: number;
  readonly onChange: (names: readonly string[]) => void;
  readonly onReset: () => void;
}

/** Columns by search, of a table that may have thousands. */
export function ColumnPicker(props: ColumnPickerProps) {
  return (
    <Popover position="bottom-start" width={320} trapFocus>
      <Popover.Target>
        <Button variant="subtle" color="gray" c="dimmed">
          {props.title ?? 'Columns'}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Choices {...props} />
      </Popover.Dropdown>
    </Popover>
  );
}

const mostOffered = 200;

function Choices({ names, shown, most, onChange, onReset }: ColumnPickerProps) {
  const [text, setText] = useState('');
  const search = text.trim().toLowerCase();
  const found = names.filter((name) => name.toLowerCase().includes(search));
  const isShown = new Set(shown);
  const toggle = (name: string, isWanted: boolean) =>
    // In the table's own order, however they were chosen.
    onChange(names.filter((other) => (other === name ? isWanted : isShown.has(other))));
  return (
    <div className={classes.choices}>
      <TextInput
        type="search"
        placeholder={`Search ${plural(names.length, 'column')}`}
        aria-label="Search columns"
        data-autofocus
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <ul className={classes.list}>
        {found.slice(0, mostOffered).map((name) => (
          <li key={name}>
            <label className={classes.choice} title={name}>
              <input
                type="checkbox"
                checked={isShown.has(name)}
                disabled={isShown.has(name) ? shown.length === 1 : shown.length >= most}
                onChange={(event) => toggle(name, event.currentTarget.checked)}
              />
              <span>{name}</span>
            </label>
          </li>
        ))}
        {found.length > mostOffered && <li className="dim">There are more. Search to find them.</li>}
        {found.length === 0 && <li className="dim">No column has this in its name.</li>}
      </ul>
      <div className={classes.foot}>
        <span className="dim">
          {shown.length >= most ? `${most} columns are the most at once.` : `${shown.length} shown`}
        </span>
        <Button variant="subtle" onClick={onReset}>
          Reset
        </Button>
      </div>
    </div>
  );
}

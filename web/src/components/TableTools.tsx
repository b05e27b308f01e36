import { Button, Checkbox, Popover, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { formatCount } from '../lib/format.ts';
import classes from './DataTable.module.css';

interface TableToolsProps {
  readonly label: string;
  readonly columns: readonly { readonly id: string; readonly title: string }[];
  readonly visibility: Readonly<Record<string, boolean>>;
  /** In place of the filter's field. */
  readonly filterBar?: ReactNode;
  readonly filter: string;
  readonly shown: number;
  readonly total: number;
  readonly onFilter: (text: string) => void;
  readonly onColumns: (visibility: Record<string, boolean>) => void;
}

/** Filter, choice of columns and the count above a table. */
export function TableTools(props: TableToolsProps) {
  const { columns, visibility, shown, total } = props;
  return (
    <div className={classes.tools}>
      {props.filterBar ?? (
        <TextInput
          type="search"
          className={classes.search}
          placeholder="Filter"
          aria-label={`Filter ${props.label}`}
          value={props.filter}
          onChange={(event) => props.onFilter(event.currentTarget.value)}
        />
      )}
      <Popover position="bottom-start">
        <Popover.Target>
          <Button variant="subtle" color="gray" c="dimmed">
            Columns
          </Button>
        </Popover.Target>
        <Popover.Dropdown className={classes.choices}>
          {columns.map(({ id, title }, index) => (
            <Checkbox
              key={id}
              label={title}
              checked={visibility[id] ?? true}
              disabled={index === 0}
              onChange={(event) => props.onColumns({ ...visibility, [id]: event.currentTarget.checked })}
            />
          ))}
        </Popover.Dropdown>
      </Popover>
      <span className={classes.total}>
        {shown === total ? formatCount(total) : `${formatCount(shown)} of ${formatCount(total)}`}
      </span>
    </div>
  );
}

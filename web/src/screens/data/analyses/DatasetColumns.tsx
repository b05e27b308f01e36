import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { ask } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import classes from './Workbench.module.css';
import { quoteIdentifier } from './workbench-text.ts';

interface DatasetColumnsProps {
  /** Writes a name into the statement. */
  readonly insert: (text: string) => void;
}

/** What can be selected from; a click writes its name. */
export function DatasetColumns({ insert }: DatasetColumnsProps) {
  const list = useList('datasets', 'list', {});
  const [open, setOpen] = useState<string>();
  if (!list.items)
    return list.error ? <ErrorNotice error={list.error} retry={list.retry} /> : <div aria-busy="true" />;
  if (list.items.length === 0)
    return (
      <EmptyState command="tidemill datasets commit FILE">There is no dataset to select from.</EmptyState>
    );
  return (
    <nav aria-label="datasets to select from" className={classes.names}>
      {list.items.map(({ name }) => (
        <div key={name}>
          <div className={classes.name}>
            <Button
              variant="subtle"
              color="gray"
              size="compact-xs"
              aria-expanded={open === name}
              aria-label={`columns of ${name}`}
              onClick={() => setOpen(open === name ? undefined : name)}
            >
              {open === name ? '▾' : '▸'}
            </Button>
            <Button variant="subtle" size="compact-sm" onClick={() => insert(quoteIdentifier(name))}>
              {name}
            </Button>
          </div>
          {open === name && <Columns name={name} insert={insert} />}
        </div>
      ))}
      {list.hasMore && (
        <Button size="compact-xs" onClick={list.loadMore} disabled={list.isLoadingMore}>
          More
        </Button>
      )}
    </nav>
  );
}

function Columns({ name, insert }: DatasetColumnsProps & { readonly name: string }) {
  const latest = useQuery(ask('datasets', 'getVersion', { name, version: 'latest' }));
  return (
    <Answer of={latest} height={24}>
      {({ columns }) => (
        <ul className={classes.columns}>
          {columns.map((column) => (
            <li key={column.name}>
              <Button
                variant="subtle"
                color="gray"
                size="compact-xs"
                onClick={() => insert(quoteIdentifier(column.name))}
              >
                {column.name}
              </Button>
              <span>{column.type}</span>
            </li>
          ))}
        </ul>
      )}
    </Answer>
  );
}

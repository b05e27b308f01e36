import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { client } from '../../../lib/client.ts';
import { ChangedColumns } from './ChangedColumns.tsx';

/** What a pull would read now; asked only by hand, as it goes out to another machine. */
export function SamplePanel({ name }: { readonly name: string }) {
  const test = useMutation({ mutationFn: () => client().sources.test({ name }) });
  const found = test.data;
  return (
    <div className="stack" style={{ paddingTop: 12 }}>
      <div className="row">
        <Button onClick={() => test.mutate()} disabled={test.isPending}>
          {test.isPending ? 'Reading …' : 'Read the first rows'}
        </Button>
        {found && (
          <span className="dim">
            {found.files.join(', ')}
            {!found.isWhole && ' (the beginning)'}
          </span>
        )}
      </div>
      {test.error && <ErrorNotice error={test.error} />}
      {found?.change && <ChangedColumns change={found.change} />}
      {found && (
        <RowsTable
          label="first rows"
          rows={found.rows}
          names={found.columns.map((column) => column.name)}
          maximumHeight="560px"
        />
      )}
    </div>
  );
}

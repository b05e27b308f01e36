import type { SchemaChange } from '@tidemill/sdk';
import type { ReactNode } from 'react';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';

interface ChangedColumnsProps {
  readonly change: SchemaChange;
  readonly aside?: ReactNode;
}

/** How what a source gives differs from what its dataset holds. */
export const ChangedColumns = ({ change, aside }: ChangedColumnsProps) => (
  <Panel title={`The columns differ from ${change.against}`} aside={aside}>
    <RowsTable label="changed columns" rows={toRows(change)} names={['column', 'before', 'now']} />
  </Panel>
);

const toRows = ({ added, removed, retyped }: SchemaChange) => [
  ...added.map(({ name, type }) => ({ column: name, before: '–', now: type })),
  ...removed.map(({ name, type }) => ({ column: name, before: type, now: '–' })),
  ...retyped.map(({ name, before, after }) => ({ column: name, before, now: after })),
];

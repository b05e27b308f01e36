import { useQuery } from '@tanstack/react-query';
import type { ApprovalRecord, ModelVersion } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';

const columns: readonly DataColumn<ApprovalRecord>[] = [
  {
    id: 'decision',
    title: 'Decision',
    value: (record) => record.decision,
    cell: (record) => (
      <span title={record.missing > 0 ? `${record.missing} more must approve it` : undefined}>
        <StatusBadge state={record.decision} />
      </span>
    ),
    width: 130,
  },
  { id: 'for', title: 'For', value: (record) => record.environment ?? 'going out', width: 110 },
  { id: 'reason', title: 'Reason', value: (record) => record.reason },
  { id: 'handover', title: 'Hand-over', value: (record) => record.handover },
  { id: 'actor', title: 'By', value: (record) => record.actor, width: 150 },
  {
    id: 'check',
    title: 'Gate check',
    value: (record) => record.gateCheck,
    cell: (record) => (record.gateCheck ? shortId(record.gateCheck) : 'none'),
    width: 120,
  },
  {
    id: 'at',
    title: 'When',
    value: (record) => record.createdAt,
    cell: (record) => <Time at={record.createdAt} />,
    align: 'right',
    width: 110,
  },
];

export function ApprovalsPanel({ model }: { readonly model: ModelVersion }) {
  const version = { name: model.model, version: String(model.version) };
  const approvals = useQuery(ask('governance', 'listApprovals', version));
  return (
    <Answer of={approvals}>
      {({ items }) => (
        <DataTable
          plain
          label="decisions"
          rows={items}
          columns={columns}
          rowKey={(record) => record.id}
          empty={
            <EmptyState command={`tidemill models approve ${model.reference} --reason '…'`}>
              Nobody has decided on {model.reference} yet.
            </EmptyState>
          }
        />
      )}
    </Answer>
  );
}

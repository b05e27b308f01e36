import { useQuery } from '@tanstack/react-query';
import type { EnvironmentState, ModelVersion } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Action } from '../../../components/Action.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask, client } from '../../../lib/client.ts';
import { describeEnvironment } from './approval-policy.ts';

/** What the gate asks of an alias or stage, and whether this version has it; nothing where no environment is named. */
export function EnvironmentsPanel({ model }: { readonly model: ModelVersion }) {
  const asked = ask('governance', 'listEnvironments', { name: model.model, version: String(model.version) });
  const environments = useQuery(asked);
  const columns = useMemo(() => columnsOf(model), [model]);
  const items = environments.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Panel title="Environments">
      <DataTable
        plain
        label="environments"
        rows={items}
        columns={columns}
        rowKey={({ environment }) => environment}
      />
    </Panel>
  );
}

const columnsOf = (model: ModelVersion): readonly DataColumn<EnvironmentState>[] => [
  { id: 'environment', title: 'Alias or stage', value: ({ environment }) => environment, width: 140 },
  { id: 'asks', title: 'Asks', value: ({ policy }) => describeEnvironment(policy) },
  {
    id: 'allowed',
    title: 'May enter',
    value: ({ allowed }) => (allowed ? 'passed' : 'refused'),
    cell: ({ allowed }) => (
      <StatusBadge state={allowed ? 'passed' : 'refused'} word={allowed ? 'yes' : 'no'} />
    ),
    width: 110,
  },
  { id: 'reason', title: 'Because', value: ({ reason }) => reason },
  {
    id: 'approve',
    title: '',
    value: () => null,
    cell: ({ environment }) => (
      <Action
        inRow
        name="Approve"
        about={`${model.reference} may enter ${environment}, as far as it is for you to say.`}
        run={(reason) =>
          client().governance.approveFor({
            ...{ name: model.model, version: String(model.version), environment, reason },
          })
        }
      />
    ),
    align: 'right',
    width: 110,
  },
];

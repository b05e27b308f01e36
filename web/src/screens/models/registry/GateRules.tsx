import { useQuery } from '@tanstack/react-query';
import { type GateRule, TidemillClientError } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask } from '../../../lib/client.ts';
import { describeEnvironment, describePolicy } from './approval-policy.ts';

const columns: readonly DataColumn<GateRule>[] = [
  { id: 'name', title: 'Rule', value: (rule) => rule.name, width: 200 },
  {
    id: 'expression',
    title: 'Must hold',
    value: (rule) => rule.expression,
    cell: (rule) => (
      <span className="mono" title={rule.expression}>
        {rule.expression}
      </span>
    ),
  },
  {
    id: 'severity',
    title: 'Otherwise',
    value: (rule) => rule.severity ?? 'refuse',
    cell: (rule) => <StatusBadge state={rule.severity ?? 'refuse'} />,
    width: 110,
  },
  { id: 'message', title: 'Says', value: (rule) => rule.message },
];

/** What a version of this model must show before it may go out. */
export function GateRules({ model }: { readonly model: string }) {
  const gate = useQuery(ask('governance', 'getGate', { name: model }));
  if (gate.error instanceof TidemillClientError && gate.error.status === 404)
    return (
      <EmptyState command="tidemill apply">
        This model has no gate. Declare its rules in <code>tidemill.config.ts</code> and apply it.
      </EmptyState>
    );
  return (
    <Answer of={gate}>
      {({ rules, approval, environments }) => (
        <div className="stack">
          <DataTable plain label="gate" rows={rules} columns={columns} rowKey={(rule) => rule.name} />
          {approval && <div className="dim">Approved by {describePolicy(approval)}.</div>}
          {Object.entries(environments).map(([name, policy]) => (
            <div key={name} className="dim">
              {name}: {describeEnvironment(policy)}.
            </div>
          ))}
        </div>
      )}
    </Answer>
  );
}

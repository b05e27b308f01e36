import { useQuery } from '@tanstack/react-query';
import type { ModelVersion, Transition } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';

const columns: readonly DataColumn<Transition>[] = [
  {
    id: 'to',
    title: 'Became',
    value: ({ to }) => to,
    cell: ({ to }) => <StatusBadge state={to} />,
    width: 130,
  },
  { id: 'from', title: 'From', value: ({ from }) => from, width: 110 },
  { id: 'cause', title: 'Cause', value: ({ cause }) => cause, width: 150 },
  { id: 'reason', title: 'Reason', value: ({ reason }) => reason },
  { id: 'actor', title: 'By', value: ({ actor }) => actor, width: 150 },
  {
    id: 'at',
    title: 'When',
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <Time at={createdAt} />,
    align: 'right',
    width: 110,
  },
];

/** How a version came to its state, and what a person may do about it. */
export function LifecyclePanel({ model }: { readonly model: ModelVersion }) {
  const version = { name: model.model, version: String(model.version) };
  const transitions = useQuery(ask('lifecycle', 'listTransitions', version));
  return (
    <Panel title={`Lifecycle: ${model.state}`} aside={<Moves model={model} />}>
      <Answer of={transitions}>
        {({ items }) => (
          <DataTable
            plain
            label="transitions"
            rows={items}
            columns={columns}
            rowKey={(each) => `${each.createdAt} ${each.cause}`}
            empty={
              <EmptyState command={`tidemill models transition ${model.reference} validated --reason '…'`}>
                {model.reference} is a candidate still: a passed gate validates it, people approve it, an
                endpoint makes it serve.
              </EmptyState>
            }
          />
        )}
      </Answer>
    </Panel>
  );
}

type Target = 'validated' | 'retired' | 'candidate';

const targets: Readonly<Record<ModelVersion['state'], readonly Target[]>> = {
  candidate: ['validated', 'retired'],
  validated: ['retired'],
  approved: ['retired'],
  serving: [],
  retired: ['candidate'],
};

const words: Readonly<Record<Target, { readonly name: string; readonly about: string }>> = {
  validated: {
    name: 'Validate',
    about: 'Its newest evaluation is held against the gate; passed, it is validated.',
  },
  retired: {
    name: 'Retire',
    about: 'It gets no alias and is served nowhere from then on. It can be restored.',
  },
  candidate: { name: 'Restore', about: 'It is a candidate again; an approval it had is void.' },
};

function Moves({ model }: { readonly model: ModelVersion }) {
  const version = { name: model.model, version: String(model.version) };
  return (
    <div className="row">
      {targets[model.state].map((to) => (
        <Action
          key={to}
          danger={to === 'retired'}
          name={words[to].name}
          about={`${model.reference}: ${words[to].about}`}
          asked={ask('lifecycle', 'transition', { ...version, to, reason: '…' })}
          run={(reason) => client().lifecycle.transition({ ...version, to, reason })}
        />
      ))}
      {model.aliases.map((alias) => (
        <Action
          key={alias}
          name={`Revert ${alias}`}
          about={`'${alias}' points at the version again that it pointed at before ${model.reference}. One that follows an endpoint asks for a promotion.`}
          asked={ask('lifecycle', 'revertAlias', { name: model.model, alias, reason: '…' })}
          run={(reason) =>
            client().lifecycle.revertAlias({ name: model.model, alias, reason, from: model.version })
          }
        />
      ))}
    </div>
  );
}

import type { EndpointStatus, RuntimeStatus, Variant } from '@tidemill/sdk';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { formatShare } from '../../../lib/format.ts';

const variantColumns: readonly DataColumn<Variant>[] = [
  { id: 'name', title: 'Variant', value: (variant) => variant.name, width: 140 },
  {
    id: 'model',
    title: 'Model',
    value: (variant) => variant.model,
    cell: (variant) => <ReferenceLink kind="model" to={variant.model} />,
  },
  {
    id: 'role',
    title: 'Role',
    value: (variant) => (variant.shadow ? 'shadow' : 'live'),
    cell: (variant) => <StatusBadge state={variant.shadow ? 'shadow' : 'live'} />,
    width: 110,
  },
  {
    id: 'weight',
    title: 'Share',
    value: (variant) => variant.weight,
    cell: (variant) => (variant.shadow ? 'every request' : formatShare(variant.weight)),
    align: 'right',
    width: 120,
  },
  {
    id: 'view',
    title: 'Features',
    value: (variant) => variant.service ?? variant.view,
    cell: ({ view, service }) => {
      if (service) return service;
      return view ? <ReferenceLink kind="view" to={view} /> : 'in the record';
    },
    width: 170,
  },
];

const runtimeColumns: readonly DataColumn<RuntimeStatus>[] = [
  { id: 'variant', title: 'Variant', value: (runtime) => runtime.variant, width: 140 },
  {
    id: 'model',
    title: 'Model',
    value: (runtime) => runtime.model,
    cell: (runtime) => <ReferenceLink kind="model" to={runtime.model} />,
  },
  { id: 'kind', title: 'Runtime', value: (runtime) => runtime.kind, width: 140 },
  {
    id: 'state',
    title: 'State',
    value: (runtime) => runtime.state,
    cell: (runtime) => <StatusBadge state={runtime.state} />,
    width: 110,
  },
  {
    id: 'pid',
    title: 'Process',
    value: (runtime) => runtime.pid,
    cell: (runtime) => runtime.pid ?? 'ours',
    align: 'right',
    width: 100,
  },
  { id: 'restarts', title: 'Restarts', value: (runtime) => runtime.restarts, align: 'right', width: 90 },
];

/** What answers now, and in which processes. */
export function LivePanel({ status }: { readonly status: EndpointStatus }) {
  const { live, runtimes } = status;
  return (
    <div className="stack">
      <Panel title="Variants">
        <DataTable
          plain
          label="variants"
          rows={live.variants}
          columns={variantColumns}
          rowKey={(variant) => variant.name}
        />
      </Panel>
      <Panel title="Runtimes">
        <DataTable
          plain
          label="runtimes"
          rows={runtimes}
          columns={runtimeColumns}
          rowKey={(runtime) => `${runtime.variant} ${runtime.model}`}
          empty={<EmptyState>No runtime is loaded; the first request loads it.</EmptyState>}
        />
      </Panel>
      <Panel title="Rule">
        {live.fallback !== null || live.fallbacks.length > 0 ? (
          <CommandLine>
            {live.fallback ?? live.fallbacks.map((step) => JSON.stringify(step)).join('\n')}
          </CommandLine>
        ) : (
          <EmptyState>Without a rule a failing model is a failing request.</EmptyState>
        )}
      </Panel>
    </div>
  );
}

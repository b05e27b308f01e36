import { Select } from '@mantine/core';
import type { EndpointRevision } from '@tidemill/sdk';
import { useMemo, useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { LinkedText } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { type Change, changesBetween, summaryOf } from './revision-changes.ts';
import { VariantLine } from './VariantLine.tsx';

type Known = readonly EndpointRevision[];

/** Against the one before it; null of the first, and where that one is not loaded. */
function changeOf(all: Known, revision: EndpointRevision): string | null {
  const before = all.find((each) => each.revision === revision.revision - 1);
  return before ? summaryOf(changesBetween(before, revision)) || 'nothing' : null;
}

const columnsOf = (name: string, all: Known): readonly DataColumn<EndpointRevision>[] => [
  { id: 'revision', title: 'Revision', value: (revision) => revision.revision, width: 100 },
  {
    id: 'state',
    title: 'State',
    value: (revision) => (revision.live ? 'live' : 'earlier'),
    cell: (revision) => <StatusBadge state={revision.live ? 'live' : 'earlier'} />,
    width: 100,
  },
  {
    id: 'variants',
    title: 'Answers',
    value: (revision) => revision.variants.map((variant) => variant.model).join(' '),
    cell: (revision) => <VariantLine variants={revision.variants} />,
  },
  { id: 'changed', title: 'Changed', value: (revision) => changeOf(all, revision), width: 220 },
  {
    id: 'reason',
    title: 'Reason',
    value: (revision) => revision.reason,
    cell: (revision) => (
      <span title={revision.reason}>
        <LinkedText>{revision.reason}</LinkedText>
      </span>
    ),
  },
  { id: 'by', title: 'By', value: (revision) => revision.createdBy, width: 130 },
  {
    id: 'created',
    title: 'Written',
    value: (revision) => revision.createdAt,
    cell: (revision) => <Time at={revision.createdAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'rollback',
    title: '',
    value: () => null,
    cell: (revision) => !revision.live && <RollBack name={name} revision={revision} />,
    align: 'right',
    width: 120,
  },
];

/** All revisions and what each changed; any earlier one can be made live again. */
export function RevisionsPanel({ name }: { readonly name: string }) {
  const list = useList('endpoints', 'listRevisions', { name });
  const { items } = list;
  const columns = useMemo(() => columnsOf(name, items ?? []), [name, items]);
  return (
    <div className="stack">
      <ListTable
        label="revisions"
        list={list}
        columns={columns}
        rowKey={(revision) => String(revision.revision)}
        empty={<EmptyState>No revision was written.</EmptyState>}
      />
      {items && items.length > 1 && <Comparison all={items} />}
    </div>
  );
}

const changeColumns: readonly DataColumn<Change>[] = [
  { id: 'field', title: 'Field', value: (change) => change.field, width: 170 },
  { id: 'before', title: 'Before', value: (change) => change.before ?? '–' },
  { id: 'after', title: 'After', value: (change) => change.after ?? '–' },
];

function Comparison({ all }: { readonly all: Known }) {
  const live = all.find((revision) => revision.live) ?? all[0];
  const earlier = all.find(({ revision }) => revision < (live?.revision ?? 0)) ?? all.at(-1);
  const [from, setFrom] = useState(String(earlier?.revision));
  const [to, setTo] = useState(String(live?.revision));
  const numbers = all.map(({ revision, live: isLive }) => ({
    value: String(revision),
    label: `revision ${revision}${isLive ? ' (live)' : ''}`,
  }));
  const find = (number: string) => all.find(({ revision }) => String(revision) === number);
  const [before, after] = [find(from), find(to)];
  const choice = (label: string, value: string, change: (number: string) => void) => (
    <Select
      size="xs"
      w={160}
      aria-label={label}
      allowDeselect={false}
      data={numbers}
      value={value}
      onChange={(number) => number && change(number)}
    />
  );
  return (
    <Panel title="What changed">
      <div className="stack">
        <div className="row">
          {choice('Before', from, setFrom)} to {choice('After', to, setTo)}
        </div>
        {before && after && (
          <DataTable
            plain
            label="changes"
            rows={changesBetween(before, after)}
            columns={changeColumns}
            rowKey={(change) => change.field}
            empty={<EmptyState>Both serve the same.</EmptyState>}
          />
        )}
      </div>
    </Panel>
  );
}

function RollBack({ name, revision }: { readonly name: string; readonly revision: EndpointRevision }) {
  return (
    <Action
      danger
      inRow
      name="Make live"
      about={
        <>
          Revision {revision.revision} of {name} answers again, in one step:{' '}
          <VariantLine variants={revision.variants} />.
        </>
      }
      run={(reason) => client().endpoints.rollback({ name, revision: revision.revision, reason })}
    />
  );
}

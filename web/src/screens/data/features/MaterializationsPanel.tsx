import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { FeatureView, Materialization } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { ask, send } from '../../../lib/client.ts';
import { useFields } from '../../../lib/use-fields.ts';
import { References } from './definition-facts.tsx';

const liveMs = 500;
const isUnderWay = ({ state }: Materialization) => state === 'queued' || state === 'running';

const columns: readonly DataColumn<Materialization>[] = [
  {
    id: 'state',
    title: 'State',
    value: ({ state }) => state,
    cell: ({ state, error, unchanged }) => (
      <span title={error ?? ''}>
        <StatusBadge state={state} {...(unchanged && { word: 'nothing new' })} />
      </span>
    ),
    width: 120,
  },
  {
    id: 'at',
    title: 'At',
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <Time at={createdAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'view',
    title: 'View',
    value: ({ view }) => view,
    cell: ({ view }) => <ReferenceLink kind="view" to={view} />,
    width: 160,
  },
  { id: 'mode', title: 'Mode', value: ({ mode, trigger }) => `${mode}, by ${trigger}`, width: 190 },
  {
    id: 'read',
    title: 'Entities',
    value: ({ entities }) => entities,
    cell: ({ entities }) => <Figure count value={entities} />,
    align: 'right',
    width: 100,
  },
  {
    id: 'written',
    title: 'Written',
    value: ({ written }) => written,
    cell: ({ written }) => <Figure count value={written} />,
    align: 'right',
    width: 100,
  },
  {
    id: 'pending',
    title: 'Ahead of now',
    value: ({ pending }) => pending,
    cell: ({ pending }) => <Figure count value={pending} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'newest',
    title: 'Newest event',
    value: ({ newestEventTime }) => newestEventTime,
    cell: ({ newestEventTime }) => <EventTime at={newestEventTime} />,
    align: 'right',
    width: 150,
  },
  {
    id: 'bindings',
    title: 'Read',
    value: ({ bindings }) => Object.values(bindings).join(', '),
    cell: ({ bindings }) => <References kind="dataset" to={Object.values(bindings)} />,
  },
  {
    id: 'cancel',
    title: '',
    value: () => null,
    cell: (each) =>
      isUnderWay(each) && (
        <Action
          {...send('features', 'cancelMaterialization', { id: each.id })}
          inRow
          name="Cancel"
          about="It stops; what it has written stays."
          reason="none"
        />
      ),
    width: 80,
  },
];

/** What was written to the online store for a view, newest first. */
export function MaterializationsPanel({ view }: { readonly view: FeatureView }) {
  const asked = ask('features', 'listMaterializations', { name: view.name });
  const list = useQuery({
    ...asked,
    refetchInterval: ({ state }) => (state.data?.items.some(isUnderWay) ? liveMs : false),
  });
  return (
    <Panel
      title="Materialized"
      aside={
        <div className="row">
          <MaterializeAction view={view} />
          <SourceMenu asked={asked} />
        </div>
      }
    >
      <Answer of={list}>
        {({ items }) => (
          <>
            <DataTable
              plain
              label="materializations"
              rows={items}
              columns={columns}
              rowKey={({ id }) => id}
              maximumHeight="320px"
              minimumWidth={1200}
              empty={
                <EmptyState command={`tidemill features materialize ${view.reference}`}>
                  Nothing of it was written to the online store.
                </EmptyState>
              }
            />
            {items[0]?.error && <p role="status">The last one failed: {items[0].error}</p>}
          </>
        )}
      </Answer>
    </Panel>
  );
}

const modes = [
  { value: 'full', label: 'The newest value of every entity' },
  { value: 'incremental', label: 'Only what has changed since the last one' },
];

function MaterializeAction({ view }: { readonly view: FeatureView }) {
  const { fields, bind } = useFields({ mode: 'full' });
  const input = {
    name: view.name,
    version: String(view.version),
    mode: fields.mode as Materialization['mode'],
    wait: false,
  };
  return (
    <Action
      {...send('features', 'materialize', input)}
      name="Materialize"
      about="Writes the newest value of each entity to the online store. Older values never replace newer ones."
      reason="none"
    >
      <NativeSelect label="What" data={modes} {...bind('mode')} />
    </Action>
  );
}

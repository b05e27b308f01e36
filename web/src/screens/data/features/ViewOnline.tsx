import { useQuery } from '@tanstack/react-query';
import type { Column, FeatureView } from '@tidemill/sdk';
import { useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime } from '../../../components/Time.tsx';
import { ask, type ReplyOf } from '../../../lib/client.ts';
import { formatValue } from '../../../lib/format.ts';
import { LookupForm } from './LookupForm.tsx';

type Entity = Readonly<Record<string, unknown>>;

/** Online values by key, as an endpoint would read them. */
export function ViewOnline({ view }: { readonly view: FeatureView }) {
  const [entities, setEntities] = useState<readonly Entity[]>([]);
  const keys = keysOf(view);
  return (
    <div className="stack">
      <Panel title="Look up online values">
        <LookupForm keys={keys} onLookup={setEntities} />
      </Panel>
      {entities.length > 0 && <Found view={view} keys={keys} entities={entities} />}
    </div>
  );
}

/** Views older than types of keys: their keys are taken as text. */
const keysOf = (view: FeatureView): readonly Column[] =>
  view.joinKeys.length > 0 ? view.joinKeys : view.entity.map((name) => ({ name, type: 'text' }));

interface FoundProps {
  readonly view: FeatureView;
  readonly keys: readonly Column[];
  readonly entities: readonly Entity[];
}

interface FoundRow {
  readonly index: number;
  readonly entity: Entity;
  readonly found: ReplyOf<'features', 'lookup'>['rows'][number];
}

function Found({ view, keys, entities }: FoundProps) {
  const asked = ask('features', 'lookup', {
    name: view.name,
    version: String(view.version),
    entities: [...entities],
  });
  const lookup = useQuery({ ...asked, retry: false, staleTime: 0 });
  return (
    <Panel title="Values" aside={<SourceMenu asked={asked} />}>
      <Answer of={lookup}>
        {({ rows }) => (
          <DataTable
            plain
            label="online values"
            rows={entities.map((entity, index) => ({ index, entity, found: rows[index] ?? null }))}
            columns={toColumns(view, keys)}
            rowKey={({ index }) => String(index)}
            minimumWidth={(keys.length + view.features.length) * 130 + 300}
          />
        )}
      </Answer>
    </Panel>
  );
}

const toColumns = (view: FeatureView, keys: readonly Column[]): readonly DataColumn<FoundRow>[] => [
  ...keys.map(({ name }) => ({
    id: `key ${name}`,
    title: name,
    value: ({ entity }: FoundRow) => formatValue(entity[name]),
    width: 130,
  })),
  {
    id: 'status',
    title: 'Online',
    value: ({ found }) => (found ? 'found' : 'not there'),
    cell: ({ found }) => <StatusBadge state={found ? 'found' : 'not there'} tone={found ? 'good' : 'idle'} />,
    width: 130,
  },
  {
    id: 'eventTime',
    title: 'Event time',
    value: ({ found }) => found?.eventTime,
    cell: ({ found }) => <EventTime at={found?.eventTime} />,
    align: 'right',
    width: 150,
  },
  ...view.features.map(({ name, type }) => ({
    id: `feature ${name}`,
    title: name,
    value: ({ found }: FoundRow) => formatValue(found?.values[name]),
    ...((type === 'double' || type === 'integer') && { align: 'right' as const }),
    width: 130,
  })),
];

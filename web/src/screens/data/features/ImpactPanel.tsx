import { Button, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { FeatureImpact, FeatureView } from '@tidemill/sdk';
import { useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask } from '../../../lib/client.ts';
import { filled, useFields } from '../../../lib/use-fields.ts';
import { UsersTable, usersLine } from './UsesPanel.tsx';
import { toDefinition } from './view-definition.ts';

/** What breaks if the view changes: asked of the server for a definition that is not registered. */
export function ImpactPanel({ view }: { readonly view: FeatureView }) {
  const { fields, bind } = useFields({ sql: view.sql, ttl: view.ttl ?? '' });
  const [asked, setAsked] = useState<ReturnType<typeof toQuestion> | null>(null);
  const { ttl: _ttl, ...definition } = toDefinition(view);
  const question = { ...definition, sql: fields.sql, ...filled(fields, ['ttl']) };
  return (
    <div className="stack">
      <Panel title="If it were defined like this">
        <div className="stack">
          <Textarea
            label="SQL"
            autosize
            minRows={5}
            maxRows={18}
            spellCheck={false}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            {...bind('sql')}
          />
          <div className="row">
            <TextInput label="Good for (ttl)" placeholder="ever" {...bind('ttl')} />
            <Button variant="filled" onClick={() => setAsked(toQuestion(view.name, question))}>
              What breaks?
            </Button>
          </div>
        </div>
      </Panel>
      {asked && <Impact asked={asked} />}
    </div>
  );
}

const toQuestion = (name: string, definition: ReturnType<typeof toDefinition>) =>
  ask('features', 'impact', { name, ...definition });

function Impact({ asked }: { readonly asked: ReturnType<typeof toQuestion> }) {
  const impact = useQuery({ ...asked, retry: false });
  return (
    <Answer of={impact}>
      {(found) => (
        <>
          <Summary>
            <Fact name="Defining it">
              {found.sameMeaning ? 'makes no new version' : 'makes a new version; this one stays'}
            </Fact>
            <Fact name="Changes">{found.changes.join(', ') || 'none'}</Fact>
            <Fact name="Used by">{usersLine(found.uses)}</Fact>
          </Summary>
          <Panel title="Features" aside={<SourceMenu asked={asked} />}>
            <DataTable
              plain
              label="changed features"
              rows={found.features}
              columns={columns}
              rowKey={({ name }) => name}
              minimumWidth={760}
              maximumHeight="420px"
              empty={<EmptyState>No feature comes, goes or changes its type.</EmptyState>}
            />
          </Panel>
          <Panel title="Who reads it now">
            <UsersTable uses={found.uses} label="touched" />
          </Panel>
        </>
      )}
    </Answer>
  );
}

type Changed = FeatureImpact['features'][number];

const tones = { added: 'good', removed: 'bad', retyped: 'warn' } as const;

const columns: readonly DataColumn<Changed>[] = [
  { id: 'name', title: 'Feature', value: ({ name }) => name, width: 200 },
  {
    id: 'change',
    title: 'Change',
    value: ({ change }) => change,
    cell: ({ change }) => <StatusBadge state={change} tone={tones[change]} />,
    width: 130,
  },
  {
    id: 'type',
    title: 'Type',
    value: ({ from, to }) => [from, to].filter((type) => type !== null).join(' → '),
    width: 160,
  },
  {
    id: 'uses',
    title: 'Taken by',
    value: ({ uses }) => usersLine(uses),
    cell: ({ uses }) => <span title={usersLine(uses)}>{usersLine(uses)}</span>,
  },
];

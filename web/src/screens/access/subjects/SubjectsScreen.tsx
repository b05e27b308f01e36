import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { Erasure, SubjectFindings } from '@tidemill/sdk';
import { type FormEvent, useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';
import { useList } from '../../../lib/pages.ts';
import { ErasureDetail } from './ErasureDetail.tsx';
import { FoundSubject } from './FoundSubject.tsx';
import { parseKey } from './subject-key.ts';

const columns: readonly DataColumn<Erasure>[] = [
  { id: 'id', title: 'Erasure', value: (each) => each.id, width: 320 },
  {
    id: 'state',
    title: 'State',
    value: (each) => each.state,
    cell: (each) => <StatusBadge state={each.state === 'done' ? 'succeeded' : 'running'} word={each.state} />,
    width: 100,
  },
  { id: 'columns', title: 'Key', value: (each) => each.columns.join(', '), width: 140 },
  { id: 'rows', title: 'Rows', value: (each) => each.rows, align: 'right', width: 90 },
  { id: 'waiting', title: 'Has not yet', value: (each) => each.waiting.join(', ') || null },
  { id: 'models', title: 'Models', value: (each) => each.models.length, align: 'right', width: 90 },
  { id: 'reason', title: 'Reason', value: (each) => each.reason },
  { id: 'by', title: 'By', value: (each) => each.createdBy, width: 130 },
  {
    id: 'at',
    title: 'Since',
    value: (each) => each.createdAt,
    cell: (each) => <Time at={each.createdAt} />,
    align: 'right',
    width: 110,
  },
];

/** Where rows of one subject are, and how they are erased everywhere. */
export function SubjectsScreen() {
  const [text, setText] = useState('');
  const [shown, setShown] = useState<string | null>(null);
  const key = parseKey(text);
  const found = useMutation({ mutationFn: () => client().subjects.locate({ key: key ?? {} }) });
  const list = useList('subjects', 'list', {});
  const newest = shown ?? list.items?.[0]?.id ?? null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    found.mutate();
  };
  return (
    <>
      <PageHeader
        title="Subjects"
        about="Rows of one person or thing, found by its key and erased everywhere."
        asked={list.asked}
      />
      <div className="stack">
        <form className="row" onSubmit={submit} style={{ alignItems: 'end' }}>
          <TextInput
            label="Key"
            placeholder="customer=42"
            description="column=value; several separated by spaces name it together"
            w={420}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              found.reset();
            }}
          />
          <Button type="submit" disabled={key === null || found.isPending}>
            {found.isPending ? 'Looking …' : 'Find'}
          </Button>
        </form>
        {found.error && <ErrorNotice error={found.error} />}
        {found.data && key && (
          <FoundSubject
            found={found.data}
            action={<EraseAction found={found.data} subject={key} onDone={({ id }) => setShown(id)} />}
          />
        )}
        {newest && <ErasureDetail key={newest} id={newest} />}
        <Panel title="Erasures">
          <ListTable
            label="erasures"
            list={list}
            columns={columns}
            rowKey={(each) => each.id}
            empty={
              <EmptyState command="tidemill subjects erase --key customer=42 --reason '…' --yes">
                Nobody has been erased.
              </EmptyState>
            }
          />
        </Panel>
      </div>
    </>
  );
}

interface EraseActionProps {
  readonly found: SubjectFindings;
  readonly subject: Readonly<Record<string, string>>;
  readonly onDone: (erasure: Erasure) => void;
}

function EraseAction({ found, subject, onDone }: EraseActionProps) {
  return (
    <Action
      danger
      name="Erase"
      about={`${plural(found.rows, 'row')} are erased from every version, the online store and the prediction log. They cannot be brought back.`}
      run={(reason) => client().subjects.erase({ key: { ...subject }, reason, confirm: true })}
      onDone={onDone}
    />
  );
}

import { NativeSelect, TextInput } from '@mantine/core';
import type { Group } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';

const columns: readonly DataColumn<Group>[] = [
  { id: 'name', title: 'Group', value: (group) => group.name, width: 220 },
  {
    id: 'members',
    title: 'Members',
    value: (group) => group.members.join(', ') || null,
    cell: (group) => group.members.join(', ') || <span className="dim">nobody yet</span>,
  },
  { id: 'description', title: 'What for', value: (group) => group.description || null },
  {
    id: 'created',
    title: 'Created',
    value: (group) => group.createdAt,
    cell: (group) => <Time at={group.createdAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'change',
    title: '',
    value: () => null,
    cell: (group) => <GroupActions group={group} />,
    align: 'right',
    width: 230,
  },
];

export function GroupsScreen() {
  const list = useList('groups', 'list', {});
  return (
    <>
      <PageHeader
        title="Groups"
        about="Users and tokens that are given roles together. A project file that makes an endpoint makes one that may invoke it."
        actions={<CreateGroup />}
        asked={list.asked}
      />
      <ListTable
        label="groups"
        list={list}
        columns={columns}
        rowKey={(group) => group.name}
        empty={<EmptyState command="tidemill groups create risk">There is no group.</EmptyState>}
      />
    </>
  );
}

/** A user's name stands for itself. */
const memberOf = (text: string): string => (text.includes(':') ? text : `user:${text}`);

function GroupActions({ group }: { readonly group: Group }) {
  const { name, members } = group;
  const [member, setMember] = useState('');
  const [leaving, setLeaving] = useState('');
  const leaves = leaving || (members[0] ?? '');
  return (
    <>
      <Action
        inRow
        name="Add"
        about={`Puts a user or a token into ${name}.`}
        reason="none"
        incomplete={member.trim() === ''}
        run={() => client().groups.addMember({ name, member: memberOf(member.trim()) })}
        onDone={() => setMember('')}
      >
        <TextInput
          label="Member"
          description="ada, or token:shop for every token of that name"
          required
          data-autofocus
          maxLength={140}
          value={member}
          onChange={(event) => setMember(event.currentTarget.value)}
        />
      </Action>
      <Action
        inRow
        name="Take out"
        disabled={members.length === 0}
        about={`They lose what they may by ${name}.`}
        reason="none"
        run={() => client().groups.removeMember({ name, member: leaves })}
        onDone={() => setLeaving('')}
      >
        <NativeSelect
          label="Member"
          data={members}
          value={leaves}
          onChange={(event) => setLeaving(event.currentTarget.value)}
        />
      </Action>
      <Action
        inRow
        danger
        name="Delete"
        about={`${name} goes with all that was granted to it; its members stay.`}
        reason="none"
        run={() => client().groups.delete({ name })}
      />
    </>
  );
}

function CreateGroup() {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  return (
    <Action
      name="New group"
      about="It may nothing until roles are granted to it."
      reason="none"
      incomplete={name.trim() === ''}
      run={() => client().groups.create({ name: name.trim(), description: description.trim() })}
      onDone={() => {
        setName('');
        setDescription('');
      }}
    >
      <TextInput
        label="Name"
        required
        data-autofocus
        maxLength={160}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="What it is for"
        maxLength={1000}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </Action>
  );
}

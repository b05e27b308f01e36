import { NativeSelect, TextInput } from '@mantine/core';
import type { Invitation, Role, User } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { RowLink } from '../../../components/RowLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { InvitationLink } from './InvitationLink.tsx';
import { roles } from './roles.ts';
import { stateOf } from './user-state.ts';

const columns: readonly DataColumn<User>[] = [
  {
    id: 'name',
    title: 'User',
    value: (user) => user.name,
    cell: (user) => <RowLink to={`/users/${encodeURIComponent(user.name)}`}>{user.name}</RowLink>,
  },
  {
    id: 'state',
    title: 'State',
    value: stateOf,
    cell: (user) => <StatusBadge state={stateOf(user)} />,
    width: 110,
  },
  { id: 'role', title: 'Role', value: (user) => user.role, width: 110 },
  {
    id: 'login',
    title: 'Last login',
    value: (user) => user.lastLoginAt,
    cell: (user) => <Time at={user.lastLoginAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'created',
    title: 'Created',
    value: (user) => user.createdAt,
    cell: (user) => <Time at={user.createdAt} />,
    align: 'right',
    width: 110,
  },
];

export function UsersScreen() {
  const list = useList('users', 'list', {});
  return (
    <>
      <PageHeader
        title="Users"
        about="People who log in by name and password."
        actions={<CreateUser />}
        asked={list.asked}
      />
      <ListTable
        label="users"
        list={list}
        columns={columns}
        rowKey={(user) => user.id}
        empty={
          <EmptyState command="tidemill users create ada --role approver">
            There is no user. On this machine you are the owner without a login.
          </EmptyState>
        }
      />
    </>
  );
}

/** Nobody knows the password but the user: they choose it by a link. */
function CreateUser() {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [made, setMade] = useState<{ name: string; invitation: Invitation | null } | null>(null);
  return (
    <>
      <Action
        name="New user"
        about="They choose a password by a link, which is shown once after this."
        reason="none"
        incomplete={name.trim() === ''}
        run={() => client().users.create({ name: name.trim(), role })}
        onDone={(reply) => {
          setMade(reply);
          setName('');
        }}
      >
        <TextInput
          label="Name"
          required
          data-autofocus
          maxLength={128}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NativeSelect
          label="Role in the workspace"
          data={roles}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        />
      </Action>
      <InvitationLink
        name={made?.name ?? ''}
        invitation={made?.invitation ?? null}
        close={() => setMade(null)}
      />
    </>
  );
}

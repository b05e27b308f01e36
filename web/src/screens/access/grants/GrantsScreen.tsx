import { NativeSelect, TextInput } from '@mantine/core';
import type { Grant, Role } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { roles } from '../users/roles.ts';

const columns: readonly DataColumn<Grant>[] = [
  { id: 'to', title: 'To', value: (grant) => grant.to },
  { id: 'role', title: 'Role', value: (grant) => grant.role, width: 110 },
  { id: 'resource', title: 'On', value: (grant) => grant.resource ?? 'all of the workspace', width: 260 },
  { id: 'by', title: 'By', value: (grant) => grant.createdBy, width: 150 },
  {
    id: 'created',
    title: 'Since',
    value: (grant) => grant.createdAt,
    cell: (grant) => <Time at={grant.createdAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'remove',
    title: '',
    value: () => null,
    cell: ({ id, to, role, resource }) => (
      <Action
        inRow
        danger
        name="Remove"
        about={`${to} is no longer ${role} of ${resource ?? 'all'} by this grant.`}
        reason="none"
        run={() => client().grants.remove({ id })}
      />
    ),
    align: 'right',
    width: 95,
  },
];

export function GrantsScreen() {
  const list = useList('grants', 'list', {});
  return (
    <>
      <PageHeader
        title="Grants"
        about="Roles beside the one that a user or token has: on single things, and of groups."
        actions={<AddGrant />}
        asked={list.asked}
      />
      <ListTable
        label="grants"
        list={list}
        columns={columns}
        rowKey={(grant) => grant.id}
        empty={
          <EmptyState command="tidemill grants add group:risk approver --on model:prices">
            Nothing is granted beside the roles of users and tokens.
          </EmptyState>
        }
      />
    </>
  );
}

function AddGrant() {
  const [to, setTo] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [resource, setResource] = useState('');
  const add = () =>
    client().grants.add({
      ...{ to: to.trim(), role },
      ...(resource.trim() !== '' && { resource: resource.trim() }),
    });
  return (
    <Action
      name="Grant a role"
      about="It adds to what they may already."
      reason="none"
      incomplete={to.trim() === ''}
      run={add}
    >
      <TextInput
        label="To"
        description="user:ada, group:risk, or token:shop for every token of that name"
        required
        data-autofocus
        maxLength={200}
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      <NativeSelect
        label="Role"
        data={roles.filter((each) => each !== 'none')}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value as Role)}
      />
      <TextInput
        label="On"
        description="model:prices, endpoint:forecast, dataset:days"
        placeholder="all of the workspace"
        maxLength={400}
        value={resource}
        onChange={(event) => setResource(event.currentTarget.value)}
      />
    </Action>
  );
}

import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams, useRouter } from '@tanstack/react-router';
import type { Invitation, Role, UserDetails } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask, client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { InvitationLink } from './InvitationLink.tsx';
import { roles } from './roles.ts';
import { sessionColumns } from './session-columns.tsx';
import { UserFacts } from './UserFacts.tsx';
import { stateOf } from './user-state.ts';

export function UserScreen() {
  const { name = '' } = useParams({ strict: false });
  const question = ask('users', 'get', { name });
  const user = useQuery(question);
  if (user.error) return <ErrorNotice error={user.error} retry={user.refetch} />;
  if (!user.data) return <div style={{ minHeight: 320 }} aria-busy="true" />;
  return (
    <>
      <PageHeader
        title={name}
        trail={[{ text: 'Users', to: '/users' }]}
        status={<StatusBadge state={stateOf(user.data)} />}
        actions={<UserActions user={user.data} />}
        asked={question}
      />
      <UserFacts user={user.data} />
      <Sessions name={name} />
    </>
  );
}

function UserActions({ user }: { readonly user: UserDetails }) {
  const { name } = user;
  const router = useRouter();
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const isDisabled = user.disabledAt !== null;
  return (
    <>
      <ChangeRole user={user} />
      <Action
        name="Invite"
        about={`A link by which ${name} chooses a password. An earlier link is no longer good.`}
        reason="none"
        run={() => client().users.invite({ name })}
        onDone={setInvitation}
      />
      <InvitationLink name={name} invitation={invitation} close={() => setInvitation(null)} />
      <Action
        name={isDisabled ? 'Enable' : 'Disable'}
        danger={!isDisabled}
        about={
          isDisabled
            ? `${name} may log in again; tokens of theirs are good again.`
            : `The logins of ${name} end, and their password and tokens are refused until you enable them.`
        }
        reason="none"
        run={() => client().users.update({ name, disabled: !isDisabled })}
      />
      <Action
        danger
        name="Delete"
        about={`${name} goes, with logins, tokens, grants and memberships. What they did stays in the audit.`}
        reason="none"
        run={() => client().users.delete({ name })}
        onDone={() => void router.navigate({ to: '/users' })}
      />
    </>
  );
}

function ChangeRole({ user }: { readonly user: UserDetails }) {
  const [role, setRole] = useState<Role>(user.role);
  return (
    <Action
      name="Change role"
      about={`${user.name} is ${user.role} in the workspace now.`}
      reason="none"
      incomplete={role === user.role}
      run={() => client().users.update({ name: user.name, role })}
    >
      <NativeSelect
        label="Role in the workspace"
        data={roles}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value as Role)}
      />
    </Action>
  );
}

function Sessions({ name }: { readonly name: string }) {
  const list = useList('users', 'listSessions', { name });
  const end = list.items !== undefined && list.items.length > 0 && (
    <Action
      danger
      name="End all"
      about={`${name} must log in again, everywhere.`}
      reason="none"
      run={() => client().users.endSessions({ name })}
    />
  );
  return (
    <Panel title="Where they are logged in" aside={end}>
      <ListTable
        label="sessions"
        list={list}
        columns={sessionColumns()}
        rowKey={(session) => session.id}
        empty={<EmptyState>{name} is not logged in by a browser.</EmptyState>}
      />
    </Panel>
  );
}

import { PasswordInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ask, client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { NewPassword } from './NewPassword.tsx';
import { sessionColumns } from './session-columns.tsx';
import { UserFacts } from './UserFacts.tsx';

/** What people see and change of themselves. */
export function AccountScreen() {
  const question = ask('account', 'get', {});
  const user = useQuery(question);
  if (user.error) return <ErrorNotice error={user.error} retry={user.refetch} />;
  if (!user.data) return <div style={{ minHeight: 320 }} aria-busy="true" />;
  return (
    <>
      <PageHeader title={user.data.name} about="Your account" actions={<ChangePassword />} asked={question} />
      <UserFacts user={user.data} />
      <OwnSessions />
    </>
  );
}

function OwnSessions() {
  const list = useList('account', 'listSessions', {});
  const columns = sessionColumns(
    ({ id, current }) =>
      !current && (
        <Action
          inRow
          danger
          name="End"
          about="Whoever uses this login must log in again."
          reason="none"
          run={() => client().account.endSession({ id })}
        />
      ),
  );
  return (
    <Panel title="Where you are logged in">
      <ListTable
        label="sessions"
        list={list}
        columns={columns}
        rowKey={(session) => session.id}
        empty={<EmptyState>You are not logged in by a browser.</EmptyState>}
      />
    </Panel>
  );
}

function ChangePassword() {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState<string | null>(null);
  return (
    <Action
      name="Change password"
      about="Your other logins end with it."
      reason="none"
      incomplete={current === '' || password === null}
      run={() => client().account.changePassword({ current, password: password ?? '' })}
      onDone={() => setCurrent('')}
    >
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        data-autofocus
        required
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
      />
      <NewPassword onChange={setPassword} />
    </Action>
  );
}

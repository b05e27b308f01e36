import type { Token } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { client } from '../../../lib/client.ts';
import { useList } from '../../../lib/pages.ts';
import { CreateToken } from './CreateToken.tsx';
import { isUsable } from './token-state.ts';

const columns: readonly DataColumn<Token>[] = [
  { id: 'name', title: 'Token', value: (token) => token.name },
  {
    id: 'state',
    title: 'State',
    value: (token) => (isUsable(token, Date.now()) ? 'active' : 'revoked'),
    cell: (token) =>
      isUsable(token, Date.now()) ? (
        <StatusBadge state="active" />
      ) : (
        <StatusBadge state="revoked" word={token.revokedAt === null ? 'expired' : 'revoked'} />
      ),
    width: 95,
  },
  { id: 'role', title: 'Role', value: (token) => token.role, width: 95 },
  { id: 'actor', title: 'Acts as', value: (token) => token.actor, width: 130 },
  {
    id: 'limit',
    title: 'Limit',
    value: (token) => token.rate?.perSecond ?? null,
    cell: (token) => (token.rate ? `${token.rate.perSecond}/s, ${token.rate.burst} at once` : 'none'),
    width: 140,
  },
  { id: 'resource', title: 'Only for', value: (token) => token.resource, width: 160 },
  {
    id: 'used',
    title: 'Last used',
    value: (token) => token.lastUsedAt,
    cell: (token) => <Time at={token.lastUsedAt} />,
    align: 'right',
    width: 95,
  },
  {
    id: 'expires',
    title: 'Expires',
    value: (token) => token.expiresAt,
    cell: (token) => (token.expiresAt === null ? 'never' : <EventTime at={token.expiresAt} />),
    align: 'right',
    width: 145,
  },
  {
    id: 'created',
    title: 'Created',
    value: (token) => token.createdAt,
    cell: (token) => <Time at={token.createdAt} />,
    align: 'right',
    width: 95,
  },
  {
    id: 'revoke',
    title: '',
    value: () => null,
    cell: (token) =>
      token.revokedAt === null && (
        <Action
          danger
          inRow
          name="Revoke"
          about={`Whoever uses "${token.name}" is refused from now on. This cannot be undone.`}
          reason="none"
          run={() => client().access.revokeToken({ id: token.id })}
        />
      ),
    align: 'right',
    width: 95,
  },
];

export function TokensScreen() {
  const list = useList('access', 'listTokens', {});
  return (
    <>
      <PageHeader
        title="Tokens"
        about="For programs and people that reach this server from elsewhere."
        actions={<CreateToken />}
        asked={list.asked}
      />
      <ListTable
        label="tokens"
        list={list}
        columns={columns}
        rowKey={(token) => token.id}
        empty={
          <EmptyState command="tidemill tokens create ci --role editor">
            There is no token. On this machine none is needed.
          </EmptyState>
        }
      />
    </>
  );
}

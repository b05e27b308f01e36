import type { LoginSession } from '@tidemill/sdk';
import type { ReactNode } from 'react';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';

/** Where somebody is logged in; `end` is what may be done about it. */
export const sessionColumns = (
  end?: (session: LoginSession) => ReactNode,
): readonly DataColumn<LoginSession>[] => [
  {
    id: 'agent',
    title: 'Browser',
    value: (session) => session.agent || 'unknown',
    cell: (session) => (
      <span title={session.agent}>
        {session.current && <strong>This one: </strong>}
        {session.agent || 'unknown'}
      </span>
    ),
  },
  { id: 'address', title: 'Address', value: (session) => session.address, width: 150 },
  {
    id: 'since',
    title: 'Since',
    value: (session) => session.createdAt,
    cell: (session) => <Time at={session.createdAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'seen',
    title: 'Last seen',
    value: (session) => session.lastSeenAt,
    cell: (session) => <Time at={session.lastSeenAt} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'until',
    title: 'Until',
    value: (session) => session.expiresAt,
    cell: (session) => <EventTime at={session.expiresAt} />,
    align: 'right',
    width: 165,
  },
  ...(end
    ? [
        {
          id: 'end',
          title: '',
          value: () => null,
          cell: end,
          align: 'right',
          width: 95,
        } satisfies DataColumn<LoginSession>,
      ]
    : []),
];

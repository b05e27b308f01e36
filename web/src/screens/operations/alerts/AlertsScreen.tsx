import type { Alert } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ListTable } from '../../../components/ListTable.tsx';
import { useOwnerColumn } from '../../../components/owner-column.ts';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { useList } from '../../../lib/pages.ts';

const columns: readonly DataColumn<Alert>[] = [
  {
    id: 'title',
    title: 'Alert',
    value: (alert) => alert.title,
    cell: (alert) => <ReferenceLink kind="alert" to={alert.id} text={alert.title} />,
  },
  {
    id: 'state',
    title: 'State',
    value: (alert) => alert.state,
    cell: (alert) => <StatusBadge state={alert.state} />,
    width: 130,
  },
  {
    id: 'endpoint',
    title: 'About',
    value: (alert) => alert.view ?? alert.endpoint,
    cell: (alert) => (
      <ReferenceLink kind="endpoint" to={alert.view ? `view:${alert.view}` : alert.endpoint} />
    ),
    width: 150,
  },
  {
    id: 'monitor',
    title: 'Monitor',
    value: (alert) => alert.monitor,
    cell: (alert) => <ReferenceLink kind="monitor" to={alert.monitor} />,
    width: 160,
  },
  { id: 'causes', title: 'Causes', value: (alert) => alert.causes.length, align: 'right', width: 80 },
  {
    id: 'loopRun',
    title: 'Loop run',
    value: (alert) => alert.loopRun,
    cell: (alert) => (
      <ReferenceLink kind="loop-run" to={alert.loopRun} text={alert.loopRun ? shortId(alert.loopRun) : ''} />
    ),
    width: 120,
  },
  {
    id: 'eventTime',
    title: 'Event time',
    value: (alert) => alert.eventTime,
    cell: (alert) => <EventTime at={alert.eventTime} />,
    align: 'right',
    width: 120,
  },
  {
    id: 'opened',
    title: 'Opened',
    value: (alert) => alert.openedAt,
    cell: (alert) => <Time at={alert.openedAt} />,
    align: 'right',
    width: 110,
  },
];

const subjectOf = (alert: Alert) => alert.endpoint && `endpoint:${alert.endpoint}`;

export function AlertsScreen() {
  const shown = useOwnerColumn(columns, 3, subjectOf);
  const list = useList('alerts', 'list', {});
  return (
    <>
      <PageHeader title="Alerts" about="What left its normal range, and why." asked={list.asked} />
      <ListTable
        label="alerts"
        list={list}
        columns={shown}
        rowKey={(alert) => alert.id}
        empty={
          <EmptyState command="tidemill monitors list">
            No alert has been opened. Monitors decide when one is.
          </EmptyState>
        }
      />
    </>
  );
}

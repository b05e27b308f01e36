import { useQuery } from '@tanstack/react-query';
import type { Alert } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { OwnerPanel } from '../../../components/OwnerPanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { LinkedText, ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Thread } from '../../../components/Thread.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatEventTime, formatKey, formatNumber } from '../../../lib/format.ts';
import { useParam } from '../../../lib/url-state.ts';

export function AlertScreen() {
  const id = useParam('id');
  const asked = ask('alerts', 'get', { id });
  const alert = useQuery(asked);
  return (
    <Answer of={alert}>
      {(value) => (
        <>
          <PageHeader
            title={value.title}
            trail={[{ text: 'Alerts', to: '/alerts' }]}
            status={<StatusBadge state={value.state} />}
            asked={asked}
            actions={<AlertActions alert={value} />}
          />
          <Facts alert={value} />
          <div className="stack">
            {value.causes.map((cause) => (
              <Panel
                key={`${cause.column} ${cause.text}`}
                title={cause.column}
                aside={
                  <span className="number">
                    {formatNumber(cause.value)}, threshold {formatNumber(cause.threshold)}
                  </span>
                }
              >
                <p style={{ marginBottom: 8 }}>
                  <LinkedText>{cause.text}</LinkedText>
                </p>
                {cause.rows.length > 0 && (
                  <RowsTable label={`Rows of ${cause.column}`} rows={cause.rows.map(toRow)} />
                )}
              </Panel>
            ))}
            {value.endpoint && <OwnerPanel subject={`endpoint:${value.endpoint}`} />}
            <Thread subject={`alert:${value.id}`} />
          </div>
        </>
      )}
    </Answer>
  );
}

/** The log's own fields of a row, as a person reads them; the rest is the user's. */
function toRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    ...row,
    ...(typeof row.eventTime === 'number' && { eventTime: formatEventTime(row.eventTime) }),
    ...(typeof row.key === 'string' && { key: formatKey(row.key) }),
  };
}

function Facts({ alert }: { readonly alert: Alert }) {
  return (
    <Summary>
      <Fact name={alert.view ? 'Feature view' : 'Endpoint'}>
        <ReferenceLink kind="endpoint" to={alert.view ? `view:${alert.view}` : alert.endpoint} />
      </Fact>
      <Fact name="Monitor">
        <ReferenceLink kind="monitor" to={alert.monitor} />
      </Fact>
      <Fact name="Event time">
        <EventTime at={alert.eventTime} />
      </Fact>
      <Fact name="Opened">
        <Time at={alert.openedAt} />
      </Fact>
      <Fact name="Resolved">
        <Time at={alert.resolvedAt} />
      </Fact>
      <Fact name="Loop run">
        <ReferenceLink
          kind="loop-run"
          to={alert.loopRun}
          text={alert.loopRun ? shortId(alert.loopRun) : ''}
        />
      </Fact>
    </Summary>
  );
}

function AlertActions({ alert: { id, state } }: { readonly alert: Alert }) {
  if (state === 'resolved') return null;
  return (
    <>
      {state === 'open' && (
        <Action
          name="Acknowledge"
          about="Says that somebody looks at it. Write what you know so far."
          run={(note) => client().alerts.acknowledge({ id, note })}
        />
      )}
      <Action
        name="Resolve"
        about="Closes the alert. If the cause is still there, the next check opens a new one."
        run={(note) => client().alerts.resolve({ id, note })}
      />
    </>
  );
}

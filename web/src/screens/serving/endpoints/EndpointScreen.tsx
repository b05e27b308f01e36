import { useQuery } from '@tanstack/react-query';
import type { EndpointStatus } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { OwnerPanel } from '../../../components/OwnerPanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Thread } from '../../../components/Thread.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { LivePanel } from './LivePanel.tsx';
import { PerformancePanel } from './PerformancePanel.tsx';
import { PredictionsPanel } from './PredictionsPanel.tsx';
import { RevisionsPanel } from './RevisionsPanel.tsx';
import { TrafficPanel } from './TrafficPanel.tsx';
import { TryPanel } from './TryPanel.tsx';

export function EndpointScreen() {
  const name = useParam('name');
  const asked = ask('endpoints', 'get', { name });
  const endpoint = useQuery(asked);
  return (
    <Answer of={endpoint}>
      {(status) => (
        <>
          <PageHeader
            title={name}
            trail={[{ text: 'Endpoints', to: '/endpoints' }]}
            status={<AnswersBy status={status} />}
            about={status.live.description}
            asked={asked}
            actions={<EndpointActions status={status} />}
          />
          <Facts status={status} />
          <Detail
            tabs={[
              { id: 'live', title: 'Live', render: () => <LivePanel status={status} /> },
              { id: 'traffic', title: 'Traffic', render: () => <TrafficPanel name={name} /> },
              { id: 'try', title: 'Try it', render: () => <TryPanel status={status} /> },
              { id: 'predictions', title: 'Predictions', render: () => <PredictionsPanel name={name} /> },
              { id: 'performance', title: 'Performance', render: () => <PerformancePanel name={name} /> },
              { id: 'revisions', title: 'Revisions', render: () => <RevisionsPanel name={name} /> },
              {
                id: 'comments',
                title: 'Comments',
                render: () => (
                  <div className="stack">
                    <OwnerPanel subject={`endpoint:${name}`} />
                    <Thread subject={`endpoint:${name}`} />
                  </div>
                ),
              },
              { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={`endpoint:${name}`} /> },
            ]}
          />
        </>
      )}
    </Answer>
  );
}

function AnswersBy({ status }: { readonly status: EndpointStatus }) {
  if (!status.fallbackForced) return <StatusBadge state="live" word="the model answers" />;
  return (
    <StatusBadge
      state="fallback"
      word={`switched to its rule${status.fallbackReason ? `: ${status.fallbackReason}` : ''}`}
    />
  );
}

function Facts({ status: { live } }: { readonly status: EndpointStatus }) {
  return (
    <Summary>
      <Fact name="Live revision">{live.revision}</Fact>
      <Fact name="Released">
        <Time at={live.createdAt} /> by {live.createdBy}
      </Fact>
      <Fact name="Timeout">{live.timeoutMs} ms</Fact>
      <Fact name="Models run">{live.isolation}</Fact>
      <Fact name="Log">{live.log}</Fact>
      <Fact name="Entity">{live.entity.join(', ')}</Fact>
      {live.alias && <Fact name="Alias">{live.alias}</Fact>}
      {live.reason && (
        <Fact name="Reason" wide>
          <LinkedText>{live.reason}</LinkedText>
        </Fact>
      )}
    </Summary>
  );
}

function EndpointActions({ status }: { readonly status: EndpointStatus }) {
  const { name, live, fallbackForced } = status;
  const hasRule = live.fallback !== null || live.fallbacks.length > 0;
  return (
    <>
      <Action
        name={fallbackForced ? 'Back to the model' : 'Switch to rule'}
        about={
          fallbackForced ? (
            'Requests are answered by the live variants again.'
          ) : (
            <>
              Every request is answered by <code>{live.fallback ?? 'the first of its fallbacks'}</code> until
              you switch back.
            </>
          )
        }
        disabled={!fallbackForced && !hasRule}
        run={(reason) => client().endpoints.forceFallback({ name, enabled: !fallbackForced, reason })}
      />
      <Action
        danger
        name="Roll back"
        about={
          <>
            Makes the revision before <ReferenceLink to={live.uri} text={`revision ${live.revision}`} /> live
            again, in one step. The log and all revisions stay.
          </>
        }
        disabled={live.revision < 2}
        run={(reason) => client().endpoints.rollback({ name, reason })}
      />
    </>
  );
}

import { useQuery } from '@tanstack/react-query';
import type { Rollout } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { ComparisonFacts } from '../../../components/ComparisonFacts.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { Timeline } from '../../../components/Timeline.tsx';
import { ask, client } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';

export function RolloutScreen() {
  const id = useParam('id');
  const asked = ask('rollouts', 'get', { id });
  const rollout = useQuery(asked);
  return (
    <Answer of={rollout}>
      {(value) => (
        <>
          <PageHeader
            title={`Rollout of ${value.candidate}`}
            trail={[{ text: 'Rollouts', to: '/rollouts' }]}
            status={<StatusBadge state={value.stage} />}
            asked={asked}
            actions={value.finishedAt === null && <RolloutActions rollout={value} />}
          />
          <Summary>
            <Fact name="Endpoint">
              <ReferenceLink kind="endpoint" to={value.endpoint} />
            </Fact>
            <Fact name="Candidate">
              <ReferenceLink kind="model" to={value.candidate} />
            </Fact>
            <Fact name="Against">
              <ReferenceLink kind="model" to={value.champion} />
            </Fact>
            <Fact name="Features">
              {value.view && <ReferenceLink kind="view" to={value.view} />}
              {value.service && <ReferenceLink kind="service" to={value.service} />}
              {!value.view && !value.service && 'in the record'}
            </Fact>
            <Fact name="Started">
              <Time at={value.createdAt} />
            </Fact>
            <Fact name="Id">
              <span className="mono" title={value.id}>
                {shortId(value.id)}
              </span>
            </Fact>
          </Summary>
          <RolloutBody rollout={value} />
        </>
      )}
    </Answer>
  );
}

function RolloutBody({ rollout }: { readonly rollout: Rollout }) {
  const last = rollout.timeline.length - 1;
  const steps = rollout.timeline.map((step, index) => ({
    title: step.stage,
    // What is over is done, whatever it was called while it ran.
    state: index < last || rollout.finishedAt !== null ? finalState(step.stage) : 'running',
    text: step.text,
    at: step.at,
    actor: step.actor,
  }));
  return (
    <div className="columns">
      <Panel title="Timeline">
        <Timeline steps={steps} known={[`model:${rollout.candidate}`, `model:${rollout.champion}`]} />
      </Panel>
      <div className="stack">
        <Panel title="Evidence">
          {rollout.evidence ? (
            <ComparisonFacts comparison={rollout.evidence} />
          ) : (
            <EmptyState>No pair of candidate and live model has an outcome yet.</EmptyState>
          )}
        </Panel>
        <Panel title="Policy">
          <FieldsTable label="policy" fields={rollout.policy} none="The defaults apply." />
        </Panel>
      </div>
    </div>
  );
}

const finalState = (stage: string) =>
  ['rolled-back', 'rejected', 'expired'].includes(stage) ? stage : 'done';

function RolloutActions({ rollout: { id, candidate, champion } }: { readonly rollout: Rollout }) {
  return (
    <>
      <Action
        name="Promote now"
        about={`${candidate} answers all requests from now on, whatever the evidence says.`}
        run={(reason) => client().rollouts.promote({ id, reason })}
      />
      <Action
        danger
        name="Roll back"
        about={`${candidate} leaves traffic and shadow; ${champion} goes on.`}
        run={(reason) => client().rollouts.rollBack({ id, reason })}
      />
    </>
  );
}

import { useQuery } from '@tanstack/react-query';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatDuration } from '../../../lib/format.ts';
import { useParam } from '../../../lib/url-state.ts';
import { LoopRunTimeline, LoopRunVerdict } from './LoopRunTimeline.tsx';

export function LoopRunScreen() {
  const id = useParam('id');
  const asked = ask('retraining', 'get', { id });
  const loopRun = useQuery(asked);
  return (
    <Answer of={loopRun}>
      {(run) => (
        <>
          <PageHeader
            title={`Loop run ${shortId(run.id)}`}
            trail={[{ text: 'Loop runs', to: '/loop-runs' }]}
            status={<LoopRunVerdict run={run} />}
            about={run.trigger}
            asked={asked}
            actions={
              run.finishedAt === null && (
                <Action
                  danger
                  name="Cancel"
                  about="The run ends here; a candidate in traffic is taken back."
                  reason="none"
                  run={() => client().retraining.cancel({ id })}
                />
              )
            }
          />
          <Summary>
            <Fact name="Endpoint">
              <ReferenceLink kind="endpoint" to={run.endpoint} />
            </Fact>
            <Fact name="Policy">{run.policy}</Fact>
            <Fact name="Alert">
              <ReferenceLink kind="alert" to={run.alert} text={run.alert ? shortId(run.alert) : ''} />
            </Fact>
            <Fact name="Candidate">
              <ReferenceLink kind="model" to={run.candidate} />
            </Fact>
            <Fact name="Rollout">
              <ReferenceLink kind="rollout" to={run.rollout} text={run.rollout ? shortId(run.rollout) : ''} />
            </Fact>
            <Fact name="Started">
              <Time at={run.createdAt} />
            </Fact>
            {run.finishedAt !== null && (
              <Fact name="Took">{formatDuration(run.finishedAt - run.createdAt)}</Fact>
            )}
          </Summary>
          <Panel title="Timeline">
            <div style={{ maxWidth: 760 }}>
              <LoopRunTimeline run={run} />
            </div>
          </Panel>
        </>
      )}
    </Answer>
  );
}

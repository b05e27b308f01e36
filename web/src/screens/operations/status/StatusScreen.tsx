import { useQuery } from '@tanstack/react-query';
import { Answer } from '../../../components/Answer.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatCount } from '../../../lib/format.ts';

export function StatusScreen() {
  const asked = ask('system', 'status', {});
  const status = useQuery(asked);
  return (
    <Answer of={status}>
      {(value) => (
        <>
          <PageHeader
            title="Status"
            status={<StatusBadge state={value.paused ? 'paused' : 'active'} word={pauseWord(value.paused)} />}
            {...(value.pauseReason && { about: value.pauseReason })}
            asked={asked}
          />
          <Summary>
            <Fact name="Version">{value.version}</Fact>
            <Fact name="Database">{value.database}</Fact>
            <Fact name="Started">
              <Time at={value.startedAt} />
            </Fact>
          </Summary>
          <Panel title="Tasks">
            {Object.keys(value.tasks).length === 0 ? (
              <EmptyState>
                No task has been queued yet: jobs, sweeps, rollouts and loop runs are tasks.
              </EmptyState>
            ) : (
              <Summary>
                {Object.entries(value.tasks).map(([state, count]) => (
                  <Fact key={state} name={state}>
                    <span className="number">{formatCount(count)}</span>
                  </Fact>
                ))}
              </Summary>
            )}
          </Panel>
        </>
      )}
    </Answer>
  );
}

const pauseWord = (paused: boolean) => (paused ? 'automation is paused' : 'automation runs');

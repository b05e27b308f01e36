import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { Source } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { ChangedColumns } from './ChangedColumns.tsx';
import { isUnderWay, PullState } from './PullState.tsx';
import { PullsTable } from './PullsTable.tsx';
import { SamplePanel } from './SamplePanel.tsx';

const liveMs = 500;

/** A source: what it reads, what its pulls became, and what it waits for. */
export function SourceScreen() {
  const name = useParam('name');
  const asked = ask('sources', 'get', { name });
  const source = useQuery({
    ...asked,
    refetchInterval: ({ state }) => (isUnderWay(state.data?.lastPull) ? liveMs : false),
  });
  return (
    <Answer of={source}>
      {(found) => (
        <>
          <PageHeader
            title={name}
            trail={[{ text: 'Sources', to: '/sources' }]}
            status={<PullState pull={found.lastPull} />}
            about={found.location}
            actions={<Actions source={found} />}
            asked={asked}
          />
          <Facts source={found} />
          <div style={{ marginBottom: 16 }}>
            <Trouble source={found} />
          </div>
          <Detail
            tabs={[
              { id: 'pulls', title: 'Pulls', render: () => <PullsTable source={found} /> },
              { id: 'test', title: 'Test', render: () => <SamplePanel name={name} /> },
              { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={`source:${name}`} /> },
            ]}
          />
        </>
      )}
    </Answer>
  );
}

function Actions({ source }: { readonly source: Source }) {
  const navigate = useNavigate();
  const { name, lastPull } = source;
  const isBusy = isUnderWay(lastPull);
  return (
    <>
      <Action
        name="Pull now"
        about={`Reads ${source.location} into a new version of ${source.dataset}.`}
        reason="none"
        disabled={isBusy}
        run={() => client().sources.pull({ name })}
      />
      {lastPull && isBusy && (
        <Action
          name="Cancel"
          about="Stops the pull. The dataset stays as it is."
          reason="none"
          run={() => client().sources.cancelPull({ name, id: lastPull.id })}
        />
      )}
      <Action
        name="Delete"
        danger
        about={`Deletes the source with its secrets and history. The versions of ${source.dataset} stay.`}
        reason="none"
        run={() => client().sources.delete({ name })}
        onDone={() => void navigate({ to: '/sources' as '/' })}
      />
    </>
  );
}

function Facts({ source }: { readonly source: Source }) {
  const { from, cursor, schedule } = source;
  return (
    <Summary>
      <Fact name="Kind">{from.kind}</Fact>
      <Fact name="Dataset">
        <ReferenceLink kind="dataset" to={source.dataset} />
      </Fact>
      <Fact name="Mode">{source.key ? `${source.mode} by ${source.key}` : source.mode}</Fact>
      {cursor && (
        <Fact name="Cursor">
          {cursor.column} {cursor.value === null ? '' : `> ${cursor.value}`}
        </Fact>
      )}
      <Fact name="Secrets">{source.secrets.join(', ') || 'none'}</Fact>
      <Fact name="Schedule">{schedule ? `${schedule.cron} ${schedule.timeZone}` : 'by hand'}</Fact>
      {source.nextPullAt !== null && (
        <Fact name="Next pull">
          <Time at={source.nextPullAt} />
        </Fact>
      )}
      {from.kind === 'postgres' && (
        <Fact name="Query" wide>
          <code>{from.query}</code>
        </Fact>
      )}
    </Summary>
  );
}

/** What the last pull ended with and waits for. */
function Trouble({ source: { name, lastPull } }: { readonly source: Source }) {
  if (lastPull?.state === 'failed' && lastPull.error)
    return (
      <Panel title="The last pull failed">
        <p style={{ padding: '8px 12px' }}>{lastPull.error.message}</p>
      </Panel>
    );
  if (lastPull?.state !== 'schema-changed' || !lastPull.change) return null;
  return (
    <ChangedColumns
      change={lastPull.change}
      aside={
        <Action
          name="Accept and pull"
          about="The next version has the columns that the source has now."
          reason="none"
          run={() => client().sources.pull({ name, acceptSchema: true })}
        />
      }
    />
  );
}

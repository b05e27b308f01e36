import { NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Overview } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { ask } from '../../../lib/client.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { LoopRunTimeline, LoopRunVerdict } from '../retraining/LoopRunTimeline.tsx';
import { AlertCauses } from './AlertCauses.tsx';
import { LoopRow } from './LoopRow.tsx';
import classes from './Overview.module.css';
import { OverviewCharts } from './OverviewCharts.tsx';

export function OverviewScreen() {
  const [search, change] = useScreenSearch();
  const asked = ask('overview', 'get', search.endpoint ? { endpoint: search.endpoint } : {});
  const overview = useQuery({ ...asked, placeholderData: keepPreviousData });
  const endpoints = useQuery(ask('endpoints', 'list', { limit: 100 }));
  const shown = search.endpoint ?? overview.data?.endpoint;
  const names = (endpoints.data?.items ?? []).map((revision) => revision.endpoint);
  return (
    <>
      <PageHeader
        title="Overview"
        asked={shown ? ask('overview', 'get', { endpoint: shown }) : asked}
        actions={
          names.length > 1 && (
            <NativeSelect
              aria-label="Endpoint"
              data={names}
              value={shown ?? names[0]}
              onChange={(event) => change({ endpoint: event.currentTarget.value })}
            />
          )
        }
      />
      <Answer of={overview} height={640}>
        {(value) => (
          <>
            <LoopRow counts={value.counts} />
            <div className={classes.body}>
              <OverviewCharts overview={value} />
              <Aside overview={value} />
            </div>
          </>
        )}
      </Answer>
    </>
  );
}

function Aside({ overview }: { readonly overview: Overview }) {
  const { alerts, loopRun } = overview;
  const open = alerts.filter((alert) => alert.state !== 'resolved');
  return (
    <div className="stack">
      <Panel title="Open alerts" aside={open.length > 0 && <span className="number">{open.length}</span>}>
        {open.length === 0 ? (
          <EmptyState>No alert is open.</EmptyState>
        ) : (
          <ul className={classes.alerts}>
            {open.map((alert) => (
              <AlertCauses key={alert.id} alert={alert} />
            ))}
          </ul>
        )}
      </Panel>
      <Panel
        title="Newest loop run"
        aside={
          loopRun && (
            <>
              <LoopRunVerdict run={loopRun} />
              <ReferenceLink kind="loop-run" to={loopRun.id} text="open" />
            </>
          )
        }
      >
        {loopRun ? (
          <LoopRunTimeline run={loopRun} />
        ) : (
          <EmptyState command="tidemill loop start POLICY --reason '…'">
            The loop has not turned yet. An alert opens a run where a retraining policy says so, or a person
            does.
          </EmptyState>
        )}
      </Panel>
    </div>
  );
}

import { useQuery } from '@tanstack/react-query';
import type { Monitor, MonitorResult } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Chart } from '../../../components/Chart.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatShare } from '../../../lib/format.ts';
import { breakAtHoles, toLines, toThresholdRatio } from '../../../lib/series.ts';
import { useParam } from '../../../lib/url-state.ts';

const columns: readonly DataColumn<MonitorResult>[] = [
  {
    id: 'time',
    title: 'Event time',
    value: (result) => result.eventTime,
    cell: (result) => <EventTime at={result.eventTime} />,
    width: 130,
  },
  { id: 'column', title: 'Column', value: (result) => result.column },
  { id: 'statistic', title: 'Statistic', value: (result) => result.statistic, width: 110 },
  {
    id: 'value',
    title: 'Value',
    value: (result) => result.value,
    cell: (result) => <Figure value={result.value} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'threshold',
    title: 'Threshold',
    value: (result) => result.threshold,
    cell: (result) => <Figure value={result.threshold} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'state',
    title: 'State',
    value: (result) => (result.breached ? 'breached' : 'normal'),
    cell: (result) => <StatusBadge state={result.breached ? 'breached' : 'normal'} />,
    width: 120,
  },
  { id: 'rows', title: 'Window', unit: 'rows', value: (result) => result.rows, align: 'right', width: 130 },
  {
    id: 'checked',
    title: 'Checked',
    value: (result) => result.checkedAt,
    cell: (result) => <Time at={result.checkedAt} />,
    align: 'right',
    width: 110,
  },
];

export function MonitorScreen() {
  const name = useParam('name');
  const asked = ask('monitoring', 'get', { name });
  const monitor = useQuery(asked);
  return (
    <>
      <PageHeader
        title={name}
        trail={[{ text: 'Monitors', to: '/monitors' }]}
        asked={asked}
        actions={
          <Action
            name="Check now"
            about="Judges the newest window now; a breach opens an alert."
            reason="none"
            run={() => client().monitoring.check({ name })}
          />
        }
      />
      <Answer of={monitor} height={48}>
        {(value) => <Definition monitor={value} />}
      </Answer>
      <Results name={name} />
    </>
  );
}

function Definition({ monitor }: { readonly monitor: Monitor }) {
  return (
    <Summary>
      <Fact name="Kind">{monitor.kind}</Fact>
      <Fact name={monitor.view ? 'Feature view' : 'Endpoint'}>
        <ReferenceLink kind="endpoint" to={monitor.view ? `view:${monitor.view}` : monitor.endpoint} />
      </Fact>
      <Fact name="Columns">{monitor.columns?.join(', ') ?? 'all of the live model'}</Fact>
      <Fact name="Window">{monitor.window ? `${monitor.window} rows` : 'default'}</Fact>
      <Fact name="False alarms">
        {monitor.falseAlarmRate === undefined
          ? 'default'
          : `${formatShare(monitor.falseAlarmRate)} per check`}
      </Fact>
      <Fact name="Webhook">{monitor.webhook ?? 'none'}</Fact>
    </Summary>
  );
}

const limit = { name: 'threshold', value: 1 } as const;

function Results({ name }: { readonly name: string }) {
  const results = useQuery(ask('monitoring', 'results', { name, limit: 1000 }));
  const items = results.data?.items;
  const lines = useMemo(
    () =>
      toLines(
        items ?? [],
        (result) => `${result.column} (${result.statistic})`,
        (result) => result.eventTime,
        toThresholdRatio,
      ).map(({ name: column, points }) => ({ name: column, points: breakAtHoles(points) })),
    [items],
  );
  return (
    <Answer of={results}>
      {(page) => (
        <div className="stack">
          <Chart
            title={`${name}, as a multiple of the threshold`}
            lines={lines}
            limit={limit}
            fromZero
            empty="Two judged windows make a line."
          />
          <DataTable
            label="results"
            rows={page.items}
            columns={columns}
            rowKey={(result) =>
              `${result.eventTime} ${result.column} ${result.statistic} ${result.checkedAt}`
            }
            empty={
              <EmptyState command={`tidemill monitors check ${name}`}>
                This monitor has judged no window yet.
              </EmptyState>
            }
          />
        </div>
      )}
    </Answer>
  );
}

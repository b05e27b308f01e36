import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { FeatureHealth, FeatureMeasure, FeatureView } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { formatCount, formatDuration, formatShare } from '../../../lib/format.ts';
import { References } from './definition-facts.tsx';
import { ParityPanel } from './ParityPanel.tsx';

/** Whether a view is fresh, filled and equal online and offline: the last measurement, or one taken now. */
export function HealthPanel({ view }: { readonly view: FeatureView }) {
  const input = { name: view.name, version: String(view.version) };
  const asked = ask('features', 'health', { ...input, kept: true });
  const health = useQuery({ ...asked, retry: false });
  const queries = useQueryClient();
  const measure = useMutation({
    mutationFn: () => client().features.health(input),
    onSuccess: (found) => queries.setQueryData(asked.queryKey, found),
  });
  return (
    <div className="stack">
      <Panel
        title="Measured"
        aside={
          <div className="row">
            <Button onClick={() => measure.mutate()} loading={measure.isPending}>
              Measure now
            </Button>
            <SourceMenu asked={asked} />
          </div>
        }
      >
        {measure.error && <ErrorNotice error={measure.error} />}
        {health.isPending && <p className="dim">It is being measured for the first time.</p>}
        <Answer of={health} height={320}>
          {(found) => <Measured health={found} />}
        </Answer>
      </Panel>
    </div>
  );
}

const Measured = ({ health }: { readonly health: FeatureHealth }) => (
  <div className="stack">
    <MeasuredFacts health={health} />
    <FreshnessPanel health={health} />
    <FeaturesPanel health={health} />
    <ParityPanel parity={health.parity} />
  </div>
);

function MeasuredFacts({ health }: { readonly health: FeatureHealth }) {
  return (
    <Summary>
      <Fact name="Measured">
        <Time at={health.measuredAt} /> in {formatDuration(health.tookMs)}
      </Fact>
      <Fact name="Offline rows">
        <Figure count value={health.rows} />
      </Fact>
      <Fact name="Entities">
        <Figure count value={health.entities} />
      </Fact>
      <Fact name="Ahead of now">
        <Figure count value={health.pending} unit="rows" />
      </Fact>
      <Fact name="Read from">
        <References kind="dataset" to={health.versions} />
      </Fact>
      <Fact name="Last materialized">
        {health.materialization ? <Time at={health.materialization.finishedAt} /> : 'never'}
      </Fact>
    </Summary>
  );
}

function FreshnessPanel({ health: { freshness } }: { readonly health: FeatureHealth }) {
  const sides = [
    { name: 'Online', newest: freshness.online },
    { name: 'Offline', newest: freshness.offline },
  ];
  return (
    <Panel
      title="Freshness"
      aside={freshness.objective ? `objective ${freshness.objective}` : 'no objective'}
    >
      <p style={{ padding: '4px 0 10px' }}>
        {freshness.met !== null && (
          <>
            <StatusBadge
              state={freshness.met ? 'met' : 'missed'}
              tone={freshness.met ? 'good' : 'bad'}
            />{' '}
          </>
        )}
        {freshness.text}
      </p>
      <Summary>
        {sides.map(({ name, newest }) => (
          <Fact key={name} name={`Newest ${name.toLowerCase()}`}>
            {newest ? (
              <>
                <EventTime at={newest.eventTime} />{' '}
                <span className="dim">{formatDuration(newest.ageMs)} old</span>
              </>
            ) : (
              'nothing'
            )}
          </Fact>
        ))}
      </Summary>
    </Panel>
  );
}

const rate = (side: 'offline' | 'online', title: string): DataColumn<FeatureMeasure> => ({
  id: side,
  title,
  value: (feature) => feature[side].rate,
  cell: ({ [side]: nulls }) => (
    <span className="number" title={`${formatCount(nulls.nulls)} of ${formatCount(nulls.rows)}`}>
      {nulls.rate === null ? '–' : formatShare(nulls.rate)}
    </span>
  ),
  align: 'right',
  width: 130,
});

const columns: readonly DataColumn<FeatureMeasure>[] = [
  { id: 'name', title: 'Feature', value: ({ name }) => name },
  { id: 'type', title: 'Type', value: ({ type }) => type, width: 110 },
  rate('offline', 'Null offline'),
  rate('online', 'Null online'),
  {
    id: 'drift',
    title: 'Drift',
    value: ({ drift }) => drift?.value,
    cell: ({ drift }) =>
      drift ? (
        <span title={`${formatCount(drift.rows)} rows against ${formatCount(drift.referenceRows)}`}>
          <Figure value={drift.value} digits={3} unit={drift.statistic === 'ks' ? 'KS' : 'χ²'} />
        </span>
      ) : (
        '–'
      ),
    align: 'right',
    width: 120,
  },
  {
    id: 'threshold',
    title: 'Threshold',
    value: ({ drift }) => drift?.threshold,
    cell: ({ drift }) => <Figure value={drift?.threshold} digits={3} />,
    align: 'right',
    width: 120,
  },
  {
    id: 'verdict',
    title: '',
    value: ({ drift }) => drift?.breached,
    cell: ({ drift }) => drift && <StatusBadge state={drift.breached ? 'breached' : 'normal'} />,
    width: 120,
  },
];

const FeaturesPanel = ({ health }: { readonly health: FeatureHealth }) => (
  <Panel
    title="Null rate and drift"
    aside={health.driftReference ? `against ${health.driftReference}` : 'no reference for drift'}
  >
    <DataTable
      plain
      label="feature measures"
      rows={health.features}
      columns={columns}
      rowKey={({ name }) => name}
      maximumHeight="420px"
      minimumWidth={960}
      empty={<EmptyState>It has no feature.</EmptyState>}
    />
  </Panel>
);

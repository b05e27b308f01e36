import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { EndpointStats } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Chart } from '../../../components/Chart.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import { formatShare } from '../../../lib/format.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import classes from './TrafficPanel.module.css';
import { phases, toMinutes, toPhaseLines, toRateLines, toShownVariant } from './traffic.ts';

type Counts = EndpointStats['variants'][number];
type Percentile = 'p50' | 'p95' | 'p99';

const spans = ['5', '15', '60'] as const;
const refreshMs = 10_000;

/** Requests, failures and latency per variant and phase, by the minute, as they come in. */
export function TrafficPanel({ name }: { readonly name: string }) {
  const [search, change] = useScreenSearch();
  const minutes = spans.find((known) => known === search.state) ?? '15';
  const asked = ask('endpoints', 'stats', { name, minutes: Number(minutes) });
  const stats = useQuery({ ...asked, refetchInterval: refreshMs });
  return (
    <div className="stack">
      <div className="row">
        <SegmentedControl
          size="xs"
          transitionDuration={0}
          aria-label="How far back"
          data={spans.map((value) => ({ value, label: `${value} minutes` }))}
          value={minutes}
          onChange={(state) => change({ state })}
        />
        <div className="row" style={{ marginLeft: 'auto', gap: 0 }}>
          <SourceMenu asked={asked} />
        </div>
      </div>
      <Answer of={stats} height={320}>
        {(found) =>
          found.variants.length === 0 ? (
            <EmptyState command={`tidemill endpoints predict ${name} --record …`}>
              Nobody asked this endpoint in the last {minutes} minutes. Older requests stand under
              Predictions.
            </EmptyState>
          ) : (
            <Traffic stats={found} />
          )
        }
      </Answer>
    </div>
  );
}

function Traffic({ stats }: { readonly stats: EndpointStats }) {
  const shown = toShownVariant(stats);
  const minutes = toMinutes(stats);
  const domain = [minutes[0] ?? stats.from, stats.to] as const;
  const ofShown = stats.series.filter(({ variant, model }) => `${variant} ${model}` === shown?.key);
  return (
    <>
      <Panel title="Variants">
        <DataTable
          plain
          label="traffic"
          rows={stats.variants}
          columns={variantColumns((stats.to - stats.from) / 1000)}
          rowKey={(row) => `${row.variant} ${row.model}`}
        />
      </Panel>
      <div className={classes.charts}>
        <Chart
          title="Requests per minute"
          lines={toRateLines(stats, minutes)}
          domain={domain}
          group="traffic"
          fromZero
          empty="Nobody asked."
        />
        <Chart
          title={stats.variants.length > 1 ? `Latency of ${shown?.variant}` : 'Latency'}
          lines={toPhaseLines(ofShown, minutes, 'total')}
          domain={domain}
          group="traffic"
          unit="ms"
          fromZero
          empty="Two minutes with requests make a line."
        />
      </div>
      <Panel title="Where the time goes">
        <DataTable
          plain
          label="phases"
          rows={stats.variants
            .filter(({ requests, failures }) => requests > failures)
            .flatMap((counts) => phases.map((phase) => ({ ...counts, phase })))}
          columns={phaseColumns}
          rowKey={(row) => `${row.variant} ${row.model} ${row.phase}`}
        />
      </Panel>
      <p className="dim">
        Of this server, since it was started or in the last hour; percentiles are right to within 5 %. For
        more, point Prometheus at <code>/metrics</code>.
      </p>
    </>
  );
}

const share = (part: number, whole: number) => (part === 0 ? '–' : formatShare(part / Math.max(whole, 1)));

const timeColumn = (percentile: Percentile): DataColumn<Counts> => ({
  id: percentile,
  title: percentile,
  unit: 'ms',
  value: ({ phases: { total } }) => total[percentile],
  cell: ({ phases: { total } }) => <Figure value={total[percentile]} digits={3} />,
  align: 'right',
  width: 90,
});

const variantColumns = (seconds: number): readonly DataColumn<Counts>[] => [
  { id: 'variant', title: 'Variant', value: (row) => row.variant || '–', width: 140 },
  {
    id: 'model',
    title: 'Model',
    value: (row) => row.model,
    cell: (row) =>
      row.model === '' ? (
        <span className="dim">no single one was the cause</span>
      ) : (
        <ReferenceLink kind="model" to={row.model} />
      ),
  },
  { id: 'requests', title: 'Requests', value: (row) => row.requests, align: 'right', width: 100 },
  {
    id: 'rate',
    title: 'Rate',
    unit: '/s',
    value: (row) => row.requests / Math.max(seconds, 1),
    cell: (row) => <Figure value={row.requests / Math.max(seconds, 1)} digits={3} />,
    align: 'right',
    width: 90,
  },
  {
    id: 'fallbacks',
    title: 'By fallback',
    value: (row) => row.fallbacks,
    cell: (row) => share(row.fallbacks, row.requests),
    align: 'right',
    width: 110,
  },
  {
    id: 'failures',
    title: 'Failed',
    value: (row) => row.failures,
    cell: (row) => share(row.failures, row.requests),
    align: 'right',
    width: 90,
  },
  timeColumn('p50'),
  timeColumn('p95'),
  timeColumn('p99'),
];

type PhaseRow = Counts & { readonly phase: (typeof phases)[number] };

const phaseTime = (percentile: Percentile): DataColumn<PhaseRow> => ({
  id: percentile,
  title: percentile,
  unit: 'ms',
  value: (row) => row.phases[row.phase][percentile],
  cell: (row) => <Figure value={row.phases[row.phase][percentile]} digits={3} />,
  align: 'right',
  width: 90,
});

const phaseWords: Readonly<Record<PhaseRow['phase'], string>> = {
  queue: 'waiting for the model',
  features: 'online features looked up',
  inference: 'the model itself',
  total: 'from request to answer',
};

const phaseColumns: readonly DataColumn<PhaseRow>[] = [
  { id: 'variant', title: 'Variant', value: (row) => row.variant, width: 140 },
  { id: 'phase', title: 'Phase', value: (row) => row.phase, width: 110 },
  { id: 'what', title: 'What it is', value: (row) => phaseWords[row.phase] },
  phaseTime('p50'),
  phaseTime('p95'),
  phaseTime('p99'),
];

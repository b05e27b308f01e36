import { Button } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import type { Run } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Detail } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';
import type { Asked } from '../../../lib/http-form.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import classes from './Compare.module.css';
import { ComparedMetrics, ComparedTexts } from './ComparedTables.tsx';
import { type ComparedRun, parseIds, toMetricOrder, toUniqueNames } from './compare-rules.ts';
import { DiffPanel } from './DiffPanel.tsx';
import { MetricBoard } from './MetricBoard.tsx';
import { mostCompared } from './run-column-ids.ts';
import { nameOf } from './run-columns.tsx';
import { ScatterPanel } from './ScatterPanel.tsx';

export function CompareScreen() {
  const [search, change] = useScreenSearch();
  const ids = useMemo(() => parseIds(search.ids, mostCompared), [search.ids]);
  const { runs, errors, isLoading } = useQueries({
    queries: ids.map(toQuery),
    combine: (results) => ({
      runs: results.flatMap((result) => result.data ?? []),
      errors: results.flatMap((result) => (result.data ? [] : (result.error ?? []))),
      isLoading: results.some((result) => result.isPending),
    }),
  });
  const compared = useMemo(() => {
    const names = toUniqueNames(runs.map((run) => ({ id: run.id, name: nameOf(run) })));
    return runs.map((run, index) => ({ run, name: names[index] ?? run.id }));
  }, [runs]);
  const experiment = runs[0]?.experimentId;
  return (
    <>
      <PageHeader
        title={`Compare ${plural(ids.length, 'run')}`}
        trail={[
          { text: 'Experiments', to: '/experiments' },
          ...(experiment ? [{ text: 'Runs', to: `/experiments/${experiment}` }] : []),
        ]}
        {...(ids[0] && { asked: toAsked(ids[0], ids[1]) })}
      />
      {errors[0] && <ErrorNotice error={errors[0]} />}
      {ids.length === 0 && (
        <EmptyState command="tidemill runs search">
          Choose runs in the table of an experiment to see them side by side.
        </EmptyState>
      )}
      {isLoading && <div style={{ minHeight: 200 }} aria-busy="true" />}
      {!isLoading && compared.length > 0 && (
        <>
          <Legend
            compared={compared}
            onRemove={(gone) => change({ ids: ids.filter((id) => id !== gone).join(',') || undefined })}
          />
          <Tabs compared={compared} />
        </>
      )}
    </>
  );
}

/** What has ended stands still: twenty of them need not be asked for again at every event. */
const toQuery = (id: string) => ({
  ...ask('experiments', 'getRun', { id }),
  staleTime: ({ state }: { readonly state: { readonly data: Run | undefined } }) =>
    state.data && state.data.status !== 'RUNNING' ? ('static' as const) : usuallyStaleMs,
});
const usuallyStaleMs = 30_000;

/** Two are a question of their own; of more, each is asked for by itself. */
const toAsked = (a: string, b: string | undefined): Asked =>
  b ? ask('experiments', 'diffRuns', { a, b }) : ask('experiments', 'getRun', { id: a });

function Tabs({ compared }: { readonly compared: readonly ComparedRun[] }) {
  const runs = useMemo(
    () => compared.map(({ run, name }) => ({ id: run.id, name, isRunning: run.status === 'RUNNING' })),
    [compared],
  );
  const [a, b] = compared;
  const names = useMemo(
    () => toMetricOrder([...new Set(compared.flatMap(({ run }) => Object.keys(run.metrics)))]),
    [compared],
  );
  return (
    <Detail
      tabs={[
        {
          id: 'curves',
          title: 'Curves',
          render: () => <MetricBoard runs={runs} names={names} none="None of these runs logged a metric." />,
        },
        {
          id: 'parameters',
          title: 'Parameters',
          render: () => <ComparedTexts compared={compared} what="parameters" />,
        },
        { id: 'metrics', title: 'Metrics', render: () => <ComparedMetrics compared={compared} /> },
        { id: 'tags', title: 'Tags', render: () => <ComparedTexts compared={compared} what="tags" /> },
        ...(a && b && compared.length === 2
          ? [
              {
                id: 'made-of',
                title: 'Code and data',
                render: () => <DiffPanel a={a.run.id} b={b.run.id} />,
              },
            ]
          : []),
        { id: 'scatter', title: 'Scatter', render: () => <ScatterPanel compared={compared} /> },
      ]}
    />
  );
}

interface LegendProps {
  readonly compared: readonly ComparedRun[];
  readonly onRemove: (id: string) => void;
}

function Legend({ compared, onRemove }: LegendProps) {
  return (
    <ul className={classes.legend} aria-label="Runs compared">
      {compared.map(({ run, name }, index) => (
        <li key={run.id} className={classes.run}>
          <Stroke index={index} />
          <ReferenceLink kind="run" to={run.id} text={name} />
          <StatusBadge state={run.status} />
          <span className="dim">
            <Time at={run.startedAt} />
          </span>
          <Button
            variant="subtle"
            color="gray"
            size="compact-xs"
            aria-label={`Leave out ${name}`}
            onClick={() => onRemove(run.id)}
          >
            ×
          </Button>
        </li>
      ))}
    </ul>
  );
}

const colors = 6;
const dashes = ['', '4 3', '1.5 3', '6 2 1.5 2'];

/** The line a run is drawn with, as the charts choose it. */
const Stroke = ({ index }: { readonly index: number }) => (
  <svg className={classes.stroke} viewBox="0 0 18 8" aria-hidden="true">
    <path
      d="M0 4h18"
      stroke={`var(--series-${(index % colors) + 1})`}
      strokeWidth="2.5"
      strokeDasharray={dashes[Math.floor(index / colors) % dashes.length]}
    />
  </svg>
);

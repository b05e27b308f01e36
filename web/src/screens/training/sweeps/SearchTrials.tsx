import type { Sweep, Trial } from '@tidemill/sdk';
import { useMemo } from 'react';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { RowLink } from '../../../components/RowLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { absent, formatDuration, formatNumber, formatValue } from '../../../lib/format.ts';
import { goalValue, type Search } from './search-words.ts';

interface SearchTrialsProps {
  readonly sweep: Sweep;
  readonly search: Search;
}

const valueWidth = 110;
const parameterWidth = 110;
/** Of the columns that are always there. */
const otherWidths = 1040;

/** Every trial with its parameters; those at work too. */
export function SearchTrials({ sweep: { trials, front, best }, search }: SearchTrialsProps) {
  const { goals, space } = search;
  // A running search is asked for every two seconds, and its definition is another object each time it changed at all.
  const shape = JSON.stringify([goals.map(({ metric }) => metric), Object.keys(space)]);
  const columns = useMemo(() => {
    const [metrics, names] = JSON.parse(shape) as [string[], string[]];
    return toColumns(metrics, names);
  }, [shape]);
  const marked = front.length > 0 ? front : best ? [best.number] : [];
  const rows = useMemo(() => trials.toSorted((a, b) => b.number - a.number), [trials]);
  return (
    <>
      {marked.length > 0 && (
        <p className="dim" style={{ marginBottom: 8 }}>
          {front.length > 0 ? 'On the front: ' : 'The best: '}
          {marked.map((number, place) => (
            <span key={number}>
              {place > 0 && ', '}
              <ReferenceLink
                kind="run"
                to={trials.find((trial) => trial.number === number)?.runId}
                text={`trial ${number}`}
              />
            </span>
          ))}
        </p>
      )}
      <DataTable
        label="trials"
        rows={rows}
        columns={columns}
        rowKey={(trial) => String(trial.number)}
        minimumWidth={otherWidths + valueWidth * goals.length + parameterWidth * Object.keys(space).length}
        empty={<EmptyState>No trial has started.</EmptyState>}
      />
    </>
  );
}

const tookMs = ({ startedAt, endedAt }: Trial) => (endedAt === null ? null : endedAt - startedAt);

function toColumns(metrics: readonly string[], names: readonly string[]): DataColumn<Trial>[] {
  return [
    { id: 'number', title: 'Trial', value: (trial) => trial.number, align: 'right', width: 70 },
    {
      id: 'state',
      title: 'State',
      value: (trial) => trial.state,
      cell: (trial) => (
        <>
          <StatusBadge state={trial.state} />
          {trial.cachedFrom !== undefined && (
            <span
              className="dim"
              title={`taken from the finished run of ${trial.cachedFrom}; nothing was run`}
            >
              {' '}
              taken
            </span>
          )}
        </>
      ),
      width: 140,
    },
    ...metrics.map(
      (metric, goal): DataColumn<Trial> => ({
        id: `value:${metric}`,
        title: metric,
        value: (trial) => goalValue(trial, goal),
        cell: (trial) => <Figure value={goalValue(trial, goal)} />,
        align: 'right',
        width: valueWidth,
      }),
    ),
    ...names.map(
      (name): DataColumn<Trial> => ({
        id: `parameter:${name}`,
        title: name,
        value: (trial) => trial.parameters[name],
        cell: ({ parameters }) => {
          const value = parameters[name];
          return typeof value === 'number' ? (
            <span className="number" title={String(value)}>
              {formatNumber(value)}
            </span>
          ) : (
            formatValue(value)
          );
        },
        align: 'right',
        width: parameterWidth,
      }),
    ),
    { id: 'steps', title: 'Last step', value: (trial) => trial.lastStep, align: 'right', width: 100 },
    {
      id: 'took',
      title: 'Took',
      value: tookMs,
      cell: (trial) => formatDuration(tookMs(trial)),
      align: 'right',
      width: 90,
    },
    { id: 'cost', title: 'Cost', value: (trial) => trial.cost, align: 'right', width: 80, hidden: true },
    {
      id: 'run',
      title: 'Run',
      value: (trial) => trial.runId,
      cell: ({ runId }) => <RowLink to={`/runs/${encodeURIComponent(runId)}`}>{shortId(runId)}</RowLink>,
      width: 140,
    },
    {
      id: 'job',
      title: 'Job',
      value: (trial) => trial.jobId,
      cell: ({ jobId }) =>
        jobId ? <RowLink to={`/jobs/${encodeURIComponent(jobId)}`}>{shortId(jobId)}</RowLink> : absent,
      width: 140,
    },
    {
      id: 'source',
      title: 'From',
      value: (trial) => trial.source,
      hidden: true,
      width: 160,
    },
    {
      id: 'error',
      title: 'Error',
      value: (trial) => trial.error,
      cell: ({ error }) => <span title={error ?? undefined}>{error ?? ''}</span>,
    },
  ];
}

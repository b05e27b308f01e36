import { useQuery } from '@tanstack/react-query';
import type { PredictionRecord } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { RowLink } from '../../../components/RowLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatKey } from '../../../lib/format.ts';

const errorOf = (record: PredictionRecord) =>
  record.prediction === null || record.outcome === null ? null : record.prediction - record.outcome;

const milliseconds = (
  id: string,
  title: string,
  value: (record: PredictionRecord) => number,
): DataColumn<PredictionRecord> => ({
  id,
  title,
  unit: 'ms',
  value,
  cell: (record) => <Figure value={value(record)} digits={3} />,
  align: 'right',
  width: 100,
  hidden: id !== 'total',
});

const originColumn = (endpoint: string): DataColumn<PredictionRecord> => ({
  id: 'origin',
  title: 'Lineage',
  value: (record) => record.id,
  cell: ({ id }) => (
    <RowLink to={`/lineage?${new URLSearchParams({ uri: `prediction:${id}`, endpoint })}`}>came from</RowLink>
  ),
  width: 110,
});

const columns: readonly DataColumn<PredictionRecord>[] = [
  {
    id: 'eventTime',
    title: 'For',
    value: (record) => record.eventTime,
    cell: (record) => <EventTime at={record.eventTime} />,
    width: 120,
  },
  { id: 'key', title: 'Entity', value: (record) => formatKey(record.key), width: 120 },
  {
    id: 'model',
    title: 'Model',
    value: (record) => record.model,
    cell: (record) =>
      record.model === 'fallback' ? 'rule' : <ReferenceLink kind="model" to={record.model} />,
  },
  {
    id: 'source',
    title: 'Answered by',
    value: (record) => record.source,
    cell: (record) => (
      <span title={record.fallbackReason ?? undefined}>
        <StatusBadge state={record.source} word={record.source === 'fallback' ? 'rule' : 'model'} />
      </span>
    ),
    width: 110,
  },
  {
    id: 'role',
    title: 'Role',
    value: (record) => record.role,
    cell: (record) => <StatusBadge state={record.role} />,
    width: 100,
  },
  {
    id: 'prediction',
    title: 'Prediction',
    value: (record) => record.prediction,
    cell: (record) => <Figure value={record.prediction} digits={6} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'outcome',
    title: 'Outcome',
    value: (record) => record.outcome,
    cell: (record) => <Figure value={record.outcome} digits={6} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'error',
    title: 'Error',
    value: errorOf,
    cell: (record) => <Figure value={errorOf(record)} />,
    align: 'right',
    width: 100,
  },
  milliseconds('total', 'Took', (record) => record.totalMs),
  milliseconds('queue', 'Queue', (record) => record.queueMs),
  milliseconds('features', 'Features', (record) => record.featureMs),
  milliseconds('inference', 'Inference', (record) => record.inferenceMs),
  {
    id: 'revision',
    title: 'Revision',
    value: (record) => record.revision,
    align: 'right',
    width: 90,
    hidden: true,
  },
  {
    id: 'at',
    title: 'Made',
    value: (record) => record.at,
    cell: (record) => <Time at={record.at} />,
    align: 'right',
    width: 110,
  },
];

const shown = 500;

/** The newest predictions with what really happened. */
export function PredictionsPanel({ name }: { readonly name: string }) {
  const predictions = useQuery(ask('predictions', 'list', { name, limit: shown }));
  const all = useMemo(() => [...columns, originColumn(name)], [name]);
  return (
    <Answer of={predictions} height={320}>
      {({ items }) => (
        <DataTable
          label="predictions"
          rows={items}
          columns={all}
          rowKey={(record) => `${record.id} ${record.variant}`}
          empty={
            <EmptyState
              command={`curl -s -X POST ${location.origin}/api/v1/endpoints/${name}/predict -H 'content-type: application/json' -d '{"records":[{}]}'`}
            >
              Nobody has asked this endpoint yet.
            </EmptyState>
          }
        />
      )}
    </Answer>
  );
}

import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { PredictionRecord } from '@tidemill/sdk';
import { type FormEvent, useMemo, useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { RowLink } from '../../../components/RowLink.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatKey, formatValue } from '../../../lib/format.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';

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
  width: 90,
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
    width: 170,
  },
  { id: 'key', title: 'Entity', value: (record) => formatKey(record.key), width: 100 },
  {
    id: 'model',
    title: 'Model',
    width: 130,
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
    hidden: true,
  },
  {
    id: 'status',
    title: 'Status',
    value: (record) => record.status,
    cell: (record) => (
      <span title={record.error ?? record.fallbackReason ?? undefined}>
        <StatusBadge state={record.status === 'ok' ? 'model' : record.status} word={record.status} />
      </span>
    ),
    width: 100,
  },
  {
    id: 'warnings',
    title: 'Warnings',
    value: (record) => record.warnings.length,
    cell: (record) =>
      record.warnings.length > 0 && <span title={record.warnings.join('\n')}>{record.warnings.length}</span>,
    align: 'right',
    width: 100,
    hidden: true,
  },
  { id: 'caller', title: 'Caller', value: (record) => record.caller, width: 110 },
  { id: 'variant', title: 'Variant', value: (record) => record.variant, width: 110, hidden: true },
  { id: 'request', title: 'Request', value: (record) => record.requestId, width: 130, hidden: true },
  {
    id: 'role',
    title: 'Role',
    value: (record) => record.role,
    cell: (record) => <StatusBadge state={record.role} />,
    width: 100,
    hidden: true,
  },
  {
    id: 'prediction',
    title: 'Prediction',
    value: (record) => record.prediction,
    cell: (record) =>
      record.prediction === null && record.output !== null ? (
        <span title={JSON.stringify(record.output)}>{formatValue(record.output)}</span>
      ) : (
        <Figure value={record.prediction} digits={6} />
      ),
    align: 'right',
    width: 100,
  },
  {
    id: 'outcome',
    title: 'Outcome',
    value: (record) => record.outcome,
    cell: (record) => <Figure value={record.outcome} digits={6} />,
    align: 'right',
    width: 95,
  },
  {
    id: 'error',
    title: 'Error',
    value: errorOf,
    cell: (record) => <Figure value={errorOf(record)} />,
    align: 'right',
    width: 85,
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
    width: 80,
  },
];

const shown = 500;
const statuses = ['ok', 'fallback', 'failed', 'refused'] as const;

/** The newest predictions with what really happened; narrowed by the server, down to one and its chain. */
export function PredictionsPanel({ name }: { readonly name: string }) {
  const [search] = useScreenSearch();
  const status = statuses.find((known) => known === search.state);
  const { key, actor: caller } = search;
  const asked = ask('predictions', 'list', { name, limit: shown, status, key, caller });
  const predictions = useQuery(asked);
  const all = useMemo(() => [...columns, originColumn(name)], [name]);
  const isNarrowed = status !== undefined || key !== undefined || caller !== undefined;
  return (
    <div className="stack">
      <div className="row">
        <Narrow />
        <div className="row" style={{ marginLeft: 'auto', gap: 0 }}>
          <SourceMenu asked={asked} />
        </div>
      </div>
      <Answer of={predictions} height={320}>
        {({ items }) => (
          <DataTable
            label="predictions"
            rows={items}
            columns={all}
            rowKey={(record) => `${record.id} ${record.variant}`}
            empty={
              isNarrowed ? (
                <EmptyState>No prediction is like that.</EmptyState>
              ) : (
                <EmptyState
                  command={`curl -s -X POST ${location.origin}/api/v1/endpoints/${name}/predict -H 'content-type: application/json' -d '{"records":[{}]}'`}
                >
                  Nobody has asked this endpoint yet.
                </EmptyState>
              )
            }
          />
        )}
      </Answer>
    </div>
  );
}

function Narrow() {
  const [search, change] = useScreenSearch();
  return (
    <>
      <Select
        size="xs"
        w={150}
        aria-label="Status"
        placeholder="any status"
        clearable
        data={[...statuses]}
        value={search.state ?? null}
        onChange={(state) => change({ state: state ?? undefined })}
      />
      <Word label="Entity" value={search.key} onChange={(key) => change({ key })} />
      <Word label="Caller" value={search.actor} onChange={(actor) => change({ actor })} />
    </>
  );
}

interface WordProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}

/** Asked for when one is done typing. */
function Word({ label, value = '', onChange }: WordProps) {
  const [text, setText] = useState(value);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(text.trim() || undefined);
  };
  return (
    <form onSubmit={submit}>
      <TextInput
        size="xs"
        w={150}
        type="search"
        aria-label={label}
        placeholder={label.toLowerCase()}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => onChange(text.trim() || undefined)}
      />
    </form>
  );
}

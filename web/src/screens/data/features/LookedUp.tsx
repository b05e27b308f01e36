import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Column, FeatureService, FeatureStatus, FeatureView } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge, type Tone } from '../../../components/StatusBadge.tsx';
import { EventTime } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatValue } from '../../../lib/format.ts';
import type { Asked } from '../../../lib/http-form.ts';
import type { LookupQuestion } from './LookupForm.tsx';

/** One feature of one entity. */
interface Value {
  readonly id: string;
  readonly entity: string;
  readonly feature: string;
  readonly value: unknown;
  readonly status: FeatureStatus;
  readonly eventTime: number | null;
}

interface Question {
  readonly keys: readonly Column[];
  readonly question: LookupQuestion;
}

const nameOf = (entity: Readonly<Record<string, unknown>>, keys: readonly Column[]) =>
  keys.map(({ name }) => formatValue(entity[name])).join(', ');

/** Always asked anew: online values change. */
const now = { retry: false, staleTime: 0, gcTime: 0 } as const;

export function ViewValues({ view, keys, question }: Question & { readonly view: FeatureView }) {
  const asked = ask('features', 'lookup', {
    name: view.name,
    version: String(view.version),
    entities: [...question.entities],
  });
  const lookup = useQuery({
    ...asked,
    ...now,
    select: ({ rows }) =>
      question.entities.flatMap((entity, index) =>
        view.features.map(
          ({ name }): Value => ({
            id: `${index} ${name}`,
            entity: nameOf(entity, keys),
            feature: name,
            value: rows[index]?.values[name],
            status: rows[index]?.statuses[name] ?? 'NOT_FOUND',
            eventTime: rows[index]?.eventTime ?? null,
          }),
        ),
      ),
  });
  return <ValuesTable asked={asked} of={lookup} />;
}

export function ServiceValues({ service, keys, question }: Question & { readonly service: FeatureService }) {
  const asked = ask('features', 'lookupService', {
    name: service.name,
    version: String(service.version),
    entities: [...question.entities],
    ...(question.request && { request: [question.request] }),
  });
  const lookup = useQuery({
    ...asked,
    ...now,
    select: ({ features, rows }) =>
      question.entities.flatMap((entity, index) =>
        features.map(
          (feature, place): Value => ({
            id: `${index} ${feature}`,
            entity: nameOf(entity, keys),
            feature,
            value: rows[index]?.values[place],
            status: rows[index]?.statuses[place] ?? 'NOT_FOUND',
            eventTime: rows[index]?.eventTimes[place] ?? null,
          }),
        ),
      ),
  });
  return <ValuesTable asked={asked} of={lookup} />;
}

const tones: Readonly<Record<FeatureStatus, Tone>> = {
  PRESENT: 'good',
  NULL_VALUE: 'idle',
  NOT_FOUND: 'bad',
  OUTSIDE_MAX_AGE: 'warn',
};

const columns: readonly DataColumn<Value>[] = [
  { id: 'entity', title: 'Entity', value: ({ entity }) => entity, width: 180 },
  { id: 'feature', title: 'Feature', value: ({ feature }) => feature, width: 200 },
  {
    id: 'value',
    title: 'Value',
    value: ({ value }) => formatValue(value),
    cell: ({ value }) => (
      <span className="number" title={formatValue(value)}>
        {formatValue(value)}
      </span>
    ),
    align: 'right',
  },
  {
    id: 'status',
    title: 'Status',
    value: ({ status }) => status,
    cell: ({ status }) => <StatusBadge state={status} tone={tones[status]} word={status} />,
    width: 190,
  },
  {
    id: 'eventTime',
    title: 'Event time',
    value: ({ eventTime }) => eventTime,
    cell: ({ eventTime }) => <EventTime at={eventTime} />,
    align: 'right',
    width: 170,
  },
];

interface ValuesTableProps {
  readonly asked: Asked;
  readonly of: UseQueryResult<Value[]>;
}

const ValuesTable = ({ asked, of }: ValuesTableProps) => (
  <Panel title="Values" aside={<SourceMenu asked={asked} />}>
    <Answer of={of}>
      {(values) => (
        <DataTable
          plain
          label="online values"
          rows={values}
          columns={columns}
          rowKey={({ id }) => id}
          maximumHeight="520px"
          minimumWidth={820}
        />
      )}
    </Answer>
  </Panel>
);

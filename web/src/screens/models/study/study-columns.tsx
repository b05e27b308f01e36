import type { StudySummary } from '@tidemill/sdk';
import type { DataColumn } from '../../../components/data-column.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';

export const studyColumns: readonly DataColumn<StudySummary>[] = [
  {
    id: 'id',
    title: 'Study',
    value: ({ id }) => id,
    cell: ({ id }) => <ReferenceLink kind="study" to={id} text={shortId(id)} />,
    width: 120,
  },
  { id: 'kind', title: 'Kind', value: ({ kind }) => kind, width: 110 },
  {
    id: 'state',
    title: 'State',
    value: ({ state }) => state,
    cell: ({ state }) => <StatusBadge state={state} />,
    width: 120,
  },
  {
    id: 'model',
    title: 'Model',
    value: ({ model }) => model,
    cell: ({ model }) => (model ? <ReferenceLink kind="model" to={model} /> : 'a table'),
  },
  {
    id: 'dataset',
    title: 'On',
    value: ({ dataset }) => dataset,
    cell: ({ dataset }) =>
      /^[^\s,]+@\d+$/.test(dataset) ? <ReferenceLink kind="dataset" to={dataset} /> : dataset,
  },
  { id: 'says', title: 'Says', value: ({ progress, error }) => progress?.step ?? error ?? '' },
  {
    id: 'created',
    title: 'When',
    value: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <Time at={createdAt} />,
    align: 'right',
    width: 105,
  },
];

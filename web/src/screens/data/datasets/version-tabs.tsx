import type { DatasetVersion } from '@tidemill/sdk';
import type { DetailTab } from '../../../components/Detail.tsx';
import { isTrainingSet, TrainingSetPanel } from '../features/TrainingSetPanel.tsx';
import { ProfilePanel } from '../profiling/ProfilePanel.tsx';
import { RowsPanel } from './RowsPanel.tsx';
import { SchemaPanel } from './SchemaPanel.tsx';

/** What a version holds; the same for the newest one of a dataset as for any other. */
export const toVersionTabs = (version: DatasetVersion): readonly DetailTab[] => [
  ...(isTrainingSet(version)
    ? [
        {
          id: 'training-set',
          title: 'Training set',
          render: () => <TrainingSetPanel version={version} />,
        },
      ]
    : []),
  {
    id: 'schema',
    title: 'Schema',
    count: version.columns.length,
    render: () => <SchemaPanel columns={version.columns} />,
  },
  {
    id: 'rows',
    title: 'Rows',
    count: version.rows,
    render: () => <RowsPanel key={version.reference} version={version} />,
  },
  {
    id: 'profile',
    title: 'Profile',
    render: () => (
      <ProfilePanel name={version.dataset} version={String(version.version)} columns={version.columns} />
    ),
  },
];

import { useQuery } from '@tanstack/react-query';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ask } from '../../../lib/client.ts';
import { parseSort } from '../../../lib/search.ts';
import { useParam, useScreenSearch } from '../../../lib/url-state.ts';
import { RunsTable } from './RunsTable.tsx';
import { toOrderBy } from './run-column-ids.ts';

export function ExperimentScreen() {
  const id = useParam('id');
  const [search] = useScreenSearch();
  const experiment = useQuery(ask('experiments', 'getExperiment', { id }));
  const asked = ask('experiments', 'searchRuns', {
    experimentIds: [id],
    filter: search.filter,
    orderBy: toOrderBy(parseSort(search.sort)),
  });
  return (
    <>
      <PageHeader
        title={experiment.data?.name ?? id}
        trail={[{ text: 'Experiments', to: '/experiments' }]}
        about={experiment.data?.tags['mlflow.note.content']}
        asked={asked}
      />
      {experiment.error ? <ErrorNotice error={experiment.error} /> : <RunsTable key={id} experiment={id} />}
    </>
  );
}

import type { Sweep } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { ReferenceLink, shortId } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { toLabel } from '../../../lib/references.ts';
import { useParam } from '../../../lib/url-state.ts';
import { ConfirmPanel } from './ConfirmPanel.tsx';
import { LearnerActions } from './LearnerActions.tsx';
import { LearnerTrials } from './LearnerTrials.tsx';
import { SearchActions } from './SearchActions.tsx';
import { SearchFacts } from './SearchFacts.tsx';
import { SearchHistory } from './SearchHistory.tsx';
import { SearchImportance } from './SearchImportance.tsx';
import { SearchParallel } from './SearchParallel.tsx';
import { SearchSlices } from './SearchSlices.tsx';
import { SearchTrials } from './SearchTrials.tsx';
import { type Search, searchOf } from './search-words.ts';
import { useSweep } from './use-sweep.ts';

export function SweepScreen() {
  const id = useParam('id');
  const asked = ask('sweeps', 'get', { id });
  const sweep = useSweep(id);
  return (
    <Answer of={sweep}>
      {(value) => {
        const search = searchOf(value);
        return (
          <>
            <PageHeader
              title={`Sweep ${toLabel(String(value.definition.name ?? shortId(value.id)))}`}
              trail={[{ text: 'Sweeps', to: '/sweeps' }]}
              status={<StatusBadge state={value.state} />}
              {...(!search && value.error && { about: value.error })}
              asked={asked}
              actions={
                search ? <SearchActions sweep={value} search={search} /> : <LearnerActions sweep={value} />
              }
            />
            {search ? <SearchFacts sweep={value} search={search} /> : <LearnerFacts sweep={value} />}
            <Detail tabs={search ? searchTabs(value, search) : learnerTabs(value)} />
          </>
        );
      }}
    </Answer>
  );
}

const definitionTab = ({ definition }: Sweep) => ({
  id: 'definition',
  title: 'What was asked',
  render: () => <FieldsTable label="definition" fields={definition} none="Nothing." />,
});

const confirmationTab = (sweep: Sweep, search: Search | null) => ({
  id: 'confirmation',
  title: 'Confirmation',
  ...(sweep.confirmation && { count: sweep.confirmation.trials.length }),
  render: () => <ConfirmPanel sweep={sweep} search={search} />,
});

const searchTabs = (sweep: Sweep, search: Search) => [
  { id: 'history', title: 'History', render: () => <SearchHistory sweep={sweep} search={search} /> },
  {
    id: 'trials',
    title: 'Trials',
    count: sweep.trials.length,
    render: () => <SearchTrials sweep={sweep} search={search} />,
  },
  confirmationTab(sweep, search),
  { id: 'parallel', title: 'Parallel', render: () => <SearchParallel sweep={sweep} search={search} /> },
  { id: 'importance', title: 'Importance', render: () => <SearchImportance sweep={sweep} /> },
  { id: 'slices', title: 'Slices', render: () => <SearchSlices sweep={sweep} search={search} /> },
  definitionTab(sweep),
];

const learnerTabs = (sweep: Sweep) => [
  {
    id: 'trials',
    title: 'Trials',
    count: sweep.trials.length,
    render: () => <LearnerTrials trials={sweep.trials} />,
  },
  confirmationTab(sweep, null),
  definitionTab(sweep),
];

function LearnerFacts({ sweep }: { readonly sweep: Sweep }) {
  return (
    <Summary>
      <Fact name="Training set">
        <ReferenceLink kind="dataset" to={String(sweep.definition.trainingSet ?? '')} />
      </Fact>
      <Fact name="Best">
        {sweep.best ? (
          <>
            {sweep.best.learner} <Figure value={sweep.best.value} />
          </>
        ) : (
          '–'
        )}
      </Fact>
      <Fact name="Run">
        <ReferenceLink kind="run" to={sweep.runId} text={sweep.runId ? shortId(sweep.runId) : ''} />
      </Fact>
      <Fact name="Model">
        <ReferenceLink kind="model" to={sweep.modelVersion} />
      </Fact>
      <Fact name="Started">
        <Time at={sweep.createdAt} />
      </Fact>
    </Summary>
  );
}

import { Code, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { AnalysisRun } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask, client } from '../../../lib/client.ts';
import { useParam, useScreenSearch } from '../../../lib/url-state.ts';
import { QueryAnswer } from './QueryAnswer.tsx';

/** Run again when it is opened: on the versions it was kept with, or on those of today. */
export function AnalysisScreen() {
  const name = useParam('name');
  const [search, change] = useScreenSearch();
  const navigate = useNavigate();
  const latest = search.state === 'latest';
  const asked = ask('analyses', 'run', { name, latest });
  const run = useQuery({ ...asked, retry: false, refetchOnWindowFocus: false });
  return (
    <>
      <PageHeader
        title={name}
        trail={[{ text: 'Analyses', to: '/analyses' }]}
        about={run.data?.analysis.description}
        status={run.data && <StatusBadge state={run.data.verdict} />}
        actions={
          <>
            <SegmentedControl
              size="xs"
              aria-label="versions"
              data={[
                { value: 'kept', label: 'versions of back then' },
                { value: 'latest', label: 'versions of today' },
              ]}
              value={latest ? 'latest' : 'kept'}
              onChange={(value) => change({ state: value === 'latest' ? 'latest' : undefined })}
            />
            <Action
              danger
              name="Delete"
              about={`${name} is forgotten; the versions it read may then be deleted.`}
              reason="none"
              run={() => client().analyses.delete({ name })}
              onDone={() => void navigate({ to: '/analyses' as '/' })}
            />
          </>
        }
        asked={asked}
      />
      <Answer of={run} height={420}>
        {(value) => <Shown run={value} />}
      </Answer>
    </>
  );
}

function Shown({ run: { analysis, result } }: { readonly run: AnalysisRun }) {
  return (
    <div className="stack">
      <QueryAnswer result={result} chart={analysis.chart} name={analysis.name} />
      <Panel
        title="Statement"
        aside={
          <Link to={'/sql' as '/'} search={{ sql: analysis.sql } as never}>
            Open under SQL
          </Link>
        }
      >
        <Code block>{analysis.sql}</Code>
      </Panel>
    </div>
  );
}

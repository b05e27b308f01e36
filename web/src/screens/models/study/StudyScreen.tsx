import { useQuery } from '@tanstack/react-query';
import type { Study, StudyReport } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { Progress } from '../../../components/Progress.tsx';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, send } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import { AttributionPanel } from './AttributionPanel.tsx';
import { BacktestPanel } from './BacktestPanel.tsx';
import { ImportancePanel } from './ImportancePanel.tsx';
import { StabilityPanel } from './StabilityPanel.tsx';

const progressMs = 1000;

export function StudyScreen() {
  const id = useParam('id');
  const asked = ask('studies', 'get', { id });
  const study = useQuery({
    ...asked,
    refetchInterval: ({ state }) => (state.data?.finishedAt === null ? progressMs : false),
  });
  return (
    <Answer of={study}>
      {(value) => (
        <>
          <PageHeader
            title={`${value.kind} of ${value.model ?? 'predictions'}`}
            trail={[{ text: 'Studies', to: '/studies' }]}
            asked={asked}
            actions={value.finishedAt === null && <Cancel id={value.id} />}
          />
          <Facts study={value} />
          {value.progress && (
            <Panel title={value.progress.step}>
              <Progress label={value.progress.step} done={value.progress.fraction} of={1} />
            </Panel>
          )}
          {value.error && (
            <p role="alert" style={{ color: 'var(--bad)' }}>
              <LinkedText>{value.error}</LinkedText>
            </p>
          )}
          {value.report ? (
            <Report report={value.report} />
          ) : (
            value.finishedAt !== null && <EmptyState>It ended without a report.</EmptyState>
          )}
        </>
      )}
    </Answer>
  );
}

const Cancel = ({ id }: { readonly id: string }) => (
  <Action
    danger
    name="Cancel"
    about="Ends it. What it has found so far is not kept."
    reason="none"
    {...send('studies', 'cancel', { id })}
  />
);

function Facts({ study }: { readonly study: Study }) {
  const { state, model, dataset, target, report, createdAt, createdBy } = study;
  return (
    <>
      <Summary>
        <Fact name="State">
          <StatusBadge state={state} />
        </Fact>
        {model && (
          <Fact name="Model">
            <ReferenceLink kind="model" to={model} />
          </Fact>
        )}
        {dataset !== '' && (
          <Fact name="Dataset">
            {/^[^\s,]+@\d+$/.test(dataset) ? <ReferenceLink kind="dataset" to={dataset} /> : dataset}
          </Fact>
        )}
        <Fact name="Target">{target}</Fact>
        {report && (
          <Fact name="Rows">
            {report.rows === report.ofRows ? report.rows : `${report.rows} of ${report.ofRows}`}
          </Fact>
        )}
        {report?.evaluation && (
          <Fact name="Evaluation">
            <ReferenceLink kind="evaluation" to={report.evaluation} />
          </Fact>
        )}
        <Fact name="When">
          <Time at={createdAt} /> by {createdBy}
        </Fact>
      </Summary>
      {report?.notes.map((note) => (
        <p key={note} className="dim" style={{ marginBottom: 8 }}>
          <LinkedText>{note}</LinkedText>
        </p>
      ))}
    </>
  );
}

function Report({ report }: { readonly report: StudyReport }) {
  const { importance, attribution, stability, backtest } = report;
  const tabs = [
    ...(importance
      ? [{ id: 'importance', title: 'Importance', render: () => <ImportancePanel report={importance} /> }]
      : []),
    ...(attribution
      ? [{ id: 'attribution', title: 'Attribution', render: () => <AttributionPanel report={attribution} /> }]
      : []),
    ...(stability
      ? [{ id: 'stability', title: 'Stability', render: () => <StabilityPanel report={stability} /> }]
      : []),
    ...(backtest
      ? [{ id: 'backtest', title: 'Backtest', render: () => <BacktestPanel report={backtest} /> }]
      : []),
  ];
  return tabs.length === 0 ? null : <Detail tabs={tabs} />;
}

import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { LearnedVersion, PredictionLineage, UsedValue } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { EventTime, Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { formatKey, formatValue } from '../../../lib/format.ts';

interface PredictionLineagePanelProps {
  readonly id: string;
  readonly endpoint: string | undefined;
}

/** What one prediction came from, to the rows that its model learned from. */
export function PredictionLineagePanel({ id, endpoint }: PredictionLineagePanelProps) {
  const found = useQuery(ask('predictionLineage', 'get', { id, endpoint }));
  return (
    <Answer of={found}>
      {(lineage) => (
        <div className="stack">
          <Chain lineage={lineage} />
          <Panel title="What the model saw">
            <DataTable
              plain
              label="values"
              rows={lineage.values}
              columns={valueColumns}
              rowKey={(value) => value.name}
              empty={<EmptyState>The log kept no values.</EmptyState>}
            />
          </Panel>
          <Panel title="What the model learned from">
            <DataTable
              plain
              label="learned from"
              rows={[lineage.trainingSet, ...lineage.datasets].filter((version) => version !== null)}
              columns={versionColumns}
              rowKey={(version) => version.uri}
              empty={
                <EmptyState>
                  {lineage.model
                    ? 'Which rows this model learned from is not known.'
                    : 'A rule answered; it learned from nothing.'}
                </EmptyState>
              }
            />
          </Panel>
          <CommandLine>{`tidemill lineage prediction:${id}`}</CommandLine>
        </div>
      )}
    </Answer>
  );
}

function Chain({ lineage }: { readonly lineage: PredictionLineage }) {
  const { prediction, endpoint, model, run, code } = lineage;
  return (
    <Summary>
      <Fact name="Prediction">
        <Figure value={prediction.prediction} digits={6} />
      </Fact>
      <Fact name="Outcome">
        <Figure value={prediction.outcome} digits={6} />
      </Fact>
      <Fact name="Entity">{formatKey(prediction.key)}</Fact>
      <Fact name="For">
        <EventTime at={prediction.eventTime} />
      </Fact>
      <Fact name="Made">
        <Time at={prediction.at} />
      </Fact>
      <Fact name="Endpoint">
        <ReferenceLink to={endpoint.uri} /> · {prediction.variant} <StatusBadge state={prediction.role} />
      </Fact>
      <Fact name="Model">{model ? <ReferenceLink to={model.uri} /> : 'rule'}</Fact>
      {lineage.rule !== null && (
        <Fact name="Rule" wide>
          <code>{lineage.rule}</code>
        </Fact>
      )}
      {run && (
        <Fact name="Run">
          <ReferenceLink to={run.uri} text={run.name} />
        </Fact>
      )}
      {code && (
        <Fact name="Code" wide>
          {codeText(code)}
        </Fact>
      )}
      {lineage.features.length > 0 && (
        <Fact name="Features" wide>
          {lineage.features.map((uri) => (
            <span key={uri}>
              <ReferenceLink to={uri} />{' '}
            </span>
          ))}
        </Fact>
      )}
      {lineage.sources.length > 0 && (
        <Fact name="Sources" wide>
          {lineage.sources.join('; ')}
        </Fact>
      )}
      {lineage.gone.length > 0 && (
        <Fact name="Deleted since" wide>
          {lineage.gone.join(', ')}
        </Fact>
      )}
    </Summary>
  );
}

function codeText(code: NonNullable<PredictionLineage['code']>): string {
  if (code.commit === null)
    return code.learner === null ? (code.source ?? 'not known') : `the learner ${code.learner} of Tidemill`;
  const parts = [code.commit, code.branch, code.repository, code.source].filter((part) => part !== null);
  return `${parts.join(' · ')}${code.dirty ? ' · with changes that no commit holds' : ''}`;
}

const valueColumns: readonly DataColumn<UsedValue>[] = [
  { id: 'name', title: 'Input', value: (each) => each.name },
  { id: 'value', title: 'Value', value: (each) => formatValue(each.value), align: 'right', width: 160 },
  {
    id: 'from',
    title: 'From',
    value: (each) => each.from ?? 'the request',
    cell: (each) => (each.from === null ? 'the request' : <ReferenceLink to={each.from} />),
  },
  { id: 'status', title: 'Status', value: (each) => each.status, width: 140 },
  {
    id: 'eventTime',
    title: 'Event time',
    value: (each) => each.eventTime,
    cell: (each) => (each.eventTime === null ? null : <EventTime at={each.eventTime} />),
    width: 130,
  },
];

const versionColumns: readonly DataColumn<LearnedVersion>[] = [
  {
    id: 'version',
    title: 'Version',
    value: (each) => each.reference,
    cell: (each) => <ReferenceLink to={each.uri} />,
  },
  { id: 'madeBy', title: 'Made by', value: (each) => each.madeBy, width: 130 },
  { id: 'rows', title: 'Rows', value: (each) => each.rows, align: 'right', width: 110 },
  {
    id: 'entity',
    title: 'Rows of this entity',
    value: (each) => each.entityWhere,
    cell: (each) =>
      each.entityWhere === null ? (
        <span className="dim">it has no such column</span>
      ) : (
        <Link
          to="/sql"
          search={{ sql: `select * from "${each.reference}" where ${each.entityWhere}` } as never}
        >
          {each.entityWhere}
        </Link>
      ),
  },
  { id: 'digest', title: 'Digest', value: (each) => each.digest.slice(0, 12), width: 130 },
];

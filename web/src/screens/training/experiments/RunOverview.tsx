import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ModelVersion, Run } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { FieldsTable } from '../../../components/FieldsTable.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask } from '../../../lib/client.ts';
import { pathOf } from '../../../lib/references.ts';
import classes from './Run.module.css';
import { toProjection } from './run-column-ids.ts';
import { toRunColumns } from './run-columns.tsx';

/** What a run says about itself, and what hangs on it. */
export function RunOverview({ run }: { readonly run: Run }) {
  const note = run.tags['mlflow.note.content'];
  return (
    <div className="stack">
      {note && (
        <Panel title="Note">
          <p className={classes.note}>{note}</p>
        </Panel>
      )}
      <div className="columns">
        <Panel title="Metrics">
          <First label="latest metrics" fields={run.metrics} none="This run logged no metric." />
        </Panel>
        <Panel title="Parameters">
          <First label="first parameters" fields={run.parameters} none="This run logged no parameter." />
        </Panel>
      </div>
      <Panel title="Inputs">
        <Inputs run={run} />
      </Panel>
      <LoggedModels run={run} />
      <RegisteredVersions run={run.id} />
      <Children run={run} />
    </div>
  );
}

const mostFields = 12;

function First({
  fields,
  ...table
}: {
  label: string;
  fields: Readonly<Record<string, unknown>>;
  none: string;
}) {
  const entries = Object.entries(fields).filter(([name]) => !name.startsWith('system/'));
  return (
    <>
      <FieldsTable {...table} fields={Object.fromEntries(entries.slice(0, mostFields))} />
      {entries.length > mostFields && (
        <p className="dim">and {entries.length - mostFields} more, in the tab of their own</p>
      )}
    </>
  );
}

const versionColumns: readonly DataColumn<ModelVersion>[] = [
  {
    id: 'version',
    title: 'Version',
    value: (version) => version.reference,
    cell: ({ model, version, reference }) => (
      <Link to={pathOf({ kind: 'model', name: model, version: String(version) })}>{reference}</Link>
    ),
  },
  { id: 'aliases', title: 'Aliases', value: (version) => version.aliases.join(', ') },
  { id: 'stage', title: 'Stage', value: (version) => version.stage, width: 120 },
  {
    id: 'created',
    title: 'Registered',
    value: (version) => version.createdAt,
    cell: (version) => <Time at={version.createdAt} />,
    align: 'right',
    width: 120,
  },
];

type Input = Run['inputs'][number];

const inputColumns: readonly DataColumn<Input>[] = [
  { id: 'name', title: 'Dataset', value: (input) => input.name, width: 180 },
  { id: 'context', title: 'Context', value: (input) => input.context, width: 120 },
  {
    id: 'digest',
    title: 'Digest',
    value: (input) => input.digest,
    cell: (input) => <span className="mono">{input.digest}</span>,
    width: 180,
  },
  {
    id: 'source',
    title: 'Source',
    value: (input) => input.source,
    cell: (input) => {
      if (input.dataset) return <ReferenceLink kind="dataset" to={input.dataset} />;
      return <span title={input.source}>{input.source}</span>;
    },
  },
];

function Inputs({ run }: { readonly run: Run }) {
  return (
    <DataTable
      plain
      label="inputs"
      rows={run.inputs}
      columns={inputColumns}
      rowKey={(input) => `${input.name} ${input.digest}`}
      empty={
        <EmptyState command={`mlflow.log_input(mlflow.data.from_pandas(df, source=URL), context="training")`}>
          This run named no dataset it read.
        </EmptyState>
      }
    />
  );
}

interface ModelUse {
  readonly modelId: string;
  readonly name: string;
  readonly use: string;
  readonly step?: number;
}

const modelColumns: readonly DataColumn<ModelUse>[] = [
  {
    id: 'name',
    title: 'Model',
    value: (model) => model.name,
    cell: (model) => <ReferenceLink kind="logged-model" to={model.modelId} text={model.name} />,
  },
  { id: 'use', title: 'The run', value: (model) => model.use, width: 120 },
  { id: 'step', title: 'Step', value: (model) => model.step, align: 'right', width: 90 },
  {
    id: 'id',
    title: 'Id',
    value: (model) => model.modelId,
    cell: (model) => <span className="mono">{model.modelId}</span>,
    width: 320,
  },
];

function LoggedModels({ run }: { readonly run: Run }) {
  const models: readonly ModelUse[] = [
    ...run.modelOutputs.map((model) => ({ ...model, use: 'made it' })),
    ...run.modelInputs.map((model) => ({ ...model, use: 'read it' })),
  ];
  if (models.length === 0) return null;
  return (
    <Panel title="Logged models">
      <DataTable
        plain
        label="logged models"
        rows={models}
        columns={modelColumns}
        rowKey={(model) => `${model.use} ${model.modelId} ${model.step}`}
        maximumHeight="300px"
      />
    </Panel>
  );
}

function RegisteredVersions({ run }: { readonly run: string }) {
  const versions = useQuery(ask('registry', 'searchVersions', { filter: `run_id = '${run}'`, limit: 100 }));
  return (
    <Answer of={versions} height={0}>
      {({ items }) =>
        items.length > 0 && (
          <Panel title="Registered from it">
            <DataTable
              plain
              label="registered versions"
              rows={items}
              columns={versionColumns}
              rowKey={(version) => version.uri}
            />
          </Panel>
        )
      }
    </Answer>
  );
}

const childIds = ['name', 'status', 'started', 'took', 'user'];
const childColumns = toRunColumns(childIds);
const mostChildren = 200;

function Children({ run }: { readonly run: Run }) {
  const children = useQuery(
    ask('experiments', 'searchRuns', {
      experimentIds: [run.experimentId],
      filter: `tags.mlflow.parentRunId = '${run.id}'`,
      columns: toProjection(childIds),
      limit: mostChildren,
    }),
  );
  return (
    <Answer of={children} height={0}>
      {({ items, nextCursor }) =>
        items.length > 0 && (
          <Panel title="Child runs" aside={nextCursor && `the newest ${mostChildren}`}>
            <DataTable
              plain
              label="child runs"
              rows={items}
              columns={childColumns}
              rowKey={(child) => child.id}
              maximumHeight="400px"
            />
          </Panel>
        )
      }
    </Answer>
  );
}

import type { DatasetVersion, TrainingSetDefinition } from '@tidemill/sdk';
import { DataTable } from '../../../components/DataTable.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { LinkedText, ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { dedent } from '../../../lib/dedent.ts';
import { References } from './definition-facts.tsx';
import classes from './FeatureView.module.css';
import { type Exclusion, toLineage } from './training-set-lineage.ts';

export const isTrainingSet = ({ provenance }: DatasetVersion): boolean =>
  provenance.kind === 'training-set' && typeof provenance.detail.definition === 'object';

const columns: readonly DataColumn<Exclusion>[] = [
  { id: 'why', title: 'Entity rows', value: ({ why }) => why },
  {
    id: 'rows',
    title: 'Rows',
    value: ({ rows }) => rows,
    cell: ({ rows }) => <Figure count value={rows} />,
    align: 'right',
    width: 160,
  },
];

interface PinnedRow {
  readonly name: string;
  readonly version: string;
}

const pinnedColumns: readonly DataColumn<PinnedRow>[] = [
  { id: 'name', title: 'Written as', value: ({ name }) => name, width: 180 },
  {
    id: 'version',
    title: 'Read as',
    value: ({ version }) => version,
    cell: ({ version }) => <ReferenceLink kind="dataset" to={version} />,
  },
];

/** What a training set was built of: entity rows, views, label, the versions it read, and the rows it left out. */
export function TrainingSetPanel({ version }: { readonly version: DatasetVersion }) {
  const { definition, views, services, entities, pinned, rows } = toLineage(version);
  return (
    <div className="stack">
      <Facts definition={definition} views={views} services={services} entities={entities} />
      <div className="columns">
        <Panel title="Rows">
          <DataTable
            plain
            label="rows of the training set"
            rows={rows}
            columns={columns}
            rowKey={({ why }) => why}
          />
        </Panel>
        <Panel title="Dataset versions">
          <DataTable
            plain
            label="dataset versions read"
            rows={pinned}
            columns={pinnedColumns}
            rowKey={({ name }) => name}
          />
        </Panel>
      </div>
      <div className="columns">
        <Panel title="Entity rows">
          <pre className={classes.sql}>
            <LinkedText known={version.provenance.inputs}>{dedent(definition.entities)}</LinkedText>
          </pre>
        </Panel>
        {definition.label && (
          <Panel title="Label">
            <pre className={classes.sql}>
              <LinkedText known={version.provenance.inputs}>{dedent(definition.label.sql)}</LinkedText>
            </pre>
          </Panel>
        )}
      </div>
    </div>
  );
}

interface FactsProps {
  readonly definition: TrainingSetDefinition;
  readonly views: readonly string[];
  readonly services: readonly string[];
  readonly entities: readonly string[];
}

function Facts({ definition, views, services, entities }: FactsProps) {
  const { label, asOf, bitemporal = true, statuses = false, eventTime = 'event_time' } = definition;
  return (
    <Summary>
      <Fact name="Views">
        <References to={views} />
      </Fact>
      {services.length > 0 && (
        <Fact name="Service">
          <References to={services} />
        </Fact>
      )}
      {entities.length > 0 && (
        <Fact name="Entities">
          <References to={entities} />
        </Fact>
      )}
      <Fact name="Label">{label ? label.column : 'none'}</Fact>
      {label?.eventTime && <Fact name="Label's time">{label.eventTime}</Fact>}
      {label && <Fact name="Label known at">{label.knownAt}</Fact>}
      <Fact name="Event time">{eventTime}</Fact>
      <Fact name="A value counts">
        {bitemporal ? 'once it was created' : 'from its event time, whenever it was created'}
      </Fact>
      {statuses && <Fact name="Statuses">a column for each view</Fact>}
      <Fact name="As of">{asOf ?? 'all that was known'}</Fact>
    </Summary>
  );
}

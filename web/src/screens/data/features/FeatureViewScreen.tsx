import { useQuery } from '@tanstack/react-query';
import type { FeatureView } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { Detail, Fact, Summary } from '../../../components/Detail.tsx';
import { LineagePanel } from '../../../components/LineagePanel.tsx';
import { PageHeader } from '../../../components/PageHeader.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { Time } from '../../../components/Time.tsx';
import { ask, client } from '../../../lib/client.ts';
import { useParam } from '../../../lib/url-state.ts';
import classes from './FeatureView.module.css';

export function FeatureViewScreen() {
  const name = useParam('name');
  const version = useParam('version');
  const asked = ask('features', 'get', { name, version });
  const view = useQuery(asked);
  return (
    <Answer of={view}>
      {(value) => (
        <>
          <PageHeader
            title={value.reference}
            trail={[{ text: 'Feature views', to: '/feature-views' }]}
            about={value.description}
            asked={asked}
            actions={
              <Action
                name="Materialize"
                about="Writes the newest value of each entity to the online store. Older values never replace newer ones."
                reason="none"
                run={() => client().features.materialize({ name, version: String(value.version) })}
              />
            }
          />
          <Facts view={value} />
          <Detail
            tabs={[
              { id: 'definition', title: 'Definition', render: () => <Definition view={value} /> },
              { id: 'preview', title: 'Preview', render: () => <Preview view={value} /> },
              { id: 'lineage', title: 'Lineage', render: () => <LineagePanel uri={value.uri} /> },
            ]}
          />
        </>
      )}
    </Answer>
  );
}

function Facts({ view }: { readonly view: FeatureView }) {
  return (
    <Summary>
      <Fact name="Entity">{view.entity.join(', ')}</Fact>
      <Fact name="Event time">{view.eventTime}</Fact>
      <Fact name="Known since">{view.createdTime ?? 'the event time'}</Fact>
      <Fact name="Good for">{view.ttl ?? 'ever'}</Fact>
      <Fact name="Reads">
        {view.datasets.map((name, index) => (
          <span key={name}>
            {index > 0 && ', '}
            <ReferenceLink kind="dataset" to={name} />
          </span>
        ))}
      </Fact>
      <Fact name="Defined">
        <Time at={view.createdAt} /> by {view.createdBy}
      </Fact>
    </Summary>
  );
}

function Definition({ view }: { readonly view: FeatureView }) {
  return (
    <div className="columns">
      <Panel title="SQL">
        <pre className={classes.sql}>{view.sql}</pre>
      </Panel>
      <Panel title="Features">
        <RowsTable label="features" rows={view.features} names={['name', 'type']} />
      </Panel>
    </div>
  );
}

const previewRows = 100;

function Preview({ view }: { readonly view: FeatureView }) {
  const { sql, entity, eventTime, createdTime } = view;
  const preview = useQuery(
    ask('features', 'preview', {
      sql,
      entity,
      eventTime,
      ...(createdTime && { createdTime }),
      limit: previewRows,
    }),
  );
  return (
    <Answer of={preview} height={320}>
      {({ columns, rows }) => (
        <RowsTable
          label="preview"
          rows={rows}
          names={columns.map(({ name }) => name)}
          maximumHeight="560px"
        />
      )}
    </Answer>
  );
}

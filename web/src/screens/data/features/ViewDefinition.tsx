import { useQuery } from '@tanstack/react-query';
import type { FeatureView } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';
import { dedent } from '../../../lib/dedent.ts';
import { formatCount } from '../../../lib/format.ts';
import classes from './FeatureView.module.css';
import { toDefinition } from './view-definition.ts';

/** What a view computes: its SQL, its windows, and the columns that come of it. */
export function ViewDefinition({ view }: { readonly view: FeatureView }) {
  return (
    <div className="stack">
      <div className="columns">
        <Panel title="SQL">
          <pre className={classes.sql}>{dedent(view.sql)}</pre>
        </Panel>
        <Panel title="Features" aside={formatCount(view.features.length)}>
          <RowsTable label="features" rows={view.features} names={['name', 'type']} />
        </Panel>
      </div>
      {view.aggregations.length > 0 && (
        <Panel title="Aggregations" aside="over the rows of an entity in the window before T">
          <RowsTable
            label="aggregations"
            rows={view.aggregations}
            names={['name', 'function', 'column', 'window', 'k']}
          />
        </Panel>
      )}
      {view.stream && (
        <Panel
          title="Stream"
          aside={
            <>
              rows pushed are appended to <ReferenceLink kind="dataset" to={view.stream.dataset} />
            </>
          }
        >
          <RowsTable label="stream" rows={view.stream.columns} names={['name', 'type']} />
        </Panel>
      )}
    </div>
  );
}

const previewRows = 100;

/** The first rows that its SQL gives today. */
export function ViewPreview({ view }: { readonly view: FeatureView }) {
  const asked = ask('features', 'preview', { ...toDefinition(view), limit: previewRows });
  const preview = useQuery(asked);
  return (
    <Panel title={`First ${previewRows} rows`} aside={<SourceMenu asked={asked} />}>
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
    </Panel>
  );
}

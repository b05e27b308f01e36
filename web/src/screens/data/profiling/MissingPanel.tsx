import type { MissingPattern } from '@tidemill/sdk';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { HeatMap } from '../../../components/HeatMap.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { formatCount, formatShare, plural } from '../../../lib/format.ts';

type Pattern = MissingPattern['patterns'][number];

const toColumns = (rows: number): readonly DataColumn<Pattern>[] => [
  {
    id: 'columns',
    title: 'Null together',
    value: ({ columns }) => columns.join(', '),
    cell: ({ columns }) =>
      columns.length === 0 ? (
        <i className="dim">nothing is missing</i>
      ) : (
        <span title={columns.join(', ')}>{columns.join(', ')}</span>
      ),
  },
  {
    id: 'number',
    title: 'Columns',
    value: ({ columns }) => columns.length,
    align: 'right',
    width: 80,
  },
  {
    id: 'rows',
    title: 'Rows',
    value: (pattern) => pattern.rows,
    cell: (pattern) => <Figure count value={pattern.rows} />,
    align: 'right',
    width: 90,
  },
  {
    id: 'share',
    title: 'Share',
    value: (pattern) => pattern.rows / rows,
    cell: (pattern) => formatShare(pattern.rows / rows),
    align: 'right',
    width: 80,
  },
];

interface MissingPanelProps {
  readonly missing: MissingPattern;
  readonly rows: number;
}

/** Which columns are null in the same rows. */
export function MissingPanel({ missing, rows }: MissingPanelProps) {
  const { patterns, patternsLeftOut, correlation } = missing;
  return (
    <div className="columns">
      <Panel
        title="Missing together"
        aside={patternsLeftOut > 0 && `${plural(patternsLeftOut, 'rarer pattern')} left out`}
      >
        <DataTable
          plain
          label="missing patterns"
          rows={patterns}
          columns={toColumns(rows)}
          rowKey={({ columns }) => JSON.stringify(columns)}
          maximumHeight="420px"
        />
      </Panel>
      {correlation && (
        <Panel title="Correlation of being null" aside={`${formatCount(correlation.columns.length)} columns`}>
          <HeatMap label="correlation of being null" {...correlation} />
        </Panel>
      )}
    </div>
  );
}

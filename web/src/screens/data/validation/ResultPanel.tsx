import { useQuery } from '@tanstack/react-query';
import type { ExpectationOutcome, ValidationResult } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask } from '../../../lib/client.ts';
import { formatShare, formatValue } from '../../../lib/format.ts';

const stateOf = ({ passed, severity }: ExpectationOutcome): string => {
  if (passed) return 'passed';
  return severity === 'warn' ? 'warned' : 'failed';
};

const columns: readonly DataColumn<ExpectationOutcome>[] = [
  {
    id: 'state',
    title: '',
    value: stateOf,
    cell: (outcome) => <StatusBadge state={stateOf(outcome)} />,
    width: 110,
  },
  {
    id: 'title',
    title: 'Expectation',
    value: (outcome) => outcome.title,
    cell: ({ title }) => <span title={title}>{title}</span>,
  },
  {
    id: 'unexpected',
    title: 'Unexpected',
    value: (outcome) => outcome.unexpected,
    cell: ({ unexpected }) => <Figure count value={unexpected} />,
    align: 'right',
    width: 110,
  },
  {
    id: 'share',
    title: 'Share',
    value: (outcome) => outcome.share,
    cell: ({ share }) => (share === null ? '–' : formatShare(share)),
    align: 'right',
    width: 90,
  },
  {
    id: 'rows',
    title: 'Of rows',
    value: (outcome) => outcome.rows,
    cell: ({ rows }) => <Figure count value={rows} />,
    align: 'right',
    width: 100,
  },
  {
    id: 'observed',
    title: 'Found',
    value: (outcome) => outcome.observed,
    cell: ({ observed }) =>
      typeof observed === 'number' ? <Figure value={observed} /> : formatValue(observed),
    align: 'right',
    width: 150,
  },
  {
    id: 'reason',
    title: 'Why',
    value: (outcome) => outcome.reason,
    cell: ({ reason }) => <span title={reason ?? ''}>{formatValue(reason)}</span>,
    width: 260,
  },
];

/** Worst first: what keeps rows out, then what is marked. */
const order: readonly string[] = ['failed', 'warned', 'passed'];
const ordered = ({ outcomes }: ValidationResult): ExpectationOutcome[] =>
  [...outcomes].sort((a, b) => order.indexOf(stateOf(a)) - order.indexOf(stateOf(b)) || a.index - b.index);

/** One validation result: each expectation with what was found, and the first rows that are not as expected. */
export function ResultPanel({ name, id }: { readonly name: string; readonly id: string }) {
  const asked = ask('validation', 'get', { name, id });
  const result = useQuery({ ...asked, staleTime: Number.POSITIVE_INFINITY });
  return (
    <Answer of={result}>
      {(value) => {
        const outcomes = ordered(value);
        const what = value.version === null ? 'a refused commit' : `${name}@${value.version}`;
        return (
          <>
            <Panel title={`Found in ${what}`} aside={<SourceMenu asked={asked} />}>
              <DataTable
                plain
                label="outcomes"
                rows={outcomes}
                columns={columns}
                rowKey={(outcome) => String(outcome.index)}
                maximumHeight="520px"
                minimumWidth={900}
              />
            </Panel>
            {outcomes.filter(({ passed, sample }) => !passed && sample.length > 0).map(toSample)}
          </>
        );
      }}
    </Answer>
  );
}

const toSample = ({ index, title, sample, unexpected }: ExpectationOutcome) => (
  <Panel key={index} title={title} aside={`first ${sample.length} of ${unexpected} rows`}>
    <RowsTable
      label={`rows: ${title}`}
      rows={sample.map(({ row, values }) => (row === null ? values : { row, ...values }))}
      maximumHeight="260px"
    />
  </Panel>
);

import type { Parity, ParityMismatch } from '@tidemill/sdk';
import { DataTable } from '../../../components/DataTable.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { Time } from '../../../components/Time.tsx';
import { formatValue } from '../../../lib/format.ts';

/** Whether what is served is what a training set would say at the same instant, for entities drawn by lot. */
export function ParityPanel({ parity }: { readonly parity: Parity | null }) {
  if (!parity)
    return (
      <Panel title="Online against offline">
        <EmptyState>Nothing is online that could be compared.</EmptyState>
      </Panel>
    );
  return (
    <Panel title="Online against offline" aside={<Verdict parity={parity} />}>
      <Counts parity={parity} />
      <DataTable
        plain
        label="mismatches"
        rows={parity.mismatches.map((mismatch, index) => ({ ...mismatch, index }))}
        columns={columns}
        rowKey={({ index }) => String(index)}
        maximumHeight="420px"
        minimumWidth={980}
        empty={<EmptyState>No sampled value differs.</EmptyState>}
      />
    </Panel>
  );
}

/** What is wrong weighs more than what is only not there yet. */
function Verdict({ parity }: { readonly parity: Parity }) {
  if (parity.wrong > 0) return <StatusBadge state="different" />;
  if (parity.behind + parity.ahead > 0) return <StatusBadge state="apart in time" tone="warn" />;
  return <StatusBadge state="equal" />;
}

function Counts({ parity }: { readonly parity: Parity }) {
  const counts = [
    ['Entities compared', parity.sampled],
    ['Equal', parity.matched],
    ['Wrong', parity.wrong],
    ['Online is behind', parity.behind],
    ['Online is ahead', parity.ahead],
    ['Written meanwhile', parity.changing],
  ] as const;
  return (
    <Summary>
      {counts.map(([name, count]) => (
        <Fact key={name} name={name}>
          <Figure count value={count} />
        </Fact>
      ))}
      {parity.behindSince !== null && (
        <Fact name="Behind since">
          <Time at={parity.behindSince} />
        </Fact>
      )}
    </Summary>
  );
}

type Row = ParityMismatch & { readonly index: number };

const columns: readonly DataColumn<Row>[] = [
  {
    id: 'entity',
    title: 'Entity',
    value: ({ entity }) => Object.values(entity).map(formatValue).join(', '),
    width: 160,
  },
  { id: 'feature', title: 'Feature', value: ({ feature }) => feature ?? 'the whole row', width: 160 },
  { id: 'online', title: 'Online', value: ({ online }) => formatValue(online), align: 'right', width: 130 },
  {
    id: 'offline',
    title: 'Offline',
    value: ({ offline }) => formatValue(offline),
    align: 'right',
    width: 130,
  },
  { id: 'cause', title: 'Cause', value: ({ cause }) => cause, width: 150 },
  {
    id: 'text',
    title: 'Why',
    value: ({ text }) => text,
    cell: ({ text }) => <span title={text}>{text}</span>,
  },
];

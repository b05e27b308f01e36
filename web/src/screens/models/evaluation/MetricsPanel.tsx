import type { Evaluation } from '@tidemill/sdk';
import { useMemo } from 'react';
import { ComparisonFacts } from '../../../components/ComparisonFacts.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Figure } from '../../../components/Figure.tsx';
import { IntervalBar } from '../../../components/IntervalBar.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { shortId } from '../../../components/ReferenceLink.tsx';

interface Row {
  readonly metric: string;
  readonly value: number | null | undefined;
  readonly low: number | null | undefined;
  readonly high: number | null | undefined;
  readonly others: Readonly<Record<string, number | null | undefined>>;
}

/** What stands beside the figures: the naive rule, the champion, another evaluation, rules without features. */
function othersOf({ baseline, champion, naive }: Evaluation, beside: Evaluation | undefined) {
  return [
    ...(baseline ? [{ name: `naive: ${baseline.name}`, metrics: baseline.metrics }] : []),
    ...(champion ? [champion] : []),
    ...(beside ? [{ name: beside.model ?? shortId(beside.id), metrics: beside.metrics }] : []),
    ...naive.map(({ name, metrics }) => ({ name, metrics })),
  ];
}

const numberColumn = (
  id: string,
  title: string,
  value: (row: Row) => number | null | undefined,
): DataColumn<Row> => ({
  id,
  title,
  value,
  cell: (row) => <Figure value={value(row)} />,
  align: 'right',
  width: 110,
});

export function MetricsPanel({
  evaluation,
  beside,
}: {
  readonly evaluation: Evaluation;
  readonly beside: Evaluation | undefined;
}) {
  const { metrics, intervals } = evaluation;
  const rules = new Set(evaluation.naive.map(({ name }) => name));
  const others = useMemo(() => othersOf(evaluation, beside), [evaluation, beside]);
  const rows = Object.entries(metrics).map(
    ([metric, value]): Row => ({
      metric,
      value,
      low: intervals[metric]?.low,
      high: intervals[metric]?.high,
      others: Object.fromEntries(others.map((other) => [other.name, other.metrics[metric]])),
    }),
  );
  const columns: DataColumn<Row>[] = [
    { id: 'metric', title: 'Metric', value: (row) => row.metric, width: 190 },
    numberColumn('value', evaluation.model ?? 'Value', (row) => row.value),
    {
      id: 'bar',
      title: 'Interval',
      value: (row) => row.low,
      cell: (row) => (
        <IntervalBar value={row.value} low={row.low} high={row.high} scale={scaleOf(row, rules)} />
      ),
      width: 150,
    },
    numberColumn('low', 'From', (row) => row.low),
    numberColumn('high', 'To', (row) => row.high),
    ...others.map(({ name }) => numberColumn(`other-${name}`, name, (row) => row.others[name])),
  ];
  return (
    <div className="stack">
      <Panel title="Metrics">
        <DataTable plain label="metrics" rows={rows} columns={columns} rowKey={(row) => row.metric} />
      </Panel>
      <div className="columns">
        {evaluation.againstBaseline && (
          <Panel title="Against the naive rule">
            <ComparisonFacts comparison={evaluation.againstBaseline} />
          </Panel>
        )}
        {evaluation.againstChampion && (
          <Panel title="Against the champion">
            <ComparisonFacts comparison={evaluation.againstChampion} />
          </Panel>
        )}
      </div>
    </div>
  );
}

/** From the interval to whom it is held against: rules without features lie so far off that no bar would be seen. */
function scaleOf({ low, high, others }: Row, rules: ReadonlySet<string>): readonly [number, number] {
  const rivals = Object.entries(others).flatMap(([name, value]) => (rules.has(name) ? [] : [value]));
  const known = [low, high, ...rivals].filter((value) => typeof value === 'number');
  const [from, to] = [Math.min(...known), Math.max(...known)];
  const room = (to - from) * 0.1 || 1;
  return [from - room, to + room];
}

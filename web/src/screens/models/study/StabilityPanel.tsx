import type { StabilityReport } from '@tidemill/sdk';
import { Chart } from '../../../components/Chart.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { formatNumber } from '../../../lib/format.ts';
import type { Point } from '../../../lib/series.ts';
import { figureColumn } from './feature-bars.tsx';

type Noise = StabilityReport['noise'][number];
type Missing = StabilityReport['missing'][number];

const drawn = (points: readonly (readonly [number, number | null])[]): Point[] =>
  points.flatMap(([x, y]): Point[] => (y === null ? [] : [[x, y]]));

export function StabilityPanel({ report }: { readonly report: StabilityReport }) {
  const { metric, base, repeats, noise, missing } = report;
  const moved = <
    T extends { metric: number | null; meanChange: number | null; flipped: number | null },
  >(): DataColumn<T>[] => [
    figureColumn<T>('metric', metric, (row) => row.metric),
    figureColumn<T>('change', 'Mean change', ({ meanChange }) => meanChange),
    figureColumn<T>('flipped', 'Flipped', ({ flipped }) => flipped),
  ];
  const missingColumns: DataColumn<Missing>[] = [
    { id: 'feature', title: 'Without', value: ({ feature }) => feature },
    ...moved<Missing>(),
    figureColumn<Missing>('filled', `${metric} when filled`, ({ filled }) => filled?.metric),
    { id: 'says', title: 'The model says', value: ({ fails }) => fails ?? '' },
  ];
  return (
    <div className="stack">
      <div className="columns">
        <Chart
          title={`${metric} under noise, ${formatNumber(base)} without`}
          axis="value"
          height={260}
          empty="It was not defined under any noise."
          lines={[
            {
              name: 'mean',
              points: drawn([[0, base], ...noise.map((each) => [each.level, each.metric] as const)]),
            },
            {
              name: 'worst draw',
              tone: 'warn',
              dashed: true,
              points: drawn([[0, base], ...noise.map((each) => [each.level, each.worst] as const)]),
            },
          ]}
        />
        <Chart
          title={`${metric} without a feature, filled with the usual`}
          axis="category"
          categories={missing.map(({ feature }) => feature)}
          height={260}
          fromZero
          empty="The model has no feature."
          limit={{ name: 'with all', value: base }}
          lines={[
            {
              name: metric,
              kind: 'bars',
              points: drawn(missing.map(({ filled }, i) => [i, filled?.metric ?? null] as const)),
            },
          ]}
        />
      </div>
      <Panel title={`Noise of so many standard deviations on every number, ${repeats} draws each`}>
        <DataTable
          plain
          label="noise"
          rows={noise}
          columns={[
            figureColumn<Noise>('level', 'Noise', ({ level }) => level),
            ...moved<Noise>(),
            figureColumn<Noise>('worst', 'Worst draw', ({ worst }) => worst),
          ]}
          rowKey={({ level }) => String(level)}
        />
      </Panel>
      <Panel title="Each feature missing">
        <DataTable
          plain
          label="missing"
          rows={missing}
          columns={missingColumns}
          rowKey={({ feature }) => feature}
          empty={<EmptyState>The model has no feature.</EmptyState>}
        />
      </Panel>
    </div>
  );
}

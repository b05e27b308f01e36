import { useMemo } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { InView } from '../../../components/InView.tsx';
import { toCurvePoints, toPositive } from '../../../lib/curves.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import classes from './Curves.module.css';
import { type CurveView, useCurveView } from './CurveTools.tsx';
import { MetricPicker } from './MetricPicker.tsx';
import { useCurves } from './use-curves.ts';

export interface CurveRun {
  readonly id: string;
  readonly name: string;
  readonly isRunning: boolean;
}

interface MetricBoardProps {
  readonly runs: readonly CurveRun[];
  /** All metrics on offer. */
  readonly names: readonly string[];
  readonly values?: Readonly<Record<string, number | null>>;
  /** Said where there is none. */
  readonly none: string;
}

const usualCharts = 4;
const chartHeight = 220;
/** Its head and the legend. */
const roomOfChart = chartHeight + 26;

/** Metrics to choose from, and the curves of those chosen; which ones stands in the address. */
export function MetricBoard({ runs, names, values, none }: MetricBoardProps) {
  const [search, change] = useScreenSearch();
  const { view, tools } = useCurveView();
  const chosen = useMemo(() => toChosen(search.metric, names), [search.metric, names]);
  if (names.length === 0) return <EmptyState>{none}</EmptyState>;
  return (
    <div className={classes.board}>
      <MetricPicker
        names={names}
        chosen={chosen}
        {...(values && { values })}
        onChange={(next) => change({ metric: next.length > 0 ? next.join(',') : nothing })}
      />
      <div>
        {tools}
        <div className={classes.charts}>
          {chosen.map((name) => (
            <InView key={name} height={roomOfChart}>
              <CurveChart runs={runs} metric={name} view={view} />
            </InView>
          ))}
        </div>
        {chosen.length === 0 && <EmptyState>No metric is chosen.</EmptyState>}
      </div>
    </div>
  );
}

/** In the address: none chosen, as opposed to nothing said. No key is a comma. */
const nothing = ',';

function toChosen(text: string | undefined, names: readonly string[]): readonly string[] {
  if (text === nothing) return [];
  const known = new Set(names);
  const asked = (text ?? '').split(',').filter((name) => known.has(name));
  return asked.length > 0 ? asked : names.slice(0, usualCharts);
}

interface CurveChartProps {
  readonly runs: readonly CurveRun[];
  readonly metric: string;
  readonly view: CurveView;
}

const axes = { step: 'number', time: 'time', relative: 'duration' } as const;

function CurveChart({ runs, metric, view }: CurveChartProps) {
  const ids = useMemo(() => runs.map((run) => run.id), [runs]);
  const curves = useCurves(
    ids,
    metric,
    runs.some((run) => run.isRunning),
  );
  const { axis, weight, log } = view;
  const lines = useMemo(() => {
    const byRun = new Map((curves.data ?? []).map((curve) => [curve.runId, curve]));
    return runs.map((run) => {
      const curve = byRun.get(run.id);
      const points = curve ? toCurvePoints(curve, axis, weight) : [];
      return { name: run.name, points: log ? toPositive(points) : points };
    });
  }, [curves.data, runs, axis, weight, log]);
  if (curves.error) return <ErrorNotice error={curves.error} retry={() => void curves.refetch()} />;
  return (
    <Chart
      title={metric}
      axis={axes[axis]}
      log={log}
      lines={lines}
      height={chartHeight}
      group="curves"
      empty={curves.isPending ? '' : 'Logged once at most: a value, no course.'}
    />
  );
}

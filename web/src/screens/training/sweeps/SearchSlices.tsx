import { NativeSelect } from '@mantine/core';
import type { Sweep, Trial } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { InView } from '../../../components/InView.tsx';
import type { ParallelAxis } from '../../../components/parallel-options.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { toAxes, toSlice } from './parameter-axes.ts';
import classes from './Search.module.css';
import type { Search } from './search-words.ts';

const height = 220;
/** Its head and the legend. */
const roomOfChart = height + 26;

/** One chart per parameter: what came of each of its values. */
export function SearchSlices({ sweep, search }: { readonly sweep: Sweep; readonly search: Search }) {
  const [{ metric }, change] = useScreenSearch();
  const goal = Math.max(
    0,
    search.goals.findIndex((each) => each.metric === metric),
  );
  const axes = useMemo(() => toAxes(search.space), [search.space]);
  const name = search.goals[goal]?.metric ?? '';
  return (
    <div className="stack">
      {search.goals.length > 1 && (
        <NativeSelect
          label="Goal"
          data={search.goals.map((each) => each.metric)}
          value={name}
          onChange={({ currentTarget }) => change({ metric: currentTarget.value })}
        />
      )}
      <div className={classes.slices}>
        {axes.map((axis) => (
          <InView key={axis.name} height={roomOfChart}>
            <SliceChart trials={sweep.trials} axis={axis} goal={goal} name={name} />
          </InView>
        ))}
      </div>
    </div>
  );
}

interface SliceChartProps {
  readonly trials: readonly Trial[];
  readonly axis: ParallelAxis;
  readonly goal: number;
  /** Of the goal. */
  readonly name: string;
}

function SliceChart({ trials, axis, goal, name }: SliceChartProps) {
  const lines = useMemo<ChartLine[]>(() => {
    const toLine = (state: Trial['state'], text: string, tone: 'accent' | 'faint'): ChartLine => {
      const { points, names } = toSlice(
        trials.filter((trial) => trial.state === state),
        axis,
        goal,
      );
      return { name: text, tone, kind: 'dots', points, pointNames: names };
    };
    const pruned = toLine('pruned', 'pruned, as far as it came', 'faint');
    return [...(pruned.points.length > 0 ? [pruned] : []), toLine('complete', name, 'accent')];
  }, [trials, axis, goal, name]);
  return (
    <Chart
      title={`${name} by ${axis.name}`}
      axis={axis.kind === 'category' ? 'category' : 'value'}
      {...(axis.categories && { categories: axis.categories })}
      logAcross={axis.kind === 'log'}
      height={height}
      lines={lines}
      empty="No complete trial has it."
    />
  );
}

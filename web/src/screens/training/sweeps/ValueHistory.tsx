import type { SweepGoal, Trial } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { toPositive } from '../../../lib/curves.ts';
import type { Point } from '../../../lib/series.ts';
import { toBestSoFar } from './best-so-far.ts';

interface ValueHistoryProps {
  readonly title: string;
  readonly trials: readonly Pick<Trial, 'number' | 'value' | 'state'>[];
  readonly direction?: SweepGoal['direction'];
  readonly log?: boolean;
  readonly height?: number;
}

/** More triangles than that hide each other. */
const mostMarkers = 150;

/** What each trial reached, and the best so far. */
export function ValueHistory({ title, trials, direction, log = false, height = 220 }: ValueHistoryProps) {
  const lines = useMemo<ChartLine[]>(() => {
    const drawn = (points: readonly Point[]) => (log ? toPositive(points) : points);
    const those = (isIn: (state: Trial['state']) => boolean) =>
      drawn(trials.flatMap(({ number, value, state }) => (isIn(state) ? [[number, value] as const] : [])));
    const kind = trials.length > mostMarkers ? 'dots' : 'markers';
    const pruned = those((state) => state === 'pruned');
    // The last is drawn above the others: the best so far is what one looks for.
    return [
      ...(pruned.length > 0
        ? [{ name: 'pruned, as far as it came', tone: 'faint' as const, kind, points: pruned } as const]
        : []),
      { name: 'trial', tone: 'text', kind, points: those((state) => state !== 'pruned') },
      { name: 'best so far', tone: 'accent', points: drawn(toBestSoFar(trials, direction)) },
    ];
  }, [trials, direction, log]);
  return (
    <Chart
      title={title}
      axis="number"
      height={height}
      log={log}
      lines={lines}
      empty="Two finished trials make a line."
    />
  );
}

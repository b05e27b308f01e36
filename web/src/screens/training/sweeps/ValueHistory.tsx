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

const pruned = { name: 'pruned, as far as it came', tone: 'faint', kind: 'markers' } as const;

/** What each trial reached, and the best so far. */
export function ValueHistory({ title, trials, direction, log = false, height = 220 }: ValueHistoryProps) {
  const lines = useMemo<ChartLine[]>(() => {
    const drawn = (points: readonly Point[]) => (log ? toPositive(points) : points);
    const those = (isIn: (state: Trial['state']) => boolean) =>
      drawn(trials.flatMap(({ number, value, state }) => (isIn(state) ? [[number, value] as const] : [])));
    return [
      { name: 'trial', tone: 'text', kind: 'markers', points: those((state) => state !== 'pruned') },
      ...(trials.some(({ state }) => state === 'pruned')
        ? [{ ...pruned, points: those((state) => state === 'pruned') }]
        : []),
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

import { NativeSelect } from '@mantine/core';
import type { Sweep, SweepGoal, Trial } from '@tidemill/sdk';
import { useMemo, useState } from 'react';
import { Chart } from '../../../components/Chart.tsx';
import type { ChartLine } from '../../../components/chart-options.ts';
import { goalValue } from './search-words.ts';

interface FrontChartProps {
  readonly sweep: Sweep;
  readonly goals: readonly SweepGoal[];
}

/** Two goals against each other; the front stands out. */
export function FrontChart({ sweep: { trials, front }, goals }: FrontChartProps) {
  const [pair, setPair] = useState('0 1');
  const [across = 0, up = 1] = pair.split(' ').map(Number);
  const lines = useMemo(() => toLines(trials, front, across, up), [trials, front, across, up]);
  const pairs = goals.flatMap((first, a) =>
    goals.slice(a + 1).map((second, b) => ({
      value: `${a} ${a + 1 + b}`,
      label: `${second.metric} by ${first.metric}`,
    })),
  );
  return (
    <>
      {pairs.length > 1 && (
        <NativeSelect
          label="Goals"
          data={pairs}
          value={pair}
          onChange={({ currentTarget }) => setPair(currentTarget.value)}
        />
      )}
      <Chart
        title={`Front: ${goals[up]?.metric} by ${goals[across]?.metric}`}
        axis="value"
        height={320}
        lines={lines}
        empty="No trial is complete yet."
      />
    </>
  );
}

function toLines(
  trials: readonly Trial[],
  front: readonly number[],
  across: number,
  up: number,
): ChartLine[] {
  const best = new Set(front);
  const drawn = trials.flatMap((trial) => {
    const [x, y] = [goalValue(trial, across), goalValue(trial, up)];
    return x === null || y === null || trial.state !== 'complete'
      ? []
      : [{ number: trial.number, point: [x, y] as const }];
  });
  const toLine = (name: string, tone: 'faint' | 'accent', isIn: (number: number) => boolean): ChartLine => {
    const those = drawn.filter(({ number }) => isIn(number));
    return {
      ...{ name, tone, kind: 'dots' },
      points: those.map(({ point }) => point),
      pointNames: those.map(({ number }) => `trial ${number}`),
    };
  };
  return [
    toLine('beaten by another', 'faint', (number) => !best.has(number)),
    toLine('front', 'accent', (number) => best.has(number)),
  ];
}

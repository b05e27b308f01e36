import { Checkbox } from '@mantine/core';
import type { Sweep, SweepGoal } from '@tidemill/sdk';
import { useMemo } from 'react';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { FrontChart } from './FrontChart.tsx';
import { goalValue, type Search } from './search-words.ts';
import { ValueHistory } from './ValueHistory.tsx';

interface SearchHistoryProps {
  readonly sweep: Sweep;
  readonly search: Search;
}

/** How the values went, goal by goal; with several goals also what had to be given for what. */
export function SearchHistory({ sweep, search: { goals } }: SearchHistoryProps) {
  const [{ log }, change] = useScreenSearch();
  return (
    <div className="stack">
      <Checkbox
        label="Log scale"
        checked={log === 'y'}
        onChange={({ currentTarget }) => change({ log: currentTarget.checked ? 'y' : undefined })}
      />
      {goals.map((goal, index) => (
        <GoalHistory key={goal.metric} sweep={sweep} goal={goal} index={index} log={log === 'y'} />
      ))}
      {goals.length > 1 && <FrontChart sweep={sweep} goals={goals} />}
    </div>
  );
}

interface GoalHistoryProps {
  readonly sweep: Sweep;
  readonly goal: SweepGoal;
  readonly index: number;
  readonly log: boolean;
}

function GoalHistory({ sweep: { trials }, goal: { metric, direction }, index, log }: GoalHistoryProps) {
  const valued = useMemo(
    () => trials.map((trial) => ({ ...trial, value: goalValue(trial, index) })),
    [trials, index],
  );
  return <ValueHistory title={`${metric} by trial`} trials={valued} direction={direction} log={log} />;
}

import type { Sweep } from '@tidemill/sdk';
import { useMemo } from 'react';
import { ParallelChart } from '../../../components/ParallelChart.tsx';
import { toParallel } from './parameter-axes.ts';
import type { Search } from './search-words.ts';

/** Which values go together: a line per complete trial, the better the stronger. */
export function SearchParallel({ sweep, search }: { readonly sweep: Sweep; readonly search: Search }) {
  const { trials, definition } = sweep;
  const { axes, rows } = useMemo(
    () => toParallel({ trials, definition }, search.goals),
    [trials, definition, search.goals],
  );
  return (
    <>
      <ParallelChart
        title="Parameters and goals of each trial"
        axes={axes}
        rows={rows}
        empty="No trial is complete yet."
      />
      <p className="dim">
        The better a trial by {search.goals[0]?.metric}, the stronger its line. Drag along an axis to leave
        only the lines that pass there; click the axis to have all again. A trial without a parameter passes
        its axis by.
      </p>
    </>
  );
}

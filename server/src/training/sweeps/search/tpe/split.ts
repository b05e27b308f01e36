import type { TrialTable } from './trial-table.ts';

/** The rows that a point should resemble, and those it should not; each by number. */
export interface Split {
  readonly below: Int32Array;
  readonly above: Int32Array;
}

/** A tenth of the trials, at most 25. */
const largestBelow = 25;

/**
 * The best tenth of the ended trials against the rest. Of one goal: by value, then the pruned ones by how far they came.
 * Running trials are always above: a lie that keeps the next point away from them.
 * @param except number of the trial that is asked for
 */
export function splitTrials(table: TrialTable, except: number): Split {
  const size = Math.min(Math.ceil(0.1 * table.ended), largestBelow);
  const complete = table.complete.rows.subarray(0, Math.min(size, table.complete.length));
  const pruned = table.pruned.rows.subarray(0, Math.min(size - complete.length, table.pruned.length));
  return partition(table, [...complete, ...pruned], except);
}

function partition(table: TrialTable, chosen: readonly number[], except: number): Split {
  const below = Int32Array.from(chosen).sort((a, b) => table.numberOf(a) - table.numberOf(b));
  const above = new Int32Array(table.all.length);
  let [taken, passed] = [0, 0];
  for (let place = 0; place < table.all.length; place += 1) {
    const row = table.all.rows[place] ?? 0;
    if (row === below[passed]) passed += 1;
    else if (table.numberOf(row) !== except) {
      above[taken] = row;
      taken += 1;
    }
  }
  return { below, above: above.subarray(0, taken) };
}

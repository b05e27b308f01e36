import { chooseNondominated } from '../pareto.ts';
import type { TrialTable } from './trial-table.ts';

/** The rows that a point should resemble, and those it should not; each by number. */
export interface Split {
  readonly below: Int32Array;
  readonly above: Int32Array;
}

/** Of one goal a tenth of the trials, at most 25; of several a tenth. */
const largestBelow = 25;

/**
 * The best tenth of the ended trials against the rest: complete ones by value (of several goals by rank of dominance, then
 * by what they add to the dominated volume), then the pruned ones by how far they came. Open trials are always above: a lie
 * that keeps the next point away from them. @param except number of the trial that is asked for
 */
export function createSplitter(table: TrialTable): (except: number) => Split {
  const isSingle = table.losses.length === 1;
  let known = { version: -1, size: -1, rows: [] as readonly number[] };
  const listBest = (size: number): readonly number[] => {
    if (isSingle) return [...table.complete.rows.subarray(0, Math.min(size, table.complete.length))];
    if (known.version !== table.version || known.size !== size)
      known = { version: table.version, size, rows: listNondominated(table, size) };
    return known.rows;
  };
  return (except) => {
    const tenth = Math.ceil(0.1 * table.ended);
    const size = isSingle ? Math.min(tenth, largestBelow) : tenth;
    const complete = listBest(size);
    const pruned = table.pruned.rows.subarray(0, Math.min(size - complete.length, table.pruned.length));
    return partition(table, [...complete, ...pruned], except);
  };
}

function listNondominated(table: TrialTable, size: number): readonly number[] {
  const rows = [...table.complete.rows.subarray(0, table.complete.length)].sort(
    (a, b) => table.numberOf(a) - table.numberOf(b),
  );
  const points = rows.map((row) => table.losses.map((losses) => losses[row] ?? 0));
  return chooseNondominated(points, size).map((index) => rows[index] ?? 0);
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

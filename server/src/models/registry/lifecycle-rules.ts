import { lifecycle, type ModelState, type TransitionCause } from '@tidemill/contract';

/** Where a version goes for this cause; null where the table knows no such move, and it stays. */
export function nextState(
  from: ModelState,
  cause: TransitionCause,
  isReleasable: boolean,
): ModelState | null {
  const found = lifecycle.find(
    (each) =>
      each.from === from && each.cause === cause && (each.releasable ?? isReleasable) === isReleasable,
  );
  return found?.to ?? null;
}

/** The versions an alias pointed at, newest first, each run of one version once; removals are left out. */
export function holdersOf(moves: readonly { readonly number: number | null }[]): number[] {
  const numbers = moves.flatMap(({ number }) => (number === null ? [] : [number]));
  return numbers.filter((number, i) => number !== numbers[i - 1]);
}

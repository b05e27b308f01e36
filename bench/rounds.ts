import { setTimeout as pause } from 'node:timers/promises';

/** A side of a comparison: one round of it, as a figure. */
export type Contestant = () => Promise<number>;

/** Every contestant once per round; the order turns with each round, so that none always goes first. */
export async function alternate(
  contestants: readonly Contestant[],
  rounds: number,
  onRound: (round: number, figures: readonly number[]) => void,
): Promise<readonly (readonly number[])[]> {
  const figures = contestants.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = contestants.map((_, i) => (i + round) % contestants.length);
    for (const i of order) {
      figures[i]?.push((await contestants[i]?.()) ?? Number.NaN);
      await pause(settleMs);
    }
    onRound(
      round + 1,
      figures.map((values) => values[round] ?? Number.NaN),
    );
  }
  return figures;
}

/** What one side left behind (a flush, a garbage collection) is not the other's to pay. */
const settleMs = 200;

/** Milliseconds of a fixed piece of work that has nothing of ours in it: what the machine itself swings by. */
export function bareWork(): number {
  const started = performance.now();
  const values = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i) * 1e6);
  values.sort();
  return performance.now() - started;
}

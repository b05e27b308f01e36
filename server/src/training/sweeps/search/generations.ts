import type { Direction, SearchTrial } from './sampler.ts';
import { holdsPoint, type Point, type Space } from './space.ts';

/** A complete trial, all goals to be minimized. */
export interface Individual {
  readonly number: number;
  readonly point: Point;
  readonly losses: readonly number[];
}

/** Complete trials by the generation they were asked for in, each generation by number. */
export class Generations {
  readonly #space: Space;
  readonly #signs: readonly number[];
  readonly #foreign: number | null;
  readonly #members: Individual[][] = [];
  readonly #generationOf = new Map<number, number>();
  readonly #onChange: (generation: number) => void;

  /**
   * @param foreign generation of trials that came from elsewhere; null leaves them aside
   * @param onChange called with each generation that has changed
   */
  constructor(
    { space, directions }: { readonly space: Space; readonly directions: readonly Direction[] },
    foreign: number | null,
    onChange: (generation: number) => void,
  ) {
    this.#space = space;
    this.#signs = directions.map((direction) => (direction === 'minimize' ? 1 : -1));
    this.#foreign = foreign;
    this.#onChange = onChange;
  }

  tell(trial: SearchTrial): void {
    const { number, state, parameters: point } = trial;
    this.#remove(number);
    const generation = trial.generation ?? this.#foreign;
    const losses = this.#signs.map((sign, goal) => sign * (trial.values?.[goal] ?? Number.NaN));
    const isSound = state === 'complete' && !losses.some(Number.isNaN) && holdsPoint(this.#space, point);
    if (generation === null || !isSound) return;
    while (this.#members.length <= generation) this.#members.push([]);
    const members = this.of(generation);
    members.splice(members.findLastIndex((one) => one.number < number) + 1, 0, { number, point, losses });
    this.#generationOf.set(number, generation);
    this.#onChange(generation);
  }

  of(generation: number): Individual[] {
    return this.#members[generation] ?? [];
  }

  /** The generation that a next trial belongs to: the newest one, until it has `size` complete trials. */
  current(size: number): number {
    const newest = this.#members.findLastIndex((members) => members.length > 0);
    if (newest < 0) return 0;
    return this.of(newest).length < size ? newest : newest + 1;
  }

  #remove(number: number): void {
    const generation = this.#generationOf.get(number);
    if (generation === undefined) return;
    const members = this.of(generation);
    members.splice(
      members.findIndex((one) => one.number === number),
      1,
    );
    this.#generationOf.delete(number);
    this.#onChange(generation);
  }
}

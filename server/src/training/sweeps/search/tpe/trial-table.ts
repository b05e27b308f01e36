import { ascending } from '../../../../base/statistics/ascending.ts';
import type { SamplerInput, SearchTrial } from '../sampler.ts';
import { boundsOf, isSingle, type Parameter, toCoordinate } from '../space.ts';
import { SortedRows } from './sorted-rows.ts';

/** What all trials have for one parameter. */
export interface Column {
  readonly parameter: Parameter;
  readonly low: number;
  readonly high: number;
  /** By row; NaN where the trial lacks the parameter. */
  coordinates: Float64Array;
  /** Rows that have the parameter and may be learned from, by coordinate. */
  readonly rows: SortedRows;
  /** How many of them have ended. */
  ended: number;
  /** The width a kernel had when its mass was computed last, and that mass: most kernels keep both from trial to trial. */
  knownSigmas: Float64Array;
  knownMasses: Float64Array;
}

type State = SearchTrial['state'];
const isEnded = (state: State | undefined): boolean => state === 'complete' || state === 'pruned';
const isOpen = (state: State | undefined): boolean => state === 'running' || state === 'waiting';

/** Trials as columns, kept in the orders that a split asks for: a tell costs a few insertions, an ask no sorting. */
export class TrialTable {
  readonly columns: readonly Column[];
  numbers = new Float64Array(64);
  /** Per goal, by row: what is to be minimized. */
  readonly losses: Float64Array[];
  /** Rows to learn from (complete, pruned, running or waiting), by number. */
  readonly all: SortedRows;
  /** Complete rows by first loss; of equal ones the earlier trial first. */
  readonly complete: SortedRows;
  /** Pruned rows: who came further first, then by the value reported there. */
  readonly pruned: SortedRows;
  /** Changes with the complete rows. */
  version = 0;
  readonly #space: SamplerInput['space'];
  readonly #signs: readonly number[];
  readonly #rows = new Map<number, number>();
  readonly #states: State[] = [];
  #steps = new Float64Array(64);
  #reported = new Float64Array(64);

  constructor({ space, directions }: Pick<SamplerInput, 'space' | 'directions'>) {
    this.#space = space;
    this.#signs = directions.map((direction) => (direction === 'minimize' ? 1 : -1));
    this.losses = directions.map(() => new Float64Array(64));
    const byNumber = (a: number, b: number) => (this.numbers[a] ?? 0) - (this.numbers[b] ?? 0);
    const loss = (row: number) => this.losses[0]?.[row] ?? 0;
    this.all = new SortedRows(byNumber);
    this.complete = new SortedRows((a, b) => ascending(loss(a), loss(b)) || byNumber(a, b));
    this.pruned = new SortedRows(
      (a, b) =>
        ascending(this.#steps[b] ?? 0, this.#steps[a] ?? 0) ||
        ascending(this.#reported[a] ?? 0, this.#reported[b] ?? 0) ||
        byNumber(a, b),
    );
    this.columns = space.parameters.map((parameter) => createColumn(parameter, byNumber));
  }

  /** Trials that have ended and count. */
  get ended(): number {
    return this.complete.length + this.pruned.length;
  }

  /** Parameters that every ended trial has, those with a single value left out. */
  listCommon(): readonly Column[] {
    const { ended } = this;
    return this.columns.filter((column) => column.ended === ended && !isSingle(column.parameter));
  }

  numberOf(row: number): number {
    return this.numbers[row] ?? Number.NaN;
  }

  tell(trial: SearchTrial): void {
    const coordinates = this.#coordinatesOf(trial);
    const row = this.#rowOf(trial.number);
    this.#detach(row);
    if (!coordinates) return;
    const values = trial.values ?? [];
    const isFailed =
      trial.state === 'complete' && this.#signs.some((_, goal) => Number.isNaN(values[goal] ?? Number.NaN));
    this.#states[row] = isFailed ? 'failed' : trial.state;
    for (const [goal, sign] of this.#signs.entries()) {
      const losses = this.losses[goal];
      if (losses) losses[row] = sign * (values[goal] ?? Number.NaN);
    }
    // Without a report a trial comes after all that have one.
    this.#steps[row] = trial.lastReport?.step ?? -1;
    const reported = (this.#signs[0] ?? 1) * (trial.lastReport?.value ?? 0);
    this.#reported[row] = Number.isNaN(reported) ? Number.POSITIVE_INFINITY : reported;
    for (const [index, column] of this.columns.entries()) {
      column.coordinates[row] = coordinates[index] ?? Number.NaN;
      column.knownSigmas[row] = 0;
    }
    this.#attach(row);
  }

  /** Null where the space does not hold the trial's point. */
  #coordinatesOf({ parameters }: SearchTrial): readonly number[] | null {
    let known = 0;
    const coordinates: number[] = [];
    for (const parameter of this.#space.parameters) {
      const value = parameters[parameter.name];
      const coordinate = toCoordinate(parameter, value);
      if (value !== undefined && Number.isNaN(coordinate)) return null;
      if (value !== undefined) known += 1;
      coordinates.push(coordinate);
    }
    return known === Object.keys(parameters).length ? coordinates : null;
  }

  #rowOf(number: number): number {
    const known = this.#rows.get(number);
    if (known !== undefined) return known;
    const row = this.#rows.size;
    this.#rows.set(number, row);
    if (row === this.numbers.length) this.#grow(2 * row);
    this.numbers[row] = number;
    this.#states[row] = 'failed';
    return row;
  }

  #detach(row: number): void {
    const state = this.#states[row];
    if (state === 'failed') return;
    this.all.remove(row);
    if (state === 'complete') {
      this.complete.remove(row);
      this.version += 1;
    } else if (state === 'pruned') this.pruned.remove(row);
    for (const column of this.columns) {
      if (Number.isNaN(column.coordinates[row])) continue;
      column.rows.remove(row);
      if (isEnded(state)) column.ended -= 1;
    }
    this.#states[row] = 'failed';
  }

  #attach(row: number): void {
    const state = this.#states[row];
    if (!isEnded(state) && !isOpen(state)) return;
    this.all.insert(row);
    if (state === 'complete') {
      this.complete.insert(row);
      this.version += 1;
    } else if (state === 'pruned') this.pruned.insert(row);
    for (const column of this.columns) {
      if (Number.isNaN(column.coordinates[row])) continue;
      column.rows.insert(row);
      if (isEnded(state)) column.ended += 1;
    }
  }

  #grow(size: number): void {
    const larger = (values: Float64Array) => {
      const copy = new Float64Array(size);
      copy.set(values);
      return copy;
    };
    this.numbers = larger(this.numbers);
    this.#steps = larger(this.#steps);
    this.#reported = larger(this.#reported);
    for (const [goal, losses] of this.losses.entries()) this.losses[goal] = larger(losses);
    for (const column of this.columns) {
      column.coordinates = larger(column.coordinates);
      column.knownSigmas = larger(column.knownSigmas);
      column.knownMasses = larger(column.knownMasses);
    }
  }
}

function createColumn(parameter: Parameter, byNumber: (a: number, b: number) => number): Column {
  const [low, high] = parameter.type === 'categorical' ? [0, 0] : boundsOf(parameter);
  const column: Column = {
    ...{ parameter, low, high, ended: 0, coordinates: new Float64Array(64) },
    ...{ knownSigmas: new Float64Array(64), knownMasses: new Float64Array(64) },
    rows: new SortedRows(
      (a, b) => ascending(column.coordinates[a] ?? 0, column.coordinates[b] ?? 0) || byNumber(a, b),
    ),
  };
  return column;
}

import { ascending } from '../../../base/statistics/ascending.ts';

// Several goals at once. A point is its losses, one per goal, all to be minimized.

export type Losses = ArrayLike<number>;

/** Is `a` nowhere worse than `b`, and somewhere better? */
export function dominates(a: Losses, b: Losses): boolean {
  let isBetter = false;
  for (let goal = 0; goal < a.length; goal += 1) {
    const [left = 0, right = 0] = [a[goal], b[goal]];
    if (left > right) return false;
    isBetter ||= left < right;
  }
  return isBetter;
}

/**
 * Rank of each point: 0 for those that none dominates, 1 for those that only they dominate, and so on.
 * Source: efficient non-dominated sort with binary search, Zhang et al. (2015), IEEE Trans. Evol. Comput. 19(2).
 */
export function rankByDominance(points: readonly Losses[]): Int32Array {
  const ranks = new Int32Array(points.length);
  const fronts: Losses[][] = [];
  for (const index of inOrder(points)) {
    const point = points[index] ?? [];
    let [low, high] = [0, fronts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      // The newest of a front is the likeliest to dominate.
      if (fronts[middle]?.findLast((member) => dominates(member, point))) low = middle + 1;
      else high = middle;
    }
    ranks[index] = low;
    const front = fronts[low];
    if (front) front.push(point);
    else fronts.push([point]);
  }
  return ranks;
}

/** Indices of the points that none dominates, equal ones included. */
export function findFront(points: readonly Losses[]): readonly number[] {
  const ranks = rankByDominance(points);
  return [...ranks.keys()].filter((index) => ranks[index] === 0);
}

/** Indices by first loss, then second, ...; of equal points the earlier first. */
const inOrder = (points: readonly Losses[]): readonly number[] =>
  [...points.keys()].sort((a, b) => compareLosses(points[a] ?? [], points[b] ?? []) || a - b);

function compareLosses(a: Losses, b: Losses): number {
  for (let goal = 0; goal < a.length; goal += 1) {
    const order = ascending(a[goal] ?? 0, b[goal] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * Volume that the points dominate within the reference point; points that reach beyond it count as far as it. Exact, by
 * slices along the last goal: quick for two and three goals.
 */
export function hypervolume(points: readonly Losses[], reference: Losses): number {
  const inside = points
    .map((point) => Float64Array.from(point))
    .filter((point) => point.every((loss, goal) => loss < (reference[goal] ?? 0)));
  return volumeOf(inside, reference, reference.length);
}

/** Of points given by their first `goals` losses. */
function volumeOf(points: readonly Float64Array[], reference: Losses, goals: number): number {
  const last = goals - 1;
  const end = reference[last] ?? 0;
  if (goals === 1) return end - points.reduce((least, [loss = end]) => Math.min(least, loss), end);
  const sorted = points.toSorted((a, b) => (a[last] ?? 0) - (b[last] ?? 0));
  const stairs = new Stairs(reference);
  let volume = 0;
  for (const [index, point] of sorted.entries()) {
    if (goals === 3) stairs.add(point);
    const depth = (sorted[index + 1]?.[last] ?? end) - (point[last] ?? 0);
    if (depth > 0)
      volume += depth * (goals === 3 ? stairs.area : volumeOf(sorted.slice(0, index + 1), reference, last));
  }
  return volume;
}

/** The front of two goals and the area that it dominates, while points come one by one. */
class Stairs {
  area = 0;
  /** Ascending, and the second losses, descending. */
  readonly #firsts: number[] = [];
  readonly #seconds: number[] = [];
  readonly #reference: Losses;

  constructor(reference: Losses) {
    this.#reference = reference;
  }

  add([first = 0, second = 0]: Float64Array): void {
    const [firsts, seconds] = [this.#firsts, this.#seconds];
    const found = firsts.findIndex((one) => one >= first);
    const start = found < 0 ? firsts.length : found;
    let top = seconds[start - 1] ?? this.#reference[1] ?? 0;
    if (top <= second || (firsts[start] === first && (seconds[start] ?? 0) <= second)) return;
    let [next, left] = [start, first];
    for (; next < firsts.length && (seconds[next] ?? 0) >= second; next += 1) {
      this.area += ((firsts[next] ?? 0) - left) * (top - second);
      [left, top] = [firsts[next] ?? 0, seconds[next] ?? 0];
    }
    this.area += ((firsts[next] ?? this.#reference[0] ?? 0) - left) * (top - second);
    firsts.splice(start, next - start, first);
    seconds.splice(start, next - start, second);
  }
}

/**
 * Indices of `size` points that together dominate much: each time the one that adds most, which comes within 1 - 1/e of the
 * best choice. Source: Guerreiro et al. (2016), Evol. Comput. 24(3); bounds kept as long as they hold, as nothing ever adds
 * more to a larger set.
 */
export function selectByHypervolume(
  points: readonly Losses[],
  size: number,
  reference: Losses,
): readonly number[] {
  const order = inOrder(points);
  const isDouble = (place: number) =>
    place > 0 && compareLosses(points[order[place] ?? 0] ?? [], points[order[place - 1] ?? 0] ?? []) === 0;
  const unique = order.filter((_, place) => !isDouble(place));
  const doubles = order.filter((_, place) => isDouble(place)).toSorted((a, b) => a - b);
  if (size >= unique.length) return [...unique, ...doubles.slice(0, size - unique.length)];
  if (!Array.from(reference).every(Number.isFinite)) return unique.slice(0, size);
  return selectGreedily(points, unique, size, reference);
}

function selectGreedily(
  points: readonly Losses[],
  unique: readonly number[],
  size: number,
  reference: Losses,
): readonly number[] {
  const bounds = new Map(unique.map((index) => [index, hypervolume([points[index] ?? []], reference)]));
  const chosen: number[] = [];
  let volume = 0;
  while (chosen.length < size) {
    const members = chosen.map((index) => points[index] ?? []);
    let [best, gain] = [-1, Number.NEGATIVE_INFINITY];
    for (const [index, bound] of [...bounds].toSorted(([, a], [, b]) => b - a)) {
      if (bound < gain) break;
      const added = hypervolume([...members, points[index] ?? []], reference) - volume;
      bounds.set(index, added);
      if (added > gain || (added === gain && unique.indexOf(index) < unique.indexOf(best)))
        [best, gain] = [index, added];
    }
    bounds.delete(best);
    chosen.push(best);
    volume += gain;
  }
  return chosen;
}

/** Indices of `size` points: rank after rank, and of the rank that does not fit those that together dominate the most. */
export function chooseNondominated(points: readonly Losses[], size: number): readonly number[] {
  if (size >= points.length) return [...points.keys()];
  const ranks = rankByDominance(points);
  const chosen: number[] = [];
  for (let rank = 0; chosen.length < size; rank += 1) {
    const front = [...ranks.keys()].filter((index) => ranks[index] === rank);
    const room = size - chosen.length;
    chosen.push(...(front.length <= room ? front : chooseFromFront(points, front, room)));
  }
  return chosen;
}

function chooseFromFront(
  points: readonly Losses[],
  front: readonly number[],
  size: number,
): readonly number[] {
  const members = front.map((index) => points[index] ?? []);
  const reference = Array.from(members[0] ?? [], (_, goal) => {
    const worst = Math.max(...members.map((member) => member[goal] ?? 0));
    return Math.max(1.1 * worst, 0.9 * worst) || 1e-12;
  });
  return selectByHypervolume(members, size, reference).map((place) => front[place] ?? 0);
}

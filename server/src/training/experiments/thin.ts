/** Fewer points of a history, such that its picture stays: every peak, every dip and every gap is still there. */

export interface HistoryPoint {
  readonly timestamp: number;
  readonly step: number;
  /** May be NaN or infinite. */
  readonly value: number;
}

/** The least number of points that `thin` can be asked for: the ends, and one stretch of three. */
export const fewestPoints = 5;

/**
 * Cuts the history into equally long stretches and keeps of each its lowest and its highest point and the first that
 * is no finite number; of the whole, also the first and the last point. At most `most` come back, in their order.
 */
export function thin<P extends HistoryPoint>(points: readonly P[], most: number): readonly P[] {
  if (points.length <= most) return points;
  const kept: P[] = [];
  const perStretch = points.every(({ value }) => Number.isFinite(value)) ? 2 : 3;
  const inner = points.length - 2;
  const stretches = Math.max(1, Math.floor((most - 2) / perStretch));
  keep(kept, points, [0]);
  for (let index = 0; index < stretches; index += 1) {
    const start = 1 + Math.floor((index * inner) / stretches);
    const end = 1 + Math.floor(((index + 1) * inner) / stretches);
    keep(kept, points, findExtremes(points, start, end));
  }
  keep(kept, points, [points.length - 1]);
  return kept;
}

function keep<P>(kept: P[], points: readonly P[], places: readonly number[]): void {
  for (const place of places) {
    const point = points[place];
    if (point !== undefined) kept.push(point);
  }
}

/** Places of the lowest, the highest and the first that is no finite number, in order, each once. */
function findExtremes(points: readonly HistoryPoint[], start: number, end: number): number[] {
  let [low, high, gap] = [-1, -1, -1];
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let place = start; place < end; place += 1) {
    const value = points[place]?.value ?? Number.NaN;
    if (!Number.isFinite(value)) {
      if (gap < 0) gap = place;
      continue;
    }
    if (value < lowest) [low, lowest] = [place, value];
    if (value > highest) [high, highest] = [place, value];
  }
  return [...new Set([low, high, gap])].filter((place) => place >= 0).sort((a, b) => a - b);
}

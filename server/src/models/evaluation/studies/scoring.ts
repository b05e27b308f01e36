/** Runs in a worker thread: scores of the model's answers to rows that were changed. */
import { drawnInterval } from '../../../base/statistics/permutation-importance.ts';
import { createRandom } from '../../../base/statistics/random.ts';
import { calledClasses, scorerOf } from '../judgement/figures.ts';
import { type JudgedRows, type JudgementInput, toJudgedRows } from '../judgement/rows.ts';
import type { Predicted } from '../model-judge.ts';

export type Scored = Readonly<Record<string, number>>;

export interface PermutedInput {
  readonly judged: JudgementInput;
  readonly permuted: readonly Predicted[];
  readonly metric: string;
  readonly sign: 1 | -1;
  readonly rounds: number;
  readonly alpha: number;
  readonly seed: number;
}

export function scoreRows(judged: JudgementInput): Scored {
  const rows = toJudgedRows(judged);
  return scorerOf(rows)(null)(rows.weights);
}

/** The metric of each repeat; the interval is of draws of both, rows with replacement and a permutation. */
export function scorePermuted({ judged, permuted, metric, sign, rounds, alpha, seed }: PermutedInput) {
  const rows = toJudgedRows(judged);
  const base = scorerOf(rows)(null);
  const others = permuted.map((own) => scorerOf(toJudgedRows({ ...judged, ...own }))(null));
  const at = (scores: Scored) => scores[metric] ?? Number.NaN;
  const random = createRandom(seed);
  const drawn = new Float64Array(Math.ceil(rounds / others.length) * others.length);
  for (let round = 0; round < drawn.length; round += 1) {
    const weights = drawWeights(rows, random);
    const other = others[round % others.length];
    drawn[round] = sign * (at(base(weights)) - at(other?.(weights) ?? {}));
  }
  return {
    scores: others.map((other) => at(other(rows.weights))),
    interval: drawnInterval(drawn, alpha),
  };
}

/** As often as each row is drawn, times what it weighs. */
function drawWeights({ weights }: JudgedRows, random: ReturnType<typeof createRandom>): Float64Array {
  const drawn = new Float64Array(weights.length);
  for (let i = 0; i < drawn.length; i += 1) {
    const row = random.integer(drawn.length);
    drawn[row] = (drawn[row] as number) + (weights[row] as number);
  }
  return drawn;
}

export interface Moved {
  readonly metric: number | null;
  readonly meanChange: number | null;
  readonly flipped: number | null;
}

/** How metric and answers move from those of the rows as they are. */
export function scoreMoved({
  judged,
  moved,
  metric,
}: {
  readonly judged: JudgementInput;
  readonly moved: readonly Predicted[];
  readonly metric: string;
}): Moved[] {
  const base = toJudgedRows(judged);
  return moved.map((own) => {
    const rows = toJudgedRows({ ...judged, ...own });
    const value = scorerOf(rows)(null)(rows.weights)[metric] ?? Number.NaN;
    return {
      metric: Number.isFinite(value) ? value : null,
      meanChange: changeOf(base, rows),
      flipped: base.task === 'regression' ? null : share(calledClasses(base), calledClasses(rows)),
    };
  });
}

function changeOf(base: JudgedRows, rows: JudgedRows): number | null {
  const sides = [base, rows].map(({ task, prediction, score, probabilities }) =>
    task === 'regression' ? [prediction] : score ? [score] : (probabilities ?? []),
  );
  const pairs = (sides[0] ?? []).flatMap((own, k) => {
    const other = sides[1]?.[k];
    return own && other ? [[own, other] as const] : [];
  });
  if (pairs.length === 0) return null;
  let sum = 0;
  for (const [own, other] of pairs)
    for (let i = 0; i < own.length; i += 1) sum += Math.abs((own[i] as number) - (other[i] as number));
  return sum / (pairs.length * base.truth.length);
}

function share(a: Float64Array, b: Float64Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) count += 1;
  return count / a.length;
}

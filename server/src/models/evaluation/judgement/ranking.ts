/** Rows ranked for queries, as judged in a worker thread. */
import { errors } from '../../../base/errors.ts';
import { pick } from '../../../base/statistics/scores/order.ts';
import { queryFigures } from '../../../base/statistics/scores/ranking-scores.ts';
import { resampledIntervals } from '../../../base/statistics/scores/resampling.ts';
import { figureOf, meanScorer } from '../../../base/statistics/scores/row-figures.ts';
import { unitWeights } from '../../../base/statistics/scores/scorer.ts';
import { toIntervals, toMetrics } from './figures.ts';
import { type Judgement, toVerdict } from './judgement.ts';
import { comparedLosses, toComparison } from './rivals.ts';
import { assertHolds, finite, type NamedColumn, placesOf, type Rule } from './rows.ts';

export interface RankingInput {
  readonly task: 'ranking';
  readonly table: string;
  readonly label: NamedColumn;
  /** Numbers that tell queries apart. */
  readonly query: NamedColumn;
  readonly score: NamedColumn | null;
  readonly rivals: readonly {
    readonly kind: 'champion' | 'baseline';
    readonly name: string;
    readonly score: NamedColumn | null;
  }[];
  readonly cutoffs: readonly number[];
  readonly alpha: number;
  readonly rounds: number;
  readonly seed: number;
}

const gain: Rule = {
  holds: (value) => value >= 0 && value < Number.POSITIVE_INFINITY,
  wanted: 'a finite gain of at least 0',
};

/** Queries weigh alike, however many rows each has; intervals draw whole queries. @throws evaluationRowsMissing */
export function judgeRanking(input: RankingInput): Judgement {
  const { table, label, cutoffs, alpha, rounds, seed } = input;
  const total = label.values.length;
  const places = placesOf(label.values, (value) => !Number.isNaN(value));
  if (places.length === 0) {
    const reason = total === 0 ? 'it is empty' : `'${label.name}' is missing in all of its ${total} rows`;
    throw errors.evaluationRowsMissing({ dataset: table, reason });
  }
  const checked = (column: NamedColumn, rule: Rule) => {
    assertHolds(table, column, places, rule);
    return places.length === total ? column.values : pick(column.values, places);
  };
  const rows = { gain: checked(label, gain), query: checked(input.query, finite), cutoffs };
  const figuresOf = (score: Float64Array) => queryFigures({ ...rows, score });
  const own = figuresOf(checked(input.score ?? label, finite));
  const weights = unitWeights(own.rows);
  const scores = meanScorer(own, null)(weights);
  const shared = { alpha, rounds, seed, weights, isWeighted: false };
  const lossOf = (figures: typeof own) => figureOf(figures, 'ndcg').map((value) => 1 - value);
  const sides = input.rivals.map((rival) => {
    const figures = figuresOf(checked(rival.score ?? label, finite));
    const [test, score] = comparedLosses(shared, lossOf(own), lossOf(figures));
    const found = toComparison(score, { alpha, rows: own.rows });
    return {
      kind: rival.kind,
      judged: { name: rival.name, metrics: toMetrics(meanScorer(figures, null)(weights)) },
      found: [{ against: rival.kind, metric: 'ndcg', test, ...found }],
    };
  });
  const side = (kind: 'champion' | 'baseline') => sides.find((each) => each.kind === kind);
  const random = meanScorer(figuresOf(new Float64Array(rows.gain.length)), null)(weights);
  return {
    rows: places.length,
    metrics: toMetrics({ ...scores, queries: own.rows }),
    intervals: toIntervals(
      resampledIntervals(scores, { ...shared, scorerOf: (chosen) => meanScorer(own, chosen) }),
    ),
    notes: [
      ...(places.length < total
        ? [`${total - places.length} of ${total} rows have no label yet and are left out.`]
        : []),
      ...(own.withoutRelevant > 0
        ? [`Of ${own.withoutRelevant} of ${own.rows} queries no row is relevant: all their figures are 0.`]
        : []),
    ],
    // Rows of one score are judged by the mean over their orders, which is what a random order is worth.
    naive: [{ name: 'random', metrics: toMetrics(random) }],
    comparisons: sides.flatMap(({ found }) => found),
    champion: side('champion')?.judged ?? null,
    baseline: side('baseline')?.judged ?? null,
    againstChampion: toVerdict(side('champion')?.found),
    againstBaseline: toVerdict(side('baseline')?.found),
    ...{ slices: [], worst: null, curves: [], confusion: null, residuals: null },
  };
}

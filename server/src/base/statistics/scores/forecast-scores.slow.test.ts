import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ensurePythonEnvironment } from '../../../../../scripts/python-environment.ts';
import { backtestFolds } from '../backtest-folds.ts';
import { importanceOf, permuteColumns } from '../permutation-importance.ts';
import { createRandom } from '../random.ts';
import { quantileScorer } from './quantile-scores.ts';
import { regressionScorer } from './regression-scores.ts';
import { unitWeights } from './scorer.ts';

const python = await ensurePythonEnvironment();
const random = createRandom(11);
const draw = (count: number, value: () => number) => Float64Array.from({ length: count }, value);

function ask<T>(cases: readonly object[]): T[] {
  const plain = JSON.stringify(cases, (_, value: unknown) =>
    value instanceof Float64Array ? [...value] : value,
  );
  const script = new URL('./forecast-scores.py', import.meta.url).pathname;
  const { stdout, stderr } = spawnSync(python ?? '', [script], { input: plain, maxBuffer: 1e9 });
  expect(stderr.toString()).toBe('');
  return JSON.parse(stdout.toString()) as T[];
}

test.skipIf(python === null)('losses of quantiles equal scikit-learn', () => {
  const cases = Array.from({ length: 20 }, () => {
    const rows = 2 + random.integer(120);
    const truth = draw(rows, () => 5 * random.normal());
    const quantiles = [0.1, 0.5, 0.9].map((level) => [level, draw(rows, () => 5 * random.normal())] as const);
    const columns = quantiles.map(([level, values]) => ({ level, values }));
    return {
      asked: { kind: 'quantiles', truth, quantiles },
      ours: quantileScorer(truth, columns)(unitWeights(rows)),
    };
  });
  const theirs = ask<Record<string, number>>(cases.map(({ asked }) => asked));
  for (const [i, { ours }] of cases.entries())
    for (const name of ['quantile_loss_10', 'quantile_loss_50', 'quantile_loss_90'])
      expect(ours[name]).toBeCloseTo(theirs[i]?.[name] ?? Number.NaN, 10);
});

test.skipIf(python === null)('folds are those of TimeSeriesSplit', () => {
  const plans = [
    { times: 30, folds: 4, horizon: 3, gap: 0, trainTimes: undefined },
    { times: 30, folds: 3, horizon: 5, gap: 2, trainTimes: 6 },
    { times: 50, folds: 6, horizon: 7, gap: 1, trainTimes: 40 },
  ];
  const theirs = ask<number[][]>(
    plans.map((plan) => ({ kind: 'folds', ...plan, trainTimes: plan.trainTimes ?? null })),
  );
  plans.forEach(({ times, ...plan }, i) => {
    const ours = backtestFolds(times, plan)?.map((fold) => [
      fold.trainStart,
      fold.trainEnd,
      fold.start,
      fold.end,
    ]);
    expect(ours).toEqual(theirs[i]);
  });
});

test.skipIf(python === null)('importance equals permutation_importance, given the same permutations', () => {
  const rows = 80;
  const columns = [0, 1, 2].map(() => draw(rows, () => random.normal()));
  const truth = draw(rows, () => random.normal()).map(
    (noise, i) => noise + 3 * (columns[0]?.[i] ?? 0) - (columns[1]?.[i] ?? 0),
  );
  const [theirs] = ask<{
    coefficients: number[];
    intercept: number;
    orders: number[][];
    means: number[];
    deviations: number[];
  }>([{ kind: 'importance', columns, truth, seed: 5 }]);
  if (!theirs) throw new Error('scikit-learn gave nothing');
  const named = new Map(columns.map((column, i) => [`x${i}`, column]));
  const score = (given: ReadonlyMap<string, Float64Array>) => {
    const prediction = truth.map((_, row) =>
      theirs.coefficients.reduce(
        (sum, weight, i) => sum + weight * (given.get(`x${i}`)?.[row] ?? 0),
        theirs.intercept,
      ),
    );
    return regressionScorer({ truth, prediction })(unitWeights(rows)).mae ?? Number.NaN;
  };
  columns.forEach((_, i) => {
    const permuted = theirs.orders.map((order) =>
      score(permuteColumns(named, [`x${i}`], Uint32Array.from(order))),
    );
    const { mean, deviation } = importanceOf(score(named), permuted, -1);
    expect(mean).toBeCloseTo(theirs.means[i] ?? Number.NaN, 10);
    expect(deviation).toBeCloseTo(theirs.deviations[i] ?? Number.NaN, 10);
  });
});

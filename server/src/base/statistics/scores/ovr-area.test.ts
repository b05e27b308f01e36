import { expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { aucWithError } from './auc-error.ts';
import { normalInterval } from './delta-method.ts';
import { pick } from './order.ts';
import { ovrArea } from './ovr-area.ts';
import { resampledIntervals } from './resampling.ts';
import { unitWeights } from './scorer.ts';

const random = createRandom(8);
const rows = 400;
const truth = Float64Array.from({ length: rows }, () => random.integer(3));
const columns = [0, 1, 2].map((k) =>
  truth.map((own) => (own === k ? 0.3 : 0) + 0.7 * Math.round(random.next() * 50) * 0.02),
);

test('the interval of the mean area is that of the bootstrap', () => {
  const area = ovrArea(truth, columns, unitWeights(rows));
  const { lower, upper } = normalInterval(area, 0.05);
  const drawn = resampledIntervals(
    { area: area.value },
    {
      ...{ alpha: 0.05, rounds: 200, seed: 2, weights: unitWeights(rows) },
      scorerOf: (places) => {
        const [own, each] = [pick(truth, places), columns.map((column) => pick(column, places))];
        return (weights) => ({ area: ovrArea(own, each, weights).value });
      },
    },
  ).area;
  const width = upper - lower;
  expect(width).toBeGreaterThan(0.02);
  expect(Math.abs(lower - (drawn?.lower ?? 0))).toBeLessThan(0.25 * width);
  expect(Math.abs(upper - (drawn?.upper ?? 0))).toBeLessThan(0.25 * width);
});

test("of two classes the error is DeLong's, also with weights", () => {
  const outcome = truth.map((value) => (value === 1 ? 1 : 0));
  const score = columns[1] as Float64Array;
  const order = Uint32Array.from({ length: rows }, (_, i) => i).sort(
    (a, b) => (score[b] as number) - (score[a] as number),
  );
  for (const weights of [unitWeights(rows), truth.map(() => 0.5 + random.next())]) {
    const ours = ovrArea(outcome, [score.map((value) => 1 - value), score], weights);
    const delong = aucWithError(pick(outcome, order), pick(score, order), pick(weights, order));
    expect(ours.value).toBeCloseTo(delong.value, 12);
    expect(Math.abs(ours.error / delong.error - 1)).toBeLessThan(0.005);
  }
});

test('a class without a row leaves it undefined', () => {
  const area = ovrArea(
    Float64Array.of(0, 1, 0),
    [0, 1, 2].map(() => new Float64Array(3)),
    unitWeights(3),
  );
  expect(area.value).toBeNaN();
  expect(area.error).toBeNaN();
});

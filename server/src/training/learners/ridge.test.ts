import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildMatrix,
  buildRandomMatrix,
  buildRandomTarget,
  predictWithOnnx,
  relativeGap,
  takeRows,
} from './learner-testing.ts';
import { ridge } from './ridge.ts';

const features = buildMatrix({
  a: [1, 2.5, 3, 4.25, 5, 7.5, 8, 9.125],
  b: [1000.5, 998, 1003.25, 1001, 995.5, 1010, 1004, 999.75],
  constant: new Array<number>(8).fill(3.5),
  c: [-0.5, 0.25, 0.75, -1, 2, 1.5, -2.25, 0],
});
const target = Float64Array.of(3.1, 4.7, 2.9, 8.2, 6.6, 9.9, 11.4, 10.05);

describe('ridge', () => {
  // make_pipeline(StandardScaler(), Ridge(alpha=lambda, solver='svd')).fit(X, y).predict(X), scikit-learn 1.9.1
  it.each([
    [
      0,
      [
        3.3075651222273224, 4.3614607601954045, 4.750836845977377, 6.856690828972791, 5.904510052008662,
        9.08378469010001, 11.367874032716792, 11.21727766780164,
      ],
    ],
    [
      1,
      [
        3.7494088674683312, 4.596562825440568, 5.067393982369785, 6.8945435379061975, 5.854879973592491,
        9.042255928436276, 10.966099931702702, 10.67885495308365,
      ],
    ],
    [
      25,
      [
        6.157557225522034, 6.276354517631648, 6.592140367415423, 7.058268834284479, 6.481743012138264,
        7.925484132251828, 8.329812888385165, 8.028639022371161,
      ],
    ],
  ])('equals scikit-learn at lambda %d', (lambda, expected) => {
    const predicted = ridge.fit({ features, target }, { lambda }, 0).predict(features);
    expect(relativeGap(predicted, Float64Array.from(expected))).toBeLessThan(1e-12);
  });

  it('gives a constant column no weight and says so', () => {
    const model = ridge.fit({ features, target }, {}, 0);
    const moved = {
      ...features,
      columns: features.columns.map((column, i) => (i === 2 ? column.map(() => 99) : column)),
    };
    expect(model.summary.constantColumns).toBe(1);
    expect(model.predict(moved)).toEqual(model.predict(features));
  });

  it('learns from constant columns alone the mean of the target', () => {
    const constant = buildMatrix({ x: [0.1, 0.1, 0.1] });
    const model = ridge.fit({ features: constant, target: Float64Array.of(1, 2, 6) }, { lambda: 0 }, 0);
    expect(model.predict(constant)).toEqual(Float64Array.of(3, 3, 3));
  });

  it('asks for a larger lambda when columns repeat each other', () => {
    const twins = buildMatrix({ x: [1, 2, 3, 4], twin: [2, 4, 6, 8] });
    const data = { features: twins, target: Float64Array.of(1, 2, 3, 5) };
    expect(() => ridge.fit(data, { lambda: 0 }, 0)).toThrow(/'twin' is a linear combination.*raise 'lambda'/);
    expect(ridge.fit(data, { lambda: 0.1 }, 0).summary.trainRmse).toBeLessThan(1);
  });

  it('predicts in onnxruntime what it predicts here', async () => {
    const data = buildRandomMatrix(500, 6, 1);
    const model = ridge.fit({ features: data, target: buildRandomTarget(data, 2) }, {}, 0);
    const fresh = buildRandomMatrix(300, 6, 3, 0.02);
    const here = model.predict(fresh);
    const there = await predictWithOnnx(model.toOnnx(), fresh);
    expect(relativeGap(here.filter(Number.isFinite), there.filter(Number.isFinite))).toBeLessThan(1e-6);
    expect(Array.from(here, Number.isNaN)).toEqual(Array.from(there, Number.isNaN));
  });

  it('keeps its digits in onnxruntime where a column is far from zero', async () => {
    const seconds = Array.from({ length: 200 }, (_, i) => 1.7e9 + i * 1024);
    const data = buildMatrix({ seconds });
    const model = ridge.fit({ features: data, target: Float64Array.from(seconds, (_, i) => i / 10) }, {}, 0);
    expect(relativeGap(model.predict(data), await predictWithOnnx(model.toOnnx(), data))).toBeLessThan(1e-6);
  });

  it('does not depend on the order of rows', () => {
    const data = buildRandomMatrix(40, 3, 7);
    const random = buildRandomTarget(data, 8);
    const expected = ridge.fit({ features: data, target: random }, {}, 0).predict(data);
    const rows = Array.from({ length: data.rows }, (_, row) => row);
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: data.rows }), (order) => {
        const shuffled = {
          features: takeRows(data, order),
          target: Float64Array.from(order, (row) => random[row] ?? 0),
        };
        expect(relativeGap(ridge.fit(shuffled, {}, 0).predict(data), expected)).toBeLessThan(1e-10);
      }),
      { numRuns: 50 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildMatrix,
  buildRandomMatrix,
  buildRandomTarget,
  predictWithOnnx,
  relativeGap,
} from './learner-testing.ts';
import { trees } from './trees.ts';

const features = buildRandomMatrix(1200, 6, 11, 0.1);
const target = buildRandomTarget(features, 12);
const fresh = buildRandomMatrix(700, 6, 13, 0.1);

describe('trees', () => {
  it('learns a bent surface that a line cannot', () => {
    const model = trees.fit({ features, target }, {}, 1);
    const error = model.predict(fresh).map((value, row) => value - (buildRandomTarget(fresh, 14)[row] ?? 0));
    const spread = Math.sqrt(target.reduce((sum, value) => sum + value ** 2, 0) / target.length);
    expect(Math.sqrt(error.reduce((sum, value) => sum + value ** 2, 0) / error.length)).toBeLessThan(
      spread / 3,
    );
  });

  it.each<Record<string, number>>([
    { depth: 5, trees: 200 },
    { depth: 12, trees: 50, minLeaf: 1, lambda: 0, learningRate: 1 },
    { depth: 1, trees: 300, subsample: 0.4 },
  ])('predicts in onnxruntime what it predicts here: %o', async (parameters) => {
    const model = trees.fit({ features, target }, parameters, 3);
    const onnx = model.toOnnx();
    expect(relativeGap(model.predict(features), await predictWithOnnx(onnx, features))).toBeLessThan(1e-7);
    expect(relativeGap(model.predict(fresh), await predictWithOnnx(onnx, fresh))).toBeLessThan(1e-7);
  });

  it('takes the same branch on values that float32 can barely tell apart', async () => {
    const step = 2 ** -23;
    const x = Array.from({ length: 64 }, (_, i) => 1 + i * step * 0.5);
    const close = buildMatrix({ x });
    const data = { features: close, target: Float64Array.from(x, (_, i) => i % 7) };
    const model = trees.fit(data, { minLeaf: 1, lambda: 0, learningRate: 1, trees: 20 }, 0);
    expect(relativeGap(model.predict(close), await predictWithOnnx(model.toOnnx(), close))).toBeLessThan(
      1e-6,
    );
  });

  it('parts missing from present values, and sends unseen low values with the present ones', async () => {
    const x = [Number.NaN, Number.NaN, Number.NaN, 1, 2, 3];
    const gaps = buildMatrix({ x });
    const model = trees.fit(
      { features: gaps, target: Float64Array.of(9, 9, 9, 1, 1, 1) },
      { minLeaf: 3, trees: 400 },
      0,
    );
    const asked = buildMatrix({ x: [Number.NaN, -1e30, 1e30, 2] });
    const [missing, low, high, seen] = await predictWithOnnx(model.toOnnx(), asked);
    expect(missing).toBeCloseTo(9, 3);
    expect([low, high]).toEqual([seen, seen]);
    expect(seen).toBeCloseTo(1, 3);
  });

  it('reaches every value of more than 255 distinct ones within a bin', () => {
    const x = Array.from({ length: 2550 }, (_, i) => i);
    const data = { features: buildMatrix({ x }), target: Float64Array.from(x) };
    const model = trees.fit(data, { depth: 8, minLeaf: 1, lambda: 0, learningRate: 1, trees: 1 }, 0);
    expect(model.summary.nodes).toBe(2 * 255 - 1);
    expect(
      relativeGap(
        model.predict(data.features).map((value, i) => value - i),
        new Float64Array(2550),
      ),
    ).toBeLessThan(10);
  });

  it('stops at one leaf when there is nothing to learn', async () => {
    const constant = trees.fit({ features, target: target.map(() => 4.5) }, {}, 0);
    expect(constant.summary).toMatchObject({ trees: 1, nodes: 1, trainRmse: 0 });
    expect(new Set(await predictWithOnnx(constant.toOnnx(), fresh))).toEqual(new Set([4.5]));
  });

  it('reports rising fractions and a falling error', () => {
    const reports: [number, number][] = [];
    trees.fit({ features, target }, { trees: 250 }, 0, (fraction, { trainRmse = 0 }) => {
      reports.push([fraction, trainRmse]);
    });
    expect(reports.length).toBeLessThanOrEqual(100);
    expect(reports.at(-1)?.[0]).toBe(1);
    expect(reports).toEqual(reports.toSorted((a, b) => a[0] - b[0] || b[1] - a[1]));
    expect(reports.at(-1)?.[1]).toBeLessThan(reports[0]?.[1] ?? 0);
  });

  it('is the same model, byte for byte, for the same seed, and another for another', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.3, max: 0.9, noNaN: true }), (seed, subsample) => {
        const fit = (from: number) => trees.fit({ features, target }, { trees: 4, subsample }, from).toOnnx();
        expect(fit(seed)).toEqual(fit(seed));
        expect(fit(seed)).not.toEqual(fit(seed + 1));
      }),
      { numRuns: 15 },
    );
  });

  it('never leaves the range of the target', () => {
    const cell = fc.oneof(fc.constant(Number.NaN), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
    const row = fc.record({ x: cell, z: cell, y: fc.double({ min: -1e9, max: 1e9, noNaN: true }) });
    const settings = fc.record({
      learningRate: fc.double({ min: 0.01, max: 1, noNaN: true }),
      minLeaf: fc.integer({ min: 1, max: 4 }),
      depth: fc.integer({ min: 1, max: 6 }),
      subsample: fc.double({ min: 0.05, max: 1, noNaN: true }),
      lambda: fc.constantFrom(0, 1),
    });
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.array(row),
        settings,
        (seen, asked, parameters) => {
          const matrix = (rows: typeof seen) =>
            buildMatrix({ x: rows.map((r) => r.x), z: rows.map((r) => r.z) });
          const values = Float64Array.from(seen, (r) => r.y);
          const model = trees.fit(
            { features: matrix(seen), target: values },
            { ...parameters, trees: 20 },
            5,
          );
          for (const value of model.predict(matrix([...seen, ...asked]))) {
            expect(value).toBeGreaterThanOrEqual(Math.min(...values));
            expect(value).toBeLessThanOrEqual(Math.max(...values));
          }
        },
      ),
    );
  });
});

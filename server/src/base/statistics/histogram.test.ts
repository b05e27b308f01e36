import fc from 'fast-check';
import { expect, test } from 'vitest';
import { histogramCounts, histogramEdges } from './histogram.ts';
import { createRandom, shuffle } from './random.ts';
import { sum } from './summary.ts';

const A = [0.61, 1.45, -0.32, 2.1, 0.07, 1.88, -1.21, 0.94, 0.35, 1.02];
const B = [1.31, 2.75, 0.42, 3.01, 1.66, 2.22, 0.15, 1.93, 2.48, 0.88, 3.37, 1.09];
const SAMPLE = Float64Array.of(...A, ...B, ...A.map((value) => value * 2));

test('edges and counts equal numpy', () => {
  // numpy 2.4.6: numpy.histogram_bin_edges(c, 'fd' and 'sturges'), numpy.histogram(c, edges)
  const fd = histogramEdges(SAMPLE);
  const expected = [-2.42, -1.47428571, -0.52857143, 0.41714286, 1.36285714, 2.30857143, 3.25428571, 4.2];
  expect(fd).toHaveLength(expected.length);
  for (const [index, edge] of expected.entries()) expect(fd[index]).toBeCloseTo(edge, 8);
  expect([...histogramCounts(SAMPLE, fd).counts]).toEqual([1, 2, 5, 9, 8, 4, 3]);
  const sturges = histogramEdges(SAMPLE, { rule: 'sturges' });
  expect([...histogramCounts(SAMPLE, sturges).counts]).toEqual([1, 3, 8, 10, 7, 3]);
});

test('every value of the sample falls in a bin, in any order, under the cap', () => {
  const values = fc.float64Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 60 });
  const rules = fc.constantFrom('freedman-diaconis' as const, 'sturges' as const);
  fc.assert(
    fc.property(values, rules, fc.integer({ min: 1, max: 40 }), (sample, rule, maxBins) => {
      // Around the largest double there is no room for an edge beyond it.
      fc.pre(sample.every((value) => Math.abs(value) < 1e300));
      const edges = histogramEdges(sample, { rule, maxBins });
      const { counts, below, above } = histogramCounts(sample, edges);
      expect([sum(counts), below, above]).toEqual([sample.length, 0, 0]);
      expect(counts.length).toBeLessThanOrEqual(maxBins);
      expect(histogramCounts(shuffle(sample, createRandom(maxBins)), edges).counts).toEqual(counts);
    }),
  );
});

test('a constant gets one bin; equal quartiles fall back to Sturges', () => {
  expect(histogramEdges(Float64Array.of(7, 7))).toEqual(Float64Array.of(6.5, 7.5));
  const spike = Float64Array.of(0, 0, 0, 0, 0, 0, 0, 8);
  expect(histogramEdges(spike)).toEqual(Float64Array.of(0, 2, 4, 6, 8));
});

test('values outside are counted apart and the last edge belongs to its bin', () => {
  const result = histogramCounts(Float64Array.of(-1, 0, 1, 2, 2.1), Float64Array.of(0, 1, 2));
  expect(result).toEqual({ counts: Float64Array.of(1, 2), below: 1, above: 1 });
});

test('bad input is a RangeError', () => {
  expect(() => histogramEdges(new Float64Array(0))).toThrow(RangeError);
  expect(() => histogramEdges(SAMPLE, { maxBins: 0 })).toThrow(/maxBins is 0/);
  expect(() => histogramCounts(Float64Array.of(Number.NaN), Float64Array.of(0, 1))).toThrow(/values\[0\]/);
  expect(() => histogramCounts(SAMPLE, Float64Array.of(0, 0))).toThrow(/edges\[1\]/);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isLater, latestBySeries, type MetricValue, type RunRecord, toRun } from './rules.ts';

const value = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0));
const metric: fc.Arbitrary<MetricValue> = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  value,
  timestamp: fc.nat(3),
  step: fc.integer({ min: -2, max: 2 }),
});

test('of two different points exactly one is later, and none is later than itself', () => {
  fc.assert(
    fc.property(metric, metric, (a, b) => {
      expect(isLater(a, a)).toBe(false);
      const isSame =
        a.step === b.step &&
        a.timestamp === b.timestamp &&
        (a.value === b.value || (Number.isNaN(a.value) && Number.isNaN(b.value)));
      expect(Number(isLater(a, b)) + Number(isLater(b, a))).toBe(isSame ? 0 : 1);
    }),
  );
});

test('the latest of a key does not depend on the order in which points arrive', () => {
  fc.assert(
    fc.property(fc.array(metric), (metrics) => {
      const latest = (list: readonly MetricValue[]) =>
        latestBySeries(list, ({ key }) => key).map(([, metric]) => metric);
      const forward = latest(metrics);
      const position = ({ step, timestamp, value: found }: MetricValue) => [step, timestamp, found + 0];
      expect(latest(metrics.toReversed()).map(position)).toEqual(forward.map(position));
      for (const point of metrics) {
        const latest = forward.find(({ key }) => key === point.key);
        expect(latest && isLater(point, latest)).toBe(false);
      }
    }),
  );
});

test("the contract's run shows null for what JSON cannot hold, and keys of any name", () => {
  const record: RunRecord = {
    id: 'a'.repeat(32),
    experimentId: '7',
    artifactLocation: 'mlflow-artifacts:/7',
    name: 'first',
    status: 'RUNNING',
    lifecycle: 'active',
    user: 'user:owner',
    startedAt: 1,
    endedAt: null,
    parameters: [{ key: '__proto__', value: 'x' }],
    metrics: [
      { key: 'nan', value: Number.NaN, timestamp: 1, step: 0 },
      { key: 'up', value: Infinity, timestamp: 1, step: 0 },
      { key: 'loss', value: 0.5, timestamp: 1, step: 0 },
    ],
    tags: [],
    inputs: [],
    modelInputs: [],
    modelOutputs: [],
  };
  const run = toRun(record);
  expect(run.metrics).toEqual({ nan: null, up: null, loss: 0.5 });
  expect(Object.keys(run.parameters)).toEqual(['__proto__']);
  expect(run.artifactUri).toBe(`mlflow-artifacts:/7/${record.id}/artifacts`);
});

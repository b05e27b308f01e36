import { describe, expect, it } from 'vitest';
import type { TrainingData } from './learner.ts';
import { LearnerInputError } from './learner-input.ts';
import { buildMatrix } from './learner-testing.ts';
import { getLearner, learners } from './learners.ts';

const features = buildMatrix({ a: [1, 2, 3, 4], b: [4, 1, 3, 2] });
const data: TrainingData = { features, target: Float64Array.of(1, 2, 3, 4) };

function catchInputError(call: () => unknown): LearnerInputError {
  try {
    call();
  } catch (error) {
    if (error instanceof LearnerInputError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('getLearner', () => {
  it('finds both and names them when asked for another', () => {
    expect([...learners.keys()]).toEqual(['ridge', 'trees']);
    expect(getLearner('ridge').name).toBe('ridge');
    expect(() => getLearner('constructor')).toThrow(
      "There is no learner 'constructor'; use one of: ridge, trees.",
    );
  });
});

describe.each([...learners.values()])('the learner $name', (learner) => {
  it('searches within its limits, around its defaults', () => {
    expect(Object.keys(learner.ranges)).toEqual(Object.keys(learner.limits));
    for (const [name, range] of Object.entries(learner.ranges)) {
      const limit = learner.limits[name];
      expect(range.min).toBeGreaterThanOrEqual(limit?.min ?? Number.NaN);
      expect(range.max).toBeLessThanOrEqual(limit?.max ?? Number.NaN);
      expect(range.integer ?? false).toBe(limit?.integer ?? false);
      expect(learner.defaults[name]).toBeGreaterThanOrEqual(range.min);
      expect(learner.defaults[name]).toBeLessThanOrEqual(range.max);
    }
  });

  it.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY]])('refuses lambda %d', (lambda) => {
    const error = catchInputError(() => learner.fit(data, { lambda }, 0));
    expect(error.place).toEqual({ parameter: 'lambda' });
    expect(error.message).toContain(`'lambda' is ${lambda}; give a number from 0 to`);
  });

  it.each(['leaves', '__proto__', 'toString'])('refuses the unknown parameter %s', (name) => {
    const error = catchInputError(() => learner.fit(data, Object.fromEntries([[name, 1]]), 0));
    expect(error.message).toContain(`Unknown parameter '${name}'; use one of:`);
  });

  it.each([
    [
      'no rows',
      { features: buildMatrix({ a: [] }), target: new Float64Array(0) },
      {},
      'widen its time range',
    ],
    ['no columns', { features: buildMatrix({}), target: new Float64Array(0) }, {}, 'at least one column'],
    ['a short target', { features, target: Float64Array.of(1) }, {}, '1 values for 4 rows'],
    [
      'a short column',
      { features: { ...features, rows: 5 }, target: new Float64Array(5) },
      { column: 'a' },
      'one per row',
    ],
    [
      'a name twice',
      { features: { ...features, names: ['a', 'a'] }, target: data.target },
      { column: 'a' },
      'rename it',
    ],
    [
      'a missing target',
      { features, target: Float64Array.of(1, 2, Number.NaN, 4) },
      { column: 'target', row: 2 },
      'drop the row',
    ],
    [
      'an endless value',
      { features: buildMatrix({ a: [1, 1e39] }), target: Float64Array.of(1, 2) },
      { column: 'a', row: 1 },
      'rescale',
    ],
  ])('refuses %s and says where and what to do', (_case, bad, place, remedy) => {
    const error = catchInputError(() => learner.fit(bad, {}, 0));
    expect(error.place).toEqual(place);
    expect(error.message).toContain(remedy);
  });

  it('refuses to predict from other columns than it was trained on', () => {
    const model = learner.fit(data, {}, 0);
    expect(() => model.predict(buildMatrix({ b: [1], a: [2] }))).toThrow(
      'trained on the columns a, b, but got b, a',
    );
  });

  it('predicts nothing for no rows', () => {
    expect(learner.fit(data, {}, 0).predict(buildMatrix({ a: [], b: [] }))).toEqual(new Float64Array(0));
  });
});

describe('missing features', () => {
  const gaps = { ...data, features: buildMatrix({ a: [1, Number.NaN, 3, 4] }) };

  it('are refused by ridge, with the learner that takes them', () => {
    const error = catchInputError(() => getLearner('ridge').fit(gaps, {}, 0));
    expect(error.place).toEqual({ column: 'a', row: 1 });
    expect(error.message).toContain("use the learner 'trees'");
  });

  it('are taken by trees', () => {
    expect(getLearner('trees').fit(gaps, {}, 0).predict(gaps.features)).toHaveLength(4);
  });

  it('leave whole parameters whole', () => {
    expect(() => getLearner('trees').fit(data, { depth: 2.5 }, 0)).toThrow(
      "'depth' is 2.5; give a whole number from 1",
    );
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../base/statistics/random.ts';
import { callerIn } from '../../testing/data-wing.ts';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import type { EvaluationInput } from './rules.ts';

const caller = callerIn('main');
let platform: TestPlatform;

const commit = (name: string, lines: readonly string[]) =>
  platform.services.datasets.commit(
    { name, format: 'csv', content: Buffer.from(`${lines.join('\n')}\n`) },
    caller,
  );
const evaluate = (input: EvaluationInput, signal?: AbortSignal) =>
  platform.services.evaluations.evaluate({ rounds: 200, ...input }, caller, signal);

/** 600 rows; the score is good in the north and tells nothing in the south at night. */
function buildScored(): string[] {
  const random = createRandom(3);
  return Array.from({ length: 600 }, (_, i) => {
    const [region, hour] = [random.next() < 0.5 ? 'north' : 'south', random.integer(24)];
    const y = random.next() < 0.4 ? 1 : 0;
    const isLost = region === 'south' && hour < 8;
    const score = isLost ? random.next() : y ? 0.6 + 0.4 * random.next() : 0.4 * random.next();
    return `${i},${region},${hour},${y},${score.toFixed(6)},${(1 + random.next()).toFixed(3)}`;
  });
}

beforeAll(async () => {
  platform = await createTestPlatform();
  await commit('scored', ['id,region,hour,y,p,w', ...buildScored()]);
  // The example of scikit-learn's manual.
  await commit('manual', ['y,p', '0,0.1', '0,0.4', '1,0.35', '1,0.8']);
  await commit('animals', [
    'kind,said,p_cat,p_dog',
    ...['cat,cat,0.8,0.2', 'dog,dog,0.3,0.7', 'fox,dog,0.4,0.6', 'cat,dog,0.4,0.6', ',cat,0.9,0.1'],
  ]);
  await commit('sales', [
    'day,sold,guess,low,high',
    ...Array.from({ length: 40 }, (_, i) => {
      const day = new Date(Date.UTC(2024, 0, 40 - i)).toISOString().slice(0, 10);
      return `${day},${100 + i},${101 + i + (i % 3)},${95 + i},${110 + i}`;
    }),
  ]);
}, 30_000);
afterAll(() => platform.close());

describe('a table of predictions', () => {
  test('binary: figures with intervals, slices, the worst slice found, curves, confusion, lineage', async () => {
    const made = await evaluate({
      dataset: 'scored@1',
      target: 'y',
      predictions: { score: 'p' },
      slices: ['region', 'hour'],
    });
    expect(made).toMatchObject({ source: 'predictions', task: 'binary', model: null, dataset: 'scored@1' });
    const { roc_auc = 0, accuracy = 0 } = made.metrics;
    expect(roc_auc).toBeGreaterThan(0.9);
    const { low, high, method } = made.intervals.roc_auc ?? {};
    expect(low).toBeLessThan(roc_auc ?? 0);
    expect(high).toBeGreaterThan(roc_auc ?? 1);
    expect([method, made.intervals.accuracy?.method]).toEqual(['bootstrap', 'counts']);
    expect(
      made.slices
        .filter(({ column }) => column === 'region')
        .map(({ value }) => value)
        .sort(),
    ).toEqual(['north', 'south']);
    expect(made.slices.filter(({ column }) => column === 'hour')).toHaveLength(4);
    const north = made.slices.find(({ value }) => value === 'north');
    expect(north?.metrics).toMatchObject({ accuracy: 1, roc_auc: 1 });
    expect(made.slices.find(({ value }) => value === 'south')?.intervals.roc_auc?.method).toBe('delta');
    expect(made.worst?.columns).toEqual(['region', 'hour', 'id', 'w']);
    expect(made.worst?.found[0]?.parts).toEqual([
      { column: 'region', value: 'south' },
      { column: 'hour', value: expect.stringMatching(/^\[0, [5-7]\)$/) },
    ]);
    const { cells = [] } = made.confusion ?? {};
    const right = (cells[0]?.[0] ?? 0) + (cells[1]?.[1] ?? 0);
    expect(right / 600).toBeCloseTo(accuracy ?? 0, 12);
    expect(made.curves[0]?.points.at(-1)).toMatchObject({ truePositiveRate: 1, falsePositiveRate: 1 });
    expect(await platform.services.evaluations.get({ id: made.id }, caller)).toEqual(made);
    const { downstream } = await platform.services.lineage.lineage({ uri: 'dataset:scored@1' }, caller);
    expect(downstream).toContainEqual(
      expect.objectContaining({ from: 'dataset:scored@1', to: `evaluation:${made.id}` }),
    );
  });

  test("the example of scikit-learn's manual, by a select and with the labels swapped", async () => {
    const sql = 'select y, p from manual';
    const made = await evaluate({ sql, target: 'y', predictions: { score: 'p' } });
    expect(made).toMatchObject({ dataset: 'manual@1', sql, window: { from: '', rows: 4 } });
    expect(made.metrics).toMatchObject({
      roc_auc: 0.75,
      average_precision: expect.closeTo(0.8333333333333333, 12),
      brier: expect.closeTo(0.158125, 12),
    });
    const swapped = await evaluate({
      sql: "select case when y = 1 then 'ill' else 'well' end as label, 1 - p as p from manual",
      target: 'label',
      positive: 'well',
      predictions: { score: 'p' },
    });
    expect(swapped.metrics.roc_auc).toBe(0.75);
    expect(swapped.confusion?.classes).toEqual(['ill', 'well']);
  });

  test('several classes: a label nobody gave a probability, one missing label', async () => {
    const made = await evaluate({
      dataset: 'animals@1',
      target: 'kind',
      predictions: { prediction: 'said', probabilities: { cat: 'p_cat', dog: 'p_dog' } },
    });
    expect(made.task).toBe('multiclass');
    expect(made.confusion).toMatchObject({
      classes: ['cat', 'dog', 'fox'],
      cells: [
        [1, 1, 0],
        [0, 1, 0],
        [0, 1, 0],
      ],
    });
    expect(made.metrics).toMatchObject({ accuracy: 0.5, recall_macro: 0.5 });
    expect(made.notes).toEqual([
      '1 of 5 rows have no label yet and are left out.',
      expect.stringMatching(/which the model gave 0: 'fox' \(1 rows\)/),
    ]);
  });

  test('a regression in order of time, with bounds, in a window', async () => {
    const predictions = { prediction: 'guess', lower: 'low', upper: 'high' };
    const common = { dataset: 'sales@1', target: 'sold', predictions, timeColumn: 'day' };
    const made = await evaluate({ ...common, window: { last: 10 } });
    expect(made.window).toEqual({ from: '2024-01-31', to: '2024-02-09', rows: 10 });
    // The newest ten are the first ten lines: errors 1, 2, 3, 1, 2, 3, 1, 2, 3, 1.
    expect(made.metrics).toMatchObject({ mae: 1.9, bias: 1.9, interval_coverage: 1, mase: 1.9 });
    expect(made.series.map(({ truth }) => truth)).toEqual([109, 108, 107, 106, 105, 104, 103, 102, 101, 100]);
    expect(made.residuals?.points).toHaveLength(10);
    expect(made.residuals?.histogram.reduce((sum, { rows }) => sum + rows, 0)).toBe(10);
    expect((await evaluate(common)).window.rows).toBe(40);
  });

  test('lists: by source, task, dataset', async () => {
    const { evaluations } = platform.services;
    const found = await evaluations.list({ dataset: 'animals', source: 'predictions' }, caller);
    expect(found.items).toHaveLength(1);
    expect(found.items[0]).not.toHaveProperty('confusion');
    expect((await evaluations.list({ task: 'regression' }, caller)).items).toHaveLength(2);
  });
});

describe('beside others on the same rows', () => {
  test('a rival column, by the tests that fit, and rules that know no feature', async () => {
    const made = await evaluate({
      sql: 'select y, p, case when id % 3 = 0 then 1 - p else p end as worse, w from scored',
      target: 'y',
      predictions: { score: 'p' },
      against: { score: 'worse' },
    });
    expect(made.champion?.name).toBe('worse');
    expect(made.champion?.metrics.roc_auc).toBeLessThan(made.metrics.roc_auc ?? 0);
    expect(made.againstChampion).toMatchObject({
      verdict: 'candidate-better',
      metric: 'roc_auc',
      test: 'delong',
      pairs: 600,
    });
    expect(made.againstChampion?.meanDifference).toBeCloseTo(
      (made.champion?.metrics.roc_auc ?? 0) - (made.metrics.roc_auc ?? 0),
      12,
    );
    expect(made.comparisons.map(({ metric, test }) => [metric, test])).toEqual([
      ['roc_auc', 'delong'],
      ['log_loss', 'sign-flip'],
      ['accuracy', 'mcnemar'],
    ]);
    const naive = Object.fromEntries(made.naive.map(({ name, metrics }) => [name, metrics]));
    expect(naive.majority?.accuracy).toBeCloseTo(1 - (made.metrics.prevalence ?? 0), 12);
    expect(naive.prior).toMatchObject({ roc_auc: 0.5, calibration_error: expect.closeTo(0, 12) });
    const same = await evaluate({
      sql: 'select y, p, p as same from scored',
      target: 'y',
      predictions: { score: 'p' },
      against: { score: 'same' },
    });
    expect(same.againstChampion).toMatchObject({ verdict: 'inconclusive', pValue: 1, meanDifference: 0 });
  });

  test('a declared value is a metric like any other', async () => {
    const made = await evaluate({
      sql: 'select y, p, region, w, 0.0 as none from scored',
      target: 'y',
      predictions: { score: 'p' },
      against: { score: 'none' },
      value: "prediction >= 0.5 ? (outcome ? 10.0 * w : -4.0) - (region == 'south' ? 1.0 : 0.0) : 0.0",
    });
    const [sum] = (
      await platform.services.analyses.query(
        {
          sql: "select avg(case when p >= 0.5 then case when y = 1 then 10 * w else -4 end - case when region = 'south' then 1 else 0 end else 0 end) as v from scored",
        },
        caller,
        new AbortController().signal,
      )
    ).rows;
    expect(made.metrics.value).toBeCloseTo(Number(sum?.v), 9);
    expect(made.intervals.value?.low).toBeLessThan(made.metrics.value ?? 0);
    expect(made.champion?.metrics.value).toBe(0);
    await expect(
      evaluate({ dataset: 'scored@1', target: 'y', predictions: { score: 'p' }, value: 'outcome + 1.0' }),
    ).rejects.toMatchObject({
      code: 'evaluationValueInvalid',
      message: expect.stringMatching(/row 1 of scored@1/),
    });
  });

  test('a regression beside a column, and the value before', async () => {
    const made = await evaluate({
      sql: 'select day, sold, guess, sold + 5 as off from sales',
      target: 'sold',
      timeColumn: 'day',
      predictions: { prediction: 'guess' },
      baseline: 'off',
    });
    expect(made.againstBaseline).toMatchObject({ metric: 'mae', verdict: 'candidate-better' });
    expect(made.baseline).toMatchObject({ name: 'off', metrics: { mae: 5 } });
    expect(made.naive.map(({ name }) => name)).toEqual(['mean', 'median', 'last']);
    expect(made.naive[2]?.metrics.mae).toBeCloseTo(39 / 40, 12);
    expect(made.series[0]).toMatchObject({ baseline: 144, champion: null });
  });
});

describe('bad input', () => {
  const score = (sql: string, change: Partial<EvaluationInput> = {}) =>
    evaluate({ sql, target: 'y', predictions: { score: 'p' }, ...change });
  test('one class only: what compares classes is null and named', async () => {
    const made = await score('select y, p from scored where y = 1');
    expect(made.metrics).toMatchObject({ roc_auc: null, ks: null, recall: expect.any(Number) });
    expect(made.notes.join(' ')).toMatch(
      /All labels are '1'.*Not defined for these rows \(null\): .*roc_auc/,
    );
    expect(made.intervals.roc_auc).toBeUndefined();
  });
  test('a slice without labels has null metrics, not a crash', async () => {
    const sql = "select case when region = 'north' then y end as y, p, region from scored";
    const made = await score(sql, { slices: ['region'] });
    expect(made.slices.find(({ value }) => value === 'south')).toMatchObject({
      rows: 0,
      metrics: { accuracy: null, roc_auc: null },
      intervals: {},
    });
  });
  test.each([
    [
      'a NaN',
      "case when id = 7 then 'nan'::double else p end",
      /'p'.*not a probability.*1 of 600 rows.*row 8/,
    ],
    ['a missing value', 'case when id < 2 then null else p end', /2 of 600 rows, first in row 1 \(missing/],
    ['above 1', 'p * 2', /a probability in \[0, 1\] in \d+ of 600 rows/],
  ])('a score that is %s', async (_, p, message) => {
    await expect(score(`select y, id, ${p} as p from scored order by id`)).rejects.toMatchObject({
      code: 'evaluationPredictionInvalid',
      message: expect.stringMatching(message),
    });
  });
  test.each<[string, () => Promise<unknown>, string, RegExp]>([
    ['no rows', () => score('select y, p from scored where id < 0'), 'evaluationRowsMissing', /is empty/],
    [
      'no labels',
      () => score('select null::int as y, p from scored'),
      'evaluationRowsMissing',
      /'y' is missing/,
    ],
    ['no column', () => score('select y from scored'), 'datasetColumnNotFound', /'p'/],
    ['many labels', () => score('select id as y, p from scored'), 'evaluationClassesInvalid', /labels/],
    [
      'no positive',
      () => score('select region as y, p from scored'),
      'evaluationClassesInvalid',
      /'positive'/,
    ],
    [
      'two tables',
      () => score('select 1', { dataset: 'scored@1' }),
      'evaluationRequestInvalid',
      /two tables/,
    ],
    [
      'no predictions',
      () => score('select 1', { predictions: {}, task: 'binary' }),
      'datasetColumnNotFound',
      /./,
    ],
    [
      'weights of 0',
      () => score('select y, p, 0 as w from scored', { weight: 'w' }),
      'evaluationRowsMissing',
      /are 0/,
    ],
    [
      'a negative weight',
      () => score('select y, p, -1 as w from scored', { weight: 'w' }),
      'evaluationPredictionInvalid',
      /weight of at least 0/,
    ],
    [
      'text as prediction',
      () =>
        score('select y, region as p from scored', { predictions: { prediction: 'p' }, task: 'regression' }),
      'evaluationColumnInvalid',
      /holds text/,
    ],
  ])('%s', async (_, act, code, message) => {
    await expect(act()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
  test('the caller leaves: nothing is kept', async () => {
    const before = await platform.services.evaluations.list({}, caller);
    const controller = new AbortController();
    const asked = evaluate(
      { dataset: 'scored@1', target: 'y', predictions: { score: 'p' }, rounds: 10_000 },
      controller.signal,
    );
    setTimeout(() => controller.abort(), 20);
    await expect(asked).rejects.toThrow();
    expect((await platform.services.evaluations.list({}, caller)).items).toHaveLength(before.items.length);
  });
});

import type { Evaluation, Gate, GateCheck, GateRule } from '@tidemill/contract';
import { describe, expect, test } from 'vitest';
import { factsOf } from './facts.ts';
import { checkRules, describeValues, findFault, findObstacle, type Proofs, toVariables } from './rules.ts';

const rule = (expression: string, name = 'r'): GateRule => ({ name, expression, message: 'too bad' });
const evaluation = {
  metrics: { mae: 9.6142, rmse: 11, bias: -9, r2: -3 },
  baseline: { name: 'close', metrics: { mae: 1.7, rmse: 2 } },
  champion: null,
  againstBaseline: {
    verdict: 'candidate-worse',
    pairs: 60,
    meanDifference: 8,
    interval: [7, 9],
    pValue: 0.001,
  },
  againstChampion: null,
  window: { from: '2023-06-01', to: '2023-08-31', rows: 60 },
  refitted: true,
} as unknown as Evaluation;
const nothingMeasured = {
  ...{ leakage: null, fairness: null, latency: null, skew: null },
  studies: { importance: null, stability: null, backtest: null },
};
const facts = {
  ...factsOf(
    { files: [], inputs: [{ name: 'close', type: 'double' }], flavors: ['onnx'], createdAt: 0, digest: 'd' },
    { rows: 200, createdAt: 0, validation: 'warned' },
    {
      inputs: [
        { name: 'close', type: 'long' },
        { name: 'volume', type: 'double' },
      ],
    },
    [{ title: 'close is never missing', passed: true }],
    7_200_000,
  ),
  ...nothingMeasured,
};
const proofs: Proofs = {
  tests: { unit: 'passed', integration: 'none', system: 'none', acceptance: 'none', passed: false },
  ci: { commit: null, isDirty: false, status: 'none' },
};
const variables = toVariables(evaluation, { ...facts, ...proofs });
const noFiles = { files: [], inputs: [], flavors: [], createdAt: 0, digest: null };

describe('findFault', () => {
  test('rules that a whole evaluation can answer are good', () => {
    for (const expression of [
      'metrics.mae < baseline.mae',
      'metrics.mae <= baseline.metrics.mae * 1.05',
      'champion == null || againstChampion.verdict == "candidate-better"',
      'window.rows >= 30 && againstBaseline.pValue < 0.05',
      '!refitted || window.rows > 10',
      'intervals.mae.high < 3.0 && metrics.roc_auc >= 0.8 && source == "model"',
      'slices.all(s, s.rows < 200 || s.metrics.mae < 3.0)',
      'metrics.mae < naive.median.mae',
      'metrics.ndcg_at_7 > 0.5 && intervals.quantile_loss_10.high < 1.0 && metrics.f1_samples > 0.1',
      'studies.importance.features["price in EUR"].low > 0.0 && studies.importance.max_share < 0.9',
      'studies.stability.noise["0.25"].flipped < 0.1 && size(studies.stability.fails_without) == 0',
      'studies.backtest == null || studies.backtest.horizons["3"].mae < studies.backtest.naive.mae',
      'studies.backtest.greatest_of_folds.rmse < 3.0 && studies.backtest.against_naive.verdict != "candidate-worse"',
    ]) {
      expect(findFault(rule(expression), [])).toBeNull();
    }
  });

  test('unknown names, wrong types and bad syntax are found when the gate is declared', () => {
    expect(findFault(rule('metrics.mea < 2'), [])).toMatch(/mea/);
    expect(findFault(rule('metric.mae < 2'), [])).toMatch(/'metric'; known are metrics, baseline/);
    expect(findFault(rule('metrics.mae <'), [])).toMatch(/not valid/);
    expect(findFault(rule('metrics.mae'), [])).toMatch(/gives no true or false/);
    expect(findFault(rule('metrics.mae < "2"'), [])).toMatch(/overload/);
    const twice = [rule('true'), rule('false')];
    expect(findFault(rule('true'), twice)).toMatch(/taken twice/);
  });
});

describe('checkRules', () => {
  test('each result shows the values it saw', () => {
    const results = checkRules(
      [
        rule('metrics.mae < baseline.mae', 'naive'),
        rule('champion == null || metrics.mae < champion.mae', 'ch'),
      ],
      variables,
    );
    expect(results).toEqual([
      {
        rule: 'naive',
        severity: 'refuse',
        expression: 'metrics.mae < baseline.mae',
        passed: false,
        message: 'too bad: metrics.mae = 9.614, baseline.mae = 1.7',
      },
      expect.objectContaining({ rule: 'ch', passed: true, message: 'holds: metrics.mae = 9.614' }),
    ]);
  });

  test('what cannot be evaluated has not passed, and says what to evaluate with', () => {
    const [result] = checkRules([rule('metrics.mae < champion.mae')], variables);
    expect(result).toMatchObject({
      passed: false,
      message: expect.stringMatching(/has no champion; evaluate with it, or write 'champion == null \|\| …'/),
    });
  });
});

test('values are read from the expression, texts and functions left alone', () => {
  expect(describeValues('size("metrics.mae") > 3 && window.rows > 30', variables)).toBe('window.rows = 60');
  expect(describeValues('againstBaseline.verdict == "candidate-worse"', variables)).toBe(
    'againstBaseline.verdict = candidate-worse',
  );
  expect(describeValues('constructor.name == "x" || metrics.toString == 1', variables)).toBe('');
});

describe('findObstacle', () => {
  const gate = { model: 'm', rules: [], approval: null, environments: {}, updatedAt: 5 } as Gate;
  const check = { id: 'gc_1', passed: true, results: [], createdAt: 5 } as unknown as GateCheck;
  test('only a passed check of the gate as it is opens the way', () => {
    expect(findObstacle(gate, check)).toBeNull();
    expect(findObstacle(null, check)).toMatch(/no gate/);
    expect(findObstacle(gate, null)).toMatch(/no evaluation/);
    expect(findObstacle({ ...gate, updatedAt: 6 }, check)).toMatch(/changed after its last check \(gc_1\)/);
    const failed = checkRules([rule('metrics.mae < 1', 'small')], variables);
    expect(findObstacle(gate, { ...check, passed: false, results: failed })).toBe(
      "rule 'small' failed (too bad: metrics.mae = 9.614)",
    );
  });
});

test('rules read the version itself, its data and how its inputs differ from the champion', () => {
  const rules = [
    rule('model.bytes < 1000000 && model.hasFiles && "onnx" in model.flavors', 'size'),
    rule('data != null && data.validation != "failed" && data.ageHours <= 2.0 && data.rows >= 100', 'data'),
    rule('signature == null || size(signature.missing) == 0', 'missing'),
    rule('signature == null || size(signature.retyped) == 0 && size(signature.added) == 0', 'retyped'),
  ];
  for (const each of rules) expect(findFault(each, [])).toBeNull();
  expect(findFault(rule('model.size < 3'), [])).toMatch(/size/);
  expect(checkRules(rules, variables).map(({ passed }) => passed)).toEqual([true, true, false, false]);
  expect(facts.signature).toEqual({ missing: ['volume'], added: [], retyped: ['close'] });
  const unknown = toVariables(evaluation, {
    ...factsOf({ ...noFiles }, null, null, [], 1),
    ...nothingMeasured,
    ...proofs,
  });
  expect(checkRules(rules, unknown).map(({ passed }) => passed)).toEqual([false, false, true, true]);
});

test('what was not measured is named, with how to measure it', () => {
  const [latency, leakage, expected, other] = checkRules(
    [
      rule('latency.p95_ms < 5.0'),
      rule('leakage.entity_share == 0.0'),
      rule('data.expectations["close is never missing"]'),
      rule('data.expectations["no gaps"]'),
    ],
    toVariables(evaluation, { ...facts, ...proofs, leakage: { duplicate_share: 0, entity_share: null } }),
  );
  expect(latency?.message).toMatch(/Nothing is known of 'latency': tidemill models assess latency REF/);
  expect(leakage?.message).toMatch(/'leakage.entity_share' was not measured: assess leakage with --key/);
  expect(expected?.passed).toBe(true);
  expect(other?.message).toMatch(/no expectation 'no gaps'; it has 'close is never missing'/);
});

test('rules may name columns, features and expectations of the user, and no other words', () => {
  for (const expression of [
    'leakage.duplicate_share <= 0.01 && size(leakage.suspicious) == 0 && leakage.powers["a b"] < 0.9',
    'fairness.equal_opportunity_difference < 0.1 && fairness.columns.sex.demographic_parity_ratio > 0.8',
    'fairness.columns["age group"].intervals.equalized_odds_difference.high < 0.2',
    'latency.p95_ms < 5.0 && latency.cores >= 2 && latency.machine == "prod-1"',
    'skew.max_psi < 0.2 && skew.features.income.psi < 0.1 && size(skew.shifted) == 0',
    "data.expectations['close is never missing']",
  ])
    expect(findFault(rule(expression), [])).toBeNull();
  expect(findFault(rule('leakage.dupes == 0'), [])).toMatch(/dupes/);
  expect(findFault(rule('latency.p90_ms < 5.0'), [])).toMatch(/p90_ms/);
});

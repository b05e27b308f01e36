import type {
  Approval,
  ApprovalPolicy,
  Evaluation,
  Gate,
  GateCheck,
  GateRule,
  TestScope,
} from '@tidemill/contract';
import { TidemillError } from '../../base/errors.ts';
import { compileExpression } from '../../base/expressions/cel.ts';
import {
  partRemedies as assessedRemedies,
  exampleAssessedFacts,
  namesIn,
  remedies,
} from './assessed-facts.ts';
import type { Facts } from './facts.ts';
import { metricNamesOf } from './metric-names.ts';
import { exampleStudyFacts, studyRemedies } from './study-facts.ts';

const partRemedies = { ...assessedRemedies, ...studyRemedies };

export type ScopeOutcome = 'passed' | 'failed' | 'skipped' | 'none';

/** What is proved of a version elsewhere: its tests, and the CI of the commit that its run was made from. */
export interface Proofs {
  readonly tests: Readonly<Record<TestScope, ScopeOutcome>> & { readonly passed: boolean };
  readonly ci: {
    /** Null where its run names none. */
    readonly commit: string | null;
    /** Whether its code was changed beside the commit. */
    readonly isDirty: boolean;
    readonly status: 'passed' | 'failed' | 'running' | 'none';
  };
}

export type RuleResult = GateCheck['results'][number];
type Judged = { readonly name: string; readonly metrics: Readonly<Record<string, number | null>> };
export type GateVariables = Readonly<Record<string, unknown>>;

/**
 * What rules read: `metrics.mae`, `intervals.mae.high`, `baseline.mae`, `naive.median.mae`, `againstChampion.verdict`,
 * `slices.all(s, s.rows < 200 || s.metrics.mae < 3.0)`, and of the version itself `model.bytes`, `data.validation`,
 * `signature.missing`, `tests.passed`, `ci.status`, and what was measured of it `leakage.duplicate_share`, `latency.p95_ms`; what is not known is null.
 */
export function toVariables(evaluation: Evaluation, facts: Facts & Proofs): GateVariables {
  return {
    metrics: evaluation.metrics,
    baseline: flatten(evaluation.baseline),
    champion: flatten(evaluation.champion),
    againstBaseline: evaluation.againstBaseline,
    againstChampion: evaluation.againstChampion,
    window: evaluation.window,
    refitted: evaluation.refitted,
    intervals: evaluation.intervals ?? {},
    slices: evaluation.slices ?? [],
    naive: Object.fromEntries((evaluation.naive ?? []).map(({ name, metrics }) => [name, metrics])),
    source: evaluation.source ?? 'model',
    task: evaluation.task ?? 'regression',
    ...facts,
  };
}

/** `baseline.mae` and `baseline.metrics.mae` both read. */
const flatten = (judged: Judged | null) => judged && { ...judged.metrics, ...judged };

const exampleMetrics = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0.5]));
const exampleIntervals = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { low: 0.4, high: 0.6, method: 'bootstrap' }]));
const exampleSlice = (names: readonly string[]) => ({
  ...{ column: 'region', value: 'north', rows: 300, weight: 300 },
  ...{ metrics: exampleMetrics(names), intervals: exampleIntervals(names) },
});
const exampleComparison = {
  verdict: 'candidate-better',
  pairs: 60,
  meanDifference: -0.5,
  interval: [-0.9, -0.1],
  pValue: 0.01,
};

const exampleFacts = (expression: string): Facts & Proofs => ({
  model: { bytes: 12_000, inputs: 3, flavors: ['onnx'], ageHours: 1.5, hasFiles: true },
  data: {
    ...{ rows: 1000, ageHours: 30.5, validation: 'passed' },
    expectations: Object.fromEntries(namesIn(expression, 'data.expectations').map((name) => [name, true])),
  },
  signature: { missing: [], added: [], retyped: [] },
  tests: { unit: 'passed', integration: 'passed', system: 'passed', acceptance: 'passed', passed: true },
  ci: { commit: '0123456789abcdef0123456789abcdef01234567', isDirty: false, status: 'passed' },
  ...exampleAssessedFacts(expression),
  ...exampleStudyFacts(expression, exampleMetrics(metricNamesOf(expression))),
});

/** Names a rule may use are those of a whole evaluation: a misspelt one is found when the gate is declared. */
function exampleEvaluation(expression: string): Evaluation {
  const names = metricNamesOf(expression);
  const metrics = exampleMetrics(names);
  return {
    id: 'ev_1',
    model: 'forecaster@2',
    dataset: 'training@2',
    target: 'next_close',
    window: { from: '2023-07-01', to: '2023-08-31', rows: 60 },
    source: 'model',
    task: 'regression',
    metrics,
    intervals: exampleIntervals(names),
    slices: [exampleSlice(names)],
    naive: ['mean', 'median', 'last', 'majority', 'prior', 'random'].map((name) => ({ name, metrics })),
    refitted: false,
    notes: [],
    baseline: { name: 'close', metrics },
    champion: { name: 'forecaster@1', metrics, refitted: false },
    againstBaseline: exampleComparison,
    againstChampion: exampleComparison,
    series: [],
    createdAt: 0,
    createdBy: 'user:owner',
  } as unknown as Evaluation;
}

/** What is wrong with the rule, or null. */
export function findFault(rule: GateRule, others: readonly GateRule[]): string | null {
  if (others.filter((other) => other.name === rule.name).length > 1) return 'its name is taken twice.';
  const example = toVariables(exampleEvaluation(rule.expression), exampleFacts(rule.expression));
  try {
    const value = compileExpression(rule.expression, { example }).evaluate(example);
    return typeof value === 'boolean' ? null : `'${rule.expression}' gives no true or false.`;
  } catch (error) {
    if (error instanceof TidemillError) return error.message;
    throw error;
  }
}

/** A rule that cannot be evaluated has not passed: a gate never opens by accident. */
export function checkRules(rules: readonly GateRule[], variables: GateVariables): RuleResult[] {
  return rules.map((rule) => {
    const { name, expression, severity = 'refuse' } = rule;
    try {
      const passed = compileExpression(expression).evaluateBoolean(variables);
      const values = describeValues(expression, variables);
      const message = [passed ? 'holds' : rule.message, values].filter((part) => part !== '').join(': ');
      const hint = passed ? '' : unmeasuredOf(expression, variables);
      return { rule: name, expression, severity, passed, message: `${message}${hint}` };
    } catch (error) {
      if (!(error instanceof TidemillError)) throw error;
      const hint = hintOf(expression, variables) + unmeasuredOf(expression, variables);
      return {
        rule: name,
        expression,
        severity,
        passed: false,
        message: `${rule.message}: ${error.message}${hint}`,
      };
    }
  });
}

const mentions = (expression: string, path: string): boolean =>
  new RegExp(`\\b${path.replaceAll('.', '\\.')}\\b`).test(expression);

/** Which of the names it reads are not known, and how they come to be. */
function hintOf(expression: string, variables: GateVariables): string {
  const absent = Object.keys(variables).filter((key) => variables[key] === null && mentions(expression, key));
  const sentences = absent.map((key) =>
    remedies[key] === undefined
      ? `The evaluation has no ${key}; evaluate with it, or write '${key} == null || …'.`
      : `Nothing is known of '${key}': ${remedies[key]}; or write '${key} == null || …'.`,
  );
  return [...sentences, ...findUnexpected(expression, variables)].map((each) => ` ${each}`).join('');
}

/** A comparison with null is no failure of the expression, yet the reader wants to know. */
const unmeasuredOf = (expression: string, variables: GateVariables): string =>
  Object.entries(partRemedies)
    .filter(([path]) => readPath(path, variables) === null && mentions(expression, path))
    .map(([path, remedy]) => ` '${path}' was not measured: ${remedy}.`)
    .join('');

function findUnexpected(expression: string, variables: GateVariables): string[] {
  const expectations = readPath('data.expectations', variables);
  if (typeof expectations !== 'object' || expectations === null) return [];
  const known = Object.keys(expectations);
  return namesIn(expression, 'data.expectations')
    .filter((name) => !known.includes(name))
    .map(
      (name) =>
        `The training set has no expectation '${name}'; it has ${known.map((each) => `'${each}'`).join(', ') || 'none: tidemill datasets expectations set'}.`,
    );
}

const isRefusal = ({ passed, severity }: RuleResult): boolean => !passed && severity === 'refuse';

/** A rule that only warns keeps nothing back. */
export function verdictOf(results: readonly RuleResult[]): Pick<GateCheck, 'passed' | 'verdict' | 'results'> {
  const passed = !results.some(isRefusal);
  const isWarned = results.some((result) => !result.passed);
  return { passed, verdict: passed ? (isWarned ? 'warn' : 'pass') : 'refuse', results: [...results] };
}

/** `metrics.mae = 9.614, baseline.mae = 1.702`: what each name in the expression stood for. */
export function describeValues(expression: string, variables: GateVariables): string {
  const withoutTexts = expression.replace(/"[^"]*"|'[^']*'/g, '');
  const paths = [...new Set(withoutTexts.match(/\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?!\s*\()/g) ?? [])];
  return paths
    .map((path) => [path, readPath(path, variables)] as const)
    .filter(([, value]) => ['number', 'string', 'boolean'].includes(typeof value) || isNames(value))
    .map(([path, value]) => `${path} = ${spell(value)}`)
    .join(', ');
}

function readPath(path: string, variables: GateVariables): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      variables,
    );
}

const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const mostNamed = 5;
function spell(value: unknown): string {
  if (typeof value === 'number') return toShort(value);
  if (!Array.isArray(value)) return String(value);
  const more = value.length > mostNamed ? `, … (${value.length} in all)` : '';
  return `[${value.slice(0, mostNamed).join(', ')}${more}]`;
}

const toShort = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));

/** Why a version may not be approved by this evidence, or null. */
export function findObstacle(gate: Gate | null, check: GateCheck | null): string | null {
  if (!gate) return 'its model has no gate to pass';
  if (!check) return 'no evaluation of it was held against the gate yet';
  if (check.createdAt < gate.updatedAt) return `the gate was changed after its last check (${check.id})`;
  if (check.passed) return null;
  const failed = check.results.filter(isRefusal);
  return `${failed.map((result) => `rule '${result.rule}' failed (${result.message})`).join('; ')}`;
}

/** What the policy asks to be proved and is not, or null. */
export function findUnproven(policy: ApprovalPolicy | null, { tests, ci }: Proofs): string | null {
  if (policy?.tests && !tests.passed) {
    const { passed: _, ...scopes } = tests;
    const open = Object.entries(scopes).filter(([, outcome]) => outcome !== 'passed');
    const told = open
      .map(([scope, outcome]) => `${scope} ${outcome === 'none' ? 'not run' : outcome}`)
      .join(', ');
    return `its policy wants all four scopes of its tests passed (${told}); run tidemill test`;
  }
  if (!policy?.ci) return null;
  if (ci.commit === null) return 'its policy wants a green CI of its commit, and its run names no commit';
  if (ci.isDirty)
    return `its policy wants a green CI of its commit, and its run had changes that are not in ${ci.commit.slice(0, 12)}`;
  if (ci.status === 'passed') return null;
  const said = ci.status === 'none' ? 'no CI is recorded' : `its CI is ${ci.status}`;
  return `its policy wants a green CI of its commit, and of ${ci.commit.slice(0, 12)} ${said} (tidemill ci record)`;
}

export const isReleasable = (approval: Approval): boolean =>
  approval === 'approved' || approval === 'overridden';

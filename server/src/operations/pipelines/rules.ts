import type {
  AcceptanceCase,
  CiRecord,
  FeatureCase,
  ModelTest,
  ModelTestCases,
  ScopeResult,
  TestCheck,
  TestScope,
} from '@tidemill/contract';
import { testScopes } from '@tidemill/contract';
import { TidemillError } from '../../base/errors.ts';
import { compileExpression } from '../../base/expressions/cel.ts';
import type { Proofs, ScopeOutcome } from '../../models/governance/rules.ts';

export interface StoredTest extends Omit<ModelTest, 'model'> {
  readonly workspace: string;
  readonly model: string;
  readonly version: number;
}

export const isEnded = ({ state }: Pick<ModelTest, 'state'>): boolean =>
  state !== 'queued' && state !== 'running';

export const waitingScopes = (scopes: readonly TestScope[]): ScopeResult[] =>
  testScopes
    .filter((scope) => scopes.includes(scope))
    .map((scope) => ({ scope, outcome: 'waiting', checks: [], milliseconds: null }));

/** Nothing failed, and something was tested. */
export function outcomeOf(checks: readonly Pick<TestCheck, 'outcome'>[]): 'passed' | 'failed' | 'skipped' {
  if (checks.some(({ outcome }) => outcome === 'failed')) return 'failed';
  return checks.some(({ outcome }) => outcome === 'passed') ? 'passed' : 'skipped';
}

export const stateOf = (scopes: readonly ScopeResult[]): 'passed' | 'failed' =>
  scopes.some(({ outcome }) => outcome === 'failed') ? 'failed' : 'passed';

export interface CaseFault {
  readonly name: string;
  readonly reason: string;
}

/** The first case that could never be run, or that could not fail; null when there is none. */
export function findFault({ features = [], acceptance = [] }: ModelTestCases): CaseFault | null {
  for (const list of [features, acceptance]) {
    const names = list.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) return { name: twice, reason: 'its name is taken twice' };
  }
  for (const each of features) {
    const reason = featureFault(each);
    if (reason !== null) return { name: each.name, reason };
  }
  for (const each of acceptance) {
    const reason = shapeFault(each) ?? expressionFault(each);
    if (reason !== null) return { name: each.name, reason };
  }
  return null;
}

function featureFault({ service, view, row, given, entities, expect }: FeatureCase): string | null {
  if ((service === undefined) === (view === undefined))
    return "say either 'service' or 'view', whose code is tested";
  if (row !== undefined) {
    if (service === undefined) return "a 'row' is for the features on demand of a 'service'";
    if (given !== undefined || entities !== undefined)
      return "give either a 'row', or 'given' with 'entities'";
    return expect.length === 1 ? null : "for one 'row' it must expect one row";
  }
  if (given === undefined) return "give a 'row', or the rows of each dataset that the SQL reads in 'given'";
  if (service !== undefined && entities === undefined)
    return "a service is asked for 'entities': keys and event_time";
  return entities === undefined || entities.length === expect.length
    ? null
    : `it expects ${expect.length} rows for ${entities.length} entities`;
}

function shapeFault({ kind, rows, dataset, limit, change, expect, holds }: AcceptanceCase): string | null {
  if (rows !== undefined && (dataset !== undefined || limit !== undefined))
    return "give either 'rows', or a 'dataset' and how many of its rows ('limit')";
  if (kind === 'must-hold') {
    if (holds === undefined) return "say in 'holds' what must be true of each row and its prediction";
    return change === undefined && expect === undefined
      ? null
      : "'change' and 'expect' are for the other kinds";
  }
  if (holds !== undefined) return "'holds' is for a case of kind must-hold";
  if (change === undefined || Object.keys(change).length === 0)
    return "say in 'change' which input is changed, and how";
  if (kind === 'directional' && expect === undefined)
    return "say in 'expect' what the change does to the prediction";
  return kind === 'invariance' && expect !== undefined ? "'expect' is for a directional case" : null;
}

function expressionFault({ where, change = {}, holds }: AcceptanceCase): string | null {
  for (const text of [where, holds, ...Object.values(change)]) {
    if (text === undefined) continue;
    try {
      compileExpression(text);
    } catch (error) {
      if (!(error instanceof TidemillError)) throw error;
      return error.message.replace(/\.$/, '');
    }
  }
  if (holds !== undefined && !compileExpression(holds).names.includes('prediction'))
    return `'${holds}' does not speak of the prediction, so it says nothing of the model`;
  const same = Object.entries(change).find(([input, text]) => input === text.trim());
  return same ? `the change of '${same[0]}' leaves it as it is` : null;
}

/** Numbers within the tolerance, everything else as it is. */
export function isClose(a: unknown, b: unknown, tolerance: number): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
  return (a ?? null) === (b ?? null);
}

/** One number per row, as endpoints answer: the number, the probability of the second of two classes, the likeliest of several. */
export function toScalars(columns: readonly Float64Array[], rows: number): Float64Array {
  const [first, second] = columns;
  if (columns.length === 1 && first) return first;
  if (columns.length === 2 && second) return second;
  return Float64Array.from({ length: rows }, (_, row) => {
    let best = 0;
    columns.forEach((column, i) => {
      if ((column[row] ?? Number.NaN) > (columns[best]?.[row] ?? Number.NaN)) best = i;
    });
    return columns.length === 0 ? Number.NaN : best;
  });
}

/** Of each scope the newest result counts, unless the cases it was about were changed since. */
export function toTestProofs(tests: readonly StoredTest[], casesChangedAt: number): Proofs['tests'] {
  const newest = (scope: TestScope): ScopeOutcome => {
    const about = scope === 'unit' || scope === 'acceptance' ? casesChangedAt : 0;
    for (const { scopes, createdAt } of tests) {
      const found = scopes.find((each) => each.scope === scope);
      if (found?.outcome !== 'passed' && found?.outcome !== 'failed' && found?.outcome !== 'skipped')
        continue;
      return createdAt >= about ? found.outcome : 'none';
    }
    return 'none';
  };
  const [unit, integration, system, acceptance] = testScopes.map(newest) as [
    ScopeOutcome,
    ScopeOutcome,
    ScopeOutcome,
    ScopeOutcome,
  ];
  const passed = [unit, integration, system, acceptance].every((outcome) => outcome === 'passed');
  return { unit, integration, system, acceptance, passed };
}

/** Green when there is a pipeline, and the newest word of each is that it passed. @param records newest first */
export function ciStatusOf(records: readonly Pick<CiRecord, 'name' | 'status'>[]): Proofs['ci']['status'] {
  const newest = new Map<string, CiRecord['status']>();
  for (const { name, status } of records) if (!newest.has(name)) newest.set(name, status);
  const said = [...newest.values()];
  if (said.includes('failed')) return 'failed';
  if (said.includes('running')) return 'running';
  return said.length > 0 ? 'passed' : 'none';
}

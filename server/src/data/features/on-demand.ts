/**
 * Features on demand: CEL over fields of the request, keys, features of views and earlier features on demand. This is the
 * one place where they are computed: training sets, look-ups and previews call it with the same values in the same form.
 *
 * - Numbers, integers too, are doubles, so `clicks / views` is a ratio; dates and timestamps are CEL timestamps in UTC.
 * - Null in, null out: where anything it reads is null, a feature is null, unless its expression speaks of `null` itself
 *   (`income == null ? 0.0 : income`).
 * - What fails for a row's values (a division by zero, a text that is no number) is null for that row, and so is a result
 *   that its type cannot hold: NaN, infinity, a fraction where it says integer.
 */
import type { Column, OnDemandFeature, Row } from '@tidemill/contract';
import { errors, TidemillError } from '../../base/errors.ts';
import { compileExpression, type Expression } from '../../base/expressions/cel.ts';
import { readInput, readResult } from './on-demand-values.ts';

export interface OnDemand {
  /** What it adds to a row, in order, and the names that each reads. */
  readonly columns: readonly (Column & { readonly reads: readonly string[] })[];
  /** Values of all its features for one row of inputs; what is missing counts as null. */
  evaluate(inputs: Readonly<Row>): Row;
}

interface Step {
  readonly name: string;
  readonly type: Column['type'];
  readonly expression: Expression;
  readonly reads: readonly Column[];
}

/** Compiled once, for any number of rows. Expressions were proved when the service was defined. */
export function createOnDemand(features: readonly OnDemandFeature[], inputs: readonly Column[]): OnDemand {
  const known = new Map(inputs.map((column) => [column.name, column]));
  const steps = features.map(({ name, type, expression: text }): Step => {
    const expression = compileExpression(text);
    const reads = expression.names.map((read) => known.get(read) ?? { name: read, type: 'text' as const });
    known.set(name, { name, type });
    return { name, type, expression, reads };
  });
  return {
    columns: steps.map(({ name, type, expression }) => ({ name, type, reads: expression.names })),
    evaluate(given) {
      const results: Row = {};
      for (const step of steps) results[step.name] = evaluateStep(step, given, results);
      return results;
    },
  };
}

function evaluateStep({ type, expression, reads }: Step, given: Readonly<Row>, results: Row): unknown {
  const variables: Record<string, unknown> = {};
  for (const column of reads) {
    const { name } = column;
    const value = readInput(column.type, Object.hasOwn(results, name) ? results[name] : given[name]);
    if (value === null && !expression.readsNull) return null;
    variables[name] = value;
  }
  try {
    return readResult(type, expression.evaluate(variables));
  } catch (error) {
    if (error instanceof TidemillError && error.code === 'expressionFailed') return null;
    throw error;
  }
}

/** Values to try an expression with; each says something else about it. */
const trials: readonly Readonly<Record<Column['type'], unknown>>[] = [
  {
    integer: 1,
    double: 1.5,
    text: '1',
    boolean: true,
    date: '2024-02-29',
    timestamp: '2024-02-29T12:00:00Z',
  },
  {
    integer: 0,
    double: 0,
    text: '2024-02-29T00:00:00Z',
    boolean: false,
    date: '1970-01-01',
    timestamp: '1970-01-01',
  },
  {
    integer: -2,
    double: -0.5,
    text: 'true',
    boolean: true,
    date: '2023-12-31',
    timestamp: '2023-12-31T23:59:59Z',
  },
];

/** Operators and functions that do not fit the types, whatever the values are. */
const isTypeError = (message: string): boolean => /applied to|overload|no such (?:field|key)/i.test(message);

/**
 * Tries every expression with a few values of each type.
 * @throws featureDefinitionInvalid for an unknown name, operators that do not fit, or a result of another type
 */
export function assertOnDemand(
  what: string,
  features: readonly OnDemandFeature[],
  inputs: readonly Column[],
): void {
  const known = [...inputs];
  for (const feature of features) {
    const invalid = (reason: string): Error =>
      errors.featureDefinitionInvalid({ what, reason: `the feature on demand '${feature.name}': ${reason}` });
    assertNames(feature, known, invalid);
    assertResults(feature, known, invalid);
    known.push({ name: feature.name, type: feature.type });
  }
}

function assertNames(
  { expression: text }: OnDemandFeature,
  known: readonly Column[],
  invalid: (reason: string) => Error,
): void {
  const unknown = parsed(text, invalid).names.find((name) => !known.some((column) => column.name === name));
  if (unknown === undefined) return;
  const names = known.map(({ name }) => name).join(', ');
  throw invalid(`'${text}' reads '${unknown}', but knows ${names || 'no names'}`);
}

function parsed(text: string, invalid: (reason: string) => Error): Expression {
  try {
    return compileExpression(text);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message.replace(/\.$/, '') : String(error));
  }
}

function assertResults(
  { type, expression: text }: OnDemandFeature,
  known: readonly Column[],
  invalid: (reason: string) => Error,
): void {
  const expression = compileExpression(text);
  const failures: string[] = [];
  for (const trial of trials) {
    const given = known.map((column) => [column.name, readInput(column.type, trial[column.type])] as const);
    const result = tried(expression, Object.fromEntries(given));
    if ('failure' in result) failures.push(result.failure);
    else if (!fits(type, result.value))
      throw invalid(`'${text}' gives ${kindOf(result.value)} where it says ${type}`);
  }
  const failure = failures.find(isTypeError) ?? (failures.length === trials.length ? failures[0] : undefined);
  if (failure !== undefined) throw invalid(failure.replace(/\.$/, ''));
}

function tried(expression: Expression, variables: Row): { value: unknown } | { failure: string } {
  try {
    return { value: expression.evaluate(variables) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** A number of any value may be one of the type for other rows; a text never is. */
function fits(type: Column['type'], value: unknown): boolean {
  if (value === null) return true;
  const isNumber = type === 'integer' || type === 'double';
  return isNumber ? typeof value === 'number' : readResult(type, value) !== null;
}

const kindOf = (value: unknown): string => {
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'string') return `the text '${value.slice(0, 40)}'`;
  return typeof value === 'boolean' ? 'true or false' : 'a list or map';
};

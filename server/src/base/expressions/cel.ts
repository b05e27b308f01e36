/**
 * The one expression language: gates, alert conditions, routing rules, fallback rules, on-demand features.
 * CEL as of https://github.com/google/cel-spec with mixed number operands and a few number functions added.
 */
import { type CelInput, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { TidemillError } from '../errors.ts';
import { assertParsable, failedExpression, invalidExpression, readTree, type Tree } from './limits.ts';
import { numberFunctions } from './number-functions.ts';
import { bindings, fromCel } from './values.ts';

export interface Expression {
  readonly text: string;
  /** The variables it reads, in order of appearance. */
  readonly names: readonly string[];
  /** Whether it speaks of `null`. */
  readonly readsNull: boolean;
  /**
   * Its value for these variables, as plain JavaScript (numbers, text, booleans, null, arrays, objects).
   * Fails with `expressionFailed`, for instance on a missing field or a division of integers by zero.
   */
  evaluate(variables: Readonly<Record<string, unknown>>): unknown;
  /** The same; fails with `expressionFailed` unless it is true or false. */
  evaluateBoolean(variables: Readonly<Record<string, unknown>>): boolean;
  /** The same; fails with `expressionFailed` unless it is a number other than NaN. */
  evaluateNumber(variables: Readonly<Record<string, unknown>>): number;
}

type Program = (variables: Record<string, CelInput>) => unknown;
interface Compiled {
  readonly program: Program;
  readonly expression: Expression;
}

const environment = celEnv({ funcs: [...numberFunctions] });
const maxCached = 1000;
const cache = new Map<string, Compiled>();

/** `'_>_' applied` is how CEL names the operator `>`. */
const readable = (message: string): string => message.replace(/'([!@]?)_?([^'\w]+|in)_?'/g, "'$1$2'");

function build(text: string): Compiled {
  assertParsable(text);
  const { program, names, readsNull } = parsed(text);

  function evaluate(variables: Readonly<Record<string, unknown>>): unknown {
    const result = program(bindings(variables));
    if (!isCelError(result)) return fromCel(result);
    const missing = names.find((name) => !(name in variables));
    throw failedExpression(text, missing ? `there is no '${missing}'` : readable(result.message));
  }

  const expression: Expression = {
    text,
    names,
    readsNull,
    evaluate,
    evaluateBoolean(variables) {
      const value = evaluate(variables);
      if (typeof value === 'boolean') return value;
      throw failedExpression(text, `it gives ${describe(value)} where true or false is needed`);
    },
    evaluateNumber(variables) {
      const value = evaluate(variables);
      if (typeof value === 'number' && !Number.isNaN(value)) return value;
      throw failedExpression(text, `it gives ${describe(value)} where a number is needed`);
    },
  };
  return { program, expression };
}

/** Parser, walk and planner recurse; what passes the limits and is still too deep for them is refused like the rest. */
function parsed(text: string): Tree & { readonly program: Program } {
  try {
    const tree = parse(text);
    return { ...readTree(text, tree.expr), program: plan(environment, tree) as Program };
  } catch (error) {
    if (error instanceof TidemillError) throw error;
    if (error instanceof RangeError) throw invalidExpression(text, 'it is nested too deeply', error);
    const reason = error instanceof Error ? error.message.replace(/^<input>:/, 'at ') : String(error);
    throw invalidExpression(text, reason, error);
  }
}

const describe = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

function compiled(text: string): Compiled {
  const found = cache.get(text);
  const entry = found ?? build(text);
  // Deleting first keeps the map in order of use, so its first key is the one to drop.
  cache.delete(text);
  cache.set(text, entry);
  const oldest = cache.keys().next().value;
  if (cache.size > maxCached && oldest !== undefined) cache.delete(oldest);
  return entry;
}

/** What depends on the data rather than on the text must not make an expression invalid. */
const isDataDependent = (message: string): boolean =>
  /divide by zero|out of bounds|modulus|overflow|range/i.test(message);

function assertRunsOn({ program, expression }: Compiled, example: Readonly<Record<string, unknown>>): void {
  const unknown = expression.names.find((name) => !(name in example));
  if (unknown !== undefined) {
    const known = Object.keys(example).join(', ');
    throw invalidExpression(expression.text, `there is no '${unknown}'; known are ${known || 'no names'}`);
  }
  const result = program(bindings(example));
  if (isCelError(result) && !isDataDependent(result.message))
    throw invalidExpression(expression.text, readable(result.message));
}

/**
 * Compiles a CEL expression (at most 2,000 characters, 32 brackets deep, 2 loops deep); compiled ones are kept.
 * With an `example` of the variables, unknown names and operators that do not fit its types are found at once.
 *
 * @example compileExpression('metrics.mae < 2.5', { example: { metrics: { mae: 1 } } }).evaluateBoolean({ metrics })
 * @throws expressionInvalid
 */
export function compileExpression(
  text: string,
  { example }: { readonly example?: Readonly<Record<string, unknown>> } = {},
): Expression {
  const entry = compiled(text);
  if (example) assertRunsOn(entry, example);
  return entry.expression;
}

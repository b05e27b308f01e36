import { errors } from '../../../base/errors.ts';
import {
  type CategoricalParameter,
  type Condition,
  countValues,
  type FloatParameter,
  type IntParameter,
  type Parameter,
  type ParameterValue,
  type Space,
  toCoordinate,
} from './space.ts';

/** As many as the Sobol sequence here has dimensions. */
export const mostParameters = 128;
const mostChoices = 10_000;
/** MLflow's own characters, and a name that can be an option of a command. */
const namePattern = /^[A-Za-z_][\w./: -]{0,249}$/;

/** `${args}` of a command stands for all parameters. */
const reservedNames = ['args', '__proto__'];

/** A range has to leave room for arithmetic: this part of its numbers, and more than the smallest of all numbers. */
const finest = 1e-12;
const least = 1e-290;

type Fields = Readonly<Record<string, unknown>>;

const fail = (where: string, problem: string) => errors.searchSpaceInvalid({ where, problem });
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** A space from its JSON, whole and without contradictions. @throws searchSpaceInvalid */
export function parseSpace(input: unknown): Space {
  if (!isFields(input)) throw fail('The space', 'is not an object of parameters by name');
  const entries = Object.entries(input);
  if (entries.length === 0) throw fail('The space', 'has no parameters; give it at least one');
  if (entries.length > mostParameters)
    throw fail('The space', `has ${entries.length} parameters; the most is ${mostParameters}`);
  const parsed = entries
    .map(([name, fields]) => parseParameter(name, fields))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const parameters = parentsFirst(parsed);
  assertReachable(parameters);
  return { parameters, text: toText(parsed) };
}

function parseParameter(name: string, fields: unknown): Parameter {
  const where = `The parameter ${shown(name)}`;
  if (!namePattern.test(name) || reservedNames.includes(name))
    throw fail(
      where,
      "cannot have that name; use a letter or '_' first, then up to 249 letters, digits, '_', '.', '-', '/', ':' or spaces, and neither 'args' nor '__proto__'",
    );
  if (!isFields(fields)) throw fail(where, 'is not an object with a type');
  const conditions = parseConditions(where, fields.if);
  switch (fields.type) {
    case 'float':
      assertFields(where, fields, ['low', 'high', 'log', 'step']);
      return { name, conditions, ...parseFloatRange(where, fields) };
    case 'int':
      assertFields(where, fields, ['low', 'high', 'log', 'step']);
      return { name, conditions, ...parseIntRange(where, fields) };
    case 'categorical':
      assertFields(where, fields, ['choices']);
      return { name, conditions, ...parseChoices(where, fields) };
    default:
      throw fail(where, `has the type ${shown(fields.type)}; use float, int or categorical`);
  }
}

function assertFields(where: string, fields: Fields, known: readonly string[]): void {
  const unknown = Object.keys(fields).filter((field) => !['type', 'if', ...known].includes(field));
  if (unknown.length > 0)
    throw fail(
      where,
      `has the field '${unknown[0]}', which ${fields.type} does not know; it knows ${known.join(', ')} and if`,
    );
}

interface Range {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step: number | null;
}

function parseRange(where: string, { low, high, log = false, step = null }: Fields): Range {
  for (const [field, value] of Object.entries({ low, high }))
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw fail(where, `has ${field} ${shown(value)}; it must be a finite number`);
  if (typeof log !== 'boolean') throw fail(where, `has log ${shown(log)}; it must be true or false`);
  if (step !== null && !(typeof step === 'number' && Number.isFinite(step) && step > 0))
    throw fail(where, `has step ${shown(step)}; it must be a number above 0`);
  const range = {
    low: unsigned(Number(low)),
    high: unsigned(Number(high)),
    log,
    step: step === null ? null : Number(step),
  };
  if (range.low > range.high)
    throw fail(where, `has low ${range.low} above high ${range.high}; exchange them`);
  if (!Number.isFinite(range.high - range.low)) throw fail(where, 'has a range wider than a number can hold');
  const width = Math.min(range.high - range.low, range.step ?? Number.POSITIVE_INFINITY);
  if (
    range.low < range.high &&
    width < Math.max(finest * Math.max(Math.abs(range.low), Math.abs(range.high)), least)
  )
    throw fail(
      where,
      `has a ${range.step === null ? 'range' : 'step'} that its numbers have no digits for; make it wider`,
    );
  if (log && range.low <= 0)
    throw fail(where, `has low ${range.low} with log; a logarithm needs a low above 0`);
  return range;
}

function assertDivides(where: string, { low, high, step }: Range): void {
  if (step === null) return;
  const steps = (high - low) / step;
  if (Math.abs(steps - Math.round(steps)) <= 1e-8 * Math.max(1, steps)) return;
  const last = Number((low + Math.floor(steps) * step).toPrecision(15));
  throw fail(where, `has a step of ${step}, which does not lead from ${low} to ${high}; make high ${last}`);
}

function parseFloatRange(where: string, fields: Fields): Omit<FloatParameter, 'name' | 'conditions'> {
  const range = parseRange(where, fields);
  if (range.log && range.step !== null)
    throw fail(where, 'has both log and step; leave one out, or list the values as choices');
  assertDivides(where, range);
  return { type: 'float', ...range };
}

function parseIntRange(where: string, fields: Fields): Omit<IntParameter, 'name' | 'conditions'> {
  const { low, high, log, step } = parseRange(where, fields);
  for (const [field, value] of Object.entries({ low, high, step: step ?? 1 }))
    if (!Number.isSafeInteger(value)) throw fail(where, `has ${field} ${value}; an int needs whole numbers`);
  if (log && (step ?? 1) !== 1)
    throw fail(where, 'has both log and a step; leave one out, or list the values as choices');
  const range = { low, high, log, step: step ?? 1 };
  assertDivides(where, range);
  return { type: 'int', ...range };
}

/** JSON has no -0, so a space has none. */
const unsigned = <V>(value: V): V => (Object.is(value, -0) ? (0 as V) : value);

const isValue = (value: unknown): value is ParameterValue =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (typeof value === 'number' && Number.isFinite(value));

function parseChoices(where: string, { choices }: Fields): Omit<CategoricalParameter, 'name' | 'conditions'> {
  if (!Array.isArray(choices) || choices.length === 0)
    throw fail(where, 'has no choices; give a list of at least one');
  if (choices.length > mostChoices)
    throw fail(where, `has ${choices.length} choices; the most is ${mostChoices}`);
  if (!choices.every(isValue))
    throw fail(where, 'has a choice that is not a text, a number, true, false or null');
  const seen = new Set<ParameterValue>();
  for (const choice of choices) {
    if (seen.has(choice)) throw fail(where, `has the choice ${shown(choice)} twice; leave one out`);
    seen.add(choice);
  }
  return { type: 'categorical', choices: choices.map(unsigned) };
}

function parseConditions(where: string, condition: unknown): readonly Condition[] {
  if (condition === undefined) return [];
  if (!isFields(condition) || Object.keys(condition).length === 0)
    throw fail(where, 'has an if that is not an object of values by parameter');
  return Object.entries(condition)
    .map(([parameter, value]) => {
      const oneOf: readonly unknown[] = Array.isArray(value) ? value : [value];
      if (oneOf.length === 0 || !oneOf.every(isValue))
        throw fail(where, `has an if on '${parameter}' that is neither a value nor a list of values`);
      return { parameter, oneOf: [...new Set(oneOf.map(unsigned))] };
    })
    .sort((a, b) => (a.parameter < b.parameter ? -1 : 1));
}

/** Parents before children, else by name. */
function parentsFirst(parameters: readonly Parameter[]): readonly Parameter[] {
  const byName = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const ordered = new Set<Parameter>();
  const visit = (parameter: Parameter, path: readonly string[]): void => {
    if (ordered.has(parameter)) return;
    const where = `The parameter '${parameter.name}'`;
    if (path.includes(parameter.name))
      throw fail(where, `depends on itself: ${[...path, parameter.name].join(' if ')}`);
    for (const condition of parameter.conditions) {
      const parent = byName.get(condition.parameter);
      if (!parent) throw fail(where, `has an if on '${condition.parameter}', which the space does not have`);
      assertPossible(where, condition, parent);
      visit(parent, [...path, parameter.name]);
    }
    ordered.add(parameter);
  };
  for (const parameter of parameters) visit(parameter, []);
  return [...ordered];
}

function assertPossible(where: string, { parameter, oneOf }: Condition, parent: Parameter): void {
  if (countValues(parent) === Number.POSITIVE_INFINITY)
    throw fail(where, `has an if on '${parameter}', a float without a step, which no value is ever equal to`);
  for (const value of oneOf)
    if (Number.isNaN(toCoordinate(parent, value)))
      throw fail(where, `has an if on '${parameter}' being ${shown(value)}, which it never is`);
}

/** A parameter that no point can have is a mistake. Conditions are "and" throughout, so it is enough to look at each ancestor. */
function assertReachable(parameters: readonly Parameter[]): void {
  const needs = new Map<string, ReadonlyMap<string, readonly ParameterValue[]>>();
  for (const { name, conditions } of parameters) {
    const needed = new Map<string, readonly ParameterValue[]>();
    const need = (parameter: string, oneOf: readonly ParameterValue[]): void => {
      const before = needed.get(parameter);
      const both = before ? before.filter((value) => oneOf.includes(value)) : oneOf;
      if (both.length === 0)
        throw fail(
          `The parameter '${name}'`,
          `is never there: its conditions ask of '${parameter}' to be two things at once`,
        );
      needed.set(parameter, both);
    };
    for (const { parameter, oneOf } of conditions) {
      need(parameter, oneOf);
      for (const [ancestor, values] of needs.get(parameter) ?? []) need(ancestor, values);
    }
    needs.set(name, needed);
  }
}

function toText(parameters: readonly Parameter[]): string {
  const entries = parameters.map(({ name, conditions, ...rest }) => {
    const needed = Object.fromEntries(conditions.map(({ parameter, oneOf }) => [parameter, oneOf]));
    return [name, conditions.length > 0 ? { ...rest, if: needed } : rest];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

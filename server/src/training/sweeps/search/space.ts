export type ParameterValue = string | number | boolean | null;

/** A value for each parameter whose conditions hold, and for no other. */
export type Point = Readonly<Record<string, ParameterValue>>;

/** Holds when the other parameter is there and has one of these values. */
export interface Condition {
  readonly parameter: string;
  readonly oneOf: readonly ParameterValue[];
}

interface Named {
  readonly name: string;
  /** All of them must hold; none for a parameter that every point has. */
  readonly conditions: readonly Condition[];
}

export interface FloatParameter extends Named {
  readonly type: 'float';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step: number | null;
}

export interface IntParameter extends Named {
  readonly type: 'int';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly step: number;
}

export interface CategoricalParameter extends Named {
  readonly type: 'categorical';
  readonly choices: readonly ParameterValue[];
}

export type NumericParameter = FloatParameter | IntParameter;
export type Parameter = NumericParameter | CategoricalParameter;

export interface Space {
  /** By name; those that a condition names stand before those that it governs. */
  readonly parameters: readonly Parameter[];
  /** JSON with keys in order and defaults filled in: equal for equal spaces. */
  readonly text: string;
}

export const isActive = ({ conditions }: Parameter, point: Point): boolean =>
  conditions.every(({ parameter, oneOf }) => {
    const value = point[parameter];
    return value !== undefined && oneOf.includes(value);
  });

/** Asks `draw` for each parameter whose conditions hold, parents first. */
export function buildPoint(
  space: Space,
  draw: (parameter: Parameter, index: number) => ParameterValue,
): Point {
  const point: Record<string, ParameterValue> = {};
  for (const [index, parameter] of space.parameters.entries())
    if (isActive(parameter, point)) point[parameter.name] = draw(parameter, index);
  return point;
}

/** How many values a parameter can have; infinite for a float without a step. */
export function countValues(parameter: Parameter): number {
  if (parameter.type === 'categorical') return parameter.choices.length;
  const { low, high, step } = parameter;
  if (step === null) return low === high ? 1 : Number.POSITIVE_INFINITY;
  return Math.round((high - low) / step) + 1;
}

export const isSingle = (parameter: Parameter): boolean => countValues(parameter) === 1;

/** Value number `index` (from 0) of a parameter that has a countable number of them. */
export function valueAt(parameter: Parameter, index: number): ParameterValue {
  if (parameter.type === 'categorical') return parameter.choices[index] ?? null;
  const { low, high, step } = parameter;
  const value = low + index * (step ?? 0);
  // Fifteen digits: 0.1 + 2 * 0.1 is meant to be 0.3.
  const clean = Number.isInteger(value) ? value : Number(value.toPrecision(15));
  return Math.min(Math.max(clean, low), high);
}

/**
 * The value that a number uniform in [0, 1) stands for: uniform over floats, over their logarithms, over values or over
 * choices; an `int` with `log` is uniform over the logarithms from low - 1/2 to high + 1/2, rounded.
 */
export function fromUnit(parameter: Parameter, unit: number): ParameterValue {
  if (parameter.type === 'categorical' || !(parameter.log || parameter.step === null)) {
    const count = countValues(parameter);
    return valueAt(parameter, Math.min(Math.floor(unit * count), count - 1));
  }
  const [low, high] = boundsOf(parameter);
  return toValue(parameter, low + unit * (high - low));
}

/** A parameter as a coordinate: the logarithm where `log`, half a step wider at both ends where it has steps. */
export function boundsOf({ low, high, log, step }: NumericParameter): readonly [number, number] {
  const half = (step ?? 0) / 2;
  return log ? [Math.log(low - half), Math.log(high + half)] : [low - half, high + half];
}

/** The allowed value that is nearest to a coordinate. */
export function toValue(parameter: NumericParameter, coordinate: number): number {
  const { low, high, log, step } = parameter;
  const value = log ? Math.exp(coordinate) : coordinate;
  if (step === null) return Math.min(Math.max(value, low), high);
  const last = countValues(parameter) - 1;
  const index = Math.min(Math.max(Math.round((value - low) / step), 0), last);
  return valueAt(parameter, index) as number;
}

/** Coordinate of a value, the index for a choice; NaN when the parameter cannot have the value. */
export function toCoordinate(parameter: Parameter, value: ParameterValue | undefined): number {
  if (parameter.type === 'categorical') {
    const index = value === undefined ? -1 : parameter.choices.indexOf(value);
    return index < 0 ? Number.NaN : index;
  }
  if (typeof value !== 'number' || !(value >= parameter.low && value <= parameter.high)) return Number.NaN;
  if (parameter.step !== null) {
    const steps = (value - parameter.low) / parameter.step;
    if (Math.abs(steps - Math.round(steps)) > 1e-6) return Number.NaN;
  }
  return parameter.log ? Math.log(value) : value;
}

/** Is the point one of the space: a possible value for each parameter whose conditions hold, and nothing else? */
export function holdsPoint(space: Space, point: Point): boolean {
  const known = space.parameters.filter((parameter) => isActive(parameter, point));
  return (
    Object.keys(point).length === known.length &&
    known.every((parameter) => !Number.isNaN(toCoordinate(parameter, point[parameter.name])))
  );
}

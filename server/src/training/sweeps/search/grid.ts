import { errors } from '../../../base/errors.ts';
import type { Sampler } from './sampler.ts';
import {
  countValues,
  isActive,
  type Parameter,
  type ParameterValue,
  type Point,
  type Space,
  valueAt,
} from './space.ts';

const mostPoints = 10_000;

/**
 * Every combination once, in order; the last parameter changes fastest.
 * @throws searchSpaceInvalid where there is no end of them, or no sense in so many
 */
export function createGridSampler({ space }: { readonly space: Space }): Sampler {
  const points = listPoints(space);
  return {
    ask(number) {
      const parameters = points[number];
      return parameters ? { parameters, generation: 0 } : null;
    },
    tell() {},
  };
}

/** How many trials a grid over the space has. @throws searchSpaceInvalid as the grid itself */
export const countGrid = (space: Space): number => listPoints(space).length;

function listPoints(space: Space): readonly Point[] {
  for (const parameter of space.parameters) assertCountable(parameter);
  let points: readonly Point[] = [{}];
  for (const parameter of space.parameters) {
    const values = (point: Point): readonly Point[] =>
      isActive(parameter, point)
        ? valuesOf(parameter).map((value) => ({ ...point, [parameter.name]: value }))
        : [point];
    points = extend(points, values);
  }
  return points;
}

function extend(points: readonly Point[], values: (point: Point) => readonly Point[]): readonly Point[] {
  const extended: Point[] = [];
  for (const point of points) {
    extended.push(...values(point));
    if (extended.length > mostPoints)
      throw errors.searchSpaceInvalid({
        where: 'The grid',
        problem: `has more than ${mostPoints} points; give fewer values or longer steps, or use random, sobol or tpe`,
      });
  }
  return extended;
}

function assertCountable(parameter: Parameter): void {
  const count = countValues(parameter);
  if (count <= mostPoints) return;
  const reason =
    count === Number.POSITIVE_INFINITY
      ? 'is a float without a step, which a grid cannot go through; give it a step, or list its values as choices'
      : `alone has ${count} values, and a grid at most ${mostPoints}; give it a longer step`;
  throw errors.searchSpaceInvalid({ where: `The parameter '${parameter.name}'`, problem: reason });
}

const valuesOf = (parameter: Parameter): readonly ParameterValue[] =>
  Array.from({ length: countValues(parameter) }, (_, index) => valueAt(parameter, index));

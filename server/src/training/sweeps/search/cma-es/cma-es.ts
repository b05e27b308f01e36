import { errors } from '../../../../base/errors.ts';
import type { Random } from '../../../../base/statistics/random.ts';
import { Generations, type Individual } from '../generations.ts';
import { randomOfTrial, type Sampler, type SamplerInput } from '../sampler.ts';
import {
  boundsOf,
  buildPoint,
  fromUnit,
  isSingle,
  type NumericParameter,
  type Parameter,
  toCoordinate,
  toValue,
} from '../space.ts';
import { beginEvolution, type Evolution, evolve, pointOf, ratesOf } from './evolution.ts';

/** A sixth of the range on either side of the middle. */
const firstSigma = 1 / 6;
const triesPerParameter = 10;

/**
 * CMA-ES: a normal distribution that moves, stretches and turns towards the better half of each generation. For numbers that
 * every point has, on a scale from 0 to 1 between their bounds; `int` and steps are rounded to the nearest value. Choices, and
 * parameters with conditions, are drawn at random. As Optuna 5.0's CmaEsSampler, without its first random trial; where there
 * are trials from elsewhere, the distribution begins at the best of them instead of the middle.
 *
 * Source: Hansen (2016), arXiv 1604.00772. @throws searchSpaceInvalid for several goals
 */
export function createCmaEsSampler({ space, directions, seed }: SamplerInput): Sampler {
  if (directions.length !== 1)
    throw errors.searchSpaceInvalid({
      where: 'The sampler cma-es',
      problem: `follows one goal, and there are ${directions.length}; use tpe or nsga2`,
    });
  const numbers = space.parameters.filter(
    (parameter): parameter is NumericParameter =>
      parameter.type !== 'categorical' && parameter.conditions.length === 0 && !isSingle(parameter),
  );
  const rates = ratesOf(Math.max(1, numbers.length));
  /** By generation: where its points come from. Depends on the generations before. */
  const evolutions: Evolution[] = [];
  const generations = new Generations({ space, directions }, null, (generation) => {
    evolutions.length = Math.min(evolutions.length, generation + 1);
  });
  const elsewhere = new Generations({ space, directions }, 0, () => {
    evolutions.length = 0;
  });

  const solutionOf = ({ point, losses }: Individual) => ({
    x: Float64Array.from(numbers, (parameter) =>
      toUnit(parameter, toCoordinate(parameter, point[parameter.name])),
    ),
    loss: losses[0] ?? Number.POSITIVE_INFINITY,
  });

  function begin(): Evolution {
    const best = elsewhere
      .of(0)
      .map(solutionOf)
      .reduce((a, b) => (b.loss < a.loss ? b : a), middleOf(numbers.length));
    return beginEvolution(best.x, firstSigma);
  }

  function evolutionOf(generation: number): Evolution {
    let evolution = evolutions[0] ?? begin();
    for (let next = 0; next <= generation; next += 1) {
      if (next > 0)
        evolution =
          evolutions[next] ??
          evolve(
            evolution,
            rates,
            generations
              .of(next - 1)
              .slice(0, rates.populationSize)
              .map(solutionOf),
          );
      evolutions[next] = evolution;
    }
    return evolution;
  }

  return {
    ask(number) {
      const random = randomOfTrial(seed, number);
      const generation = generations.current(rates.populationSize);
      const x = numbers.length > 0 ? draw(evolutionOf(generation), random) : new Float64Array();
      const chosen = new Map<Parameter, number>(
        numbers.map((parameter, index) => [
          parameter,
          toValue(parameter, fromUnitScale(parameter, x[index] ?? 0)),
        ]),
      );
      const parameters = buildPoint(
        space,
        (parameter) => chosen.get(parameter) ?? fromUnit(parameter, random.next()),
      );
      return { parameters, generation };
    },
    tell(trial) {
      if (trial.generation === null) elsewhere.tell(trial);
      else generations.tell(trial);
    },
  };
}

const middleOf = (n: number) => ({ x: new Float64Array(n).fill(0.5), loss: Number.POSITIVE_INFINITY });

function draw(evolution: Evolution, random: Random): Float64Array {
  const n = evolution.mean.length;
  let x = new Float64Array(n);
  for (let attempt = 0; attempt <= triesPerParameter * n; attempt += 1) {
    x = Float64Array.from(
      pointOf(
        evolution,
        Float64Array.from({ length: n }, () => random.normal()),
      ),
    );
    if (x.every((value) => value >= 0 && value <= 1)) return x;
  }
  return x.map((value) => Math.min(Math.max(value, 0), 1));
}

function toUnit(parameter: NumericParameter, coordinate: number): number {
  const [low, high] = boundsOf(parameter);
  return (coordinate - low) / (high - low);
}

function fromUnitScale(parameter: NumericParameter, unit: number): number {
  const [low, high] = boundsOf(parameter);
  return low + unit * (high - low);
}

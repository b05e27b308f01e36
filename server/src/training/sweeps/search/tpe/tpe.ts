import type { Random } from '../../../../base/statistics/random.ts';
import { randomOfTrial, type Sampler, type SamplerInput } from '../sampler.ts';
import {
  buildPoint,
  fromUnit,
  isSingle,
  type Parameter,
  type ParameterValue,
  toValue,
  valueAt,
} from '../space.ts';
import { drawPoints, logDensities, type Mixture } from './mixture.ts';
import { buildMixture, weighAlike, weighByAge } from './parzen.ts';
import { createSplitter, type Split } from './split.ts';
import { type Column, TrialTable } from './trial-table.ts';

const candidates = 24;

export interface TpeInput extends SamplerInput {
  /** Random points until so many trials have ended. */
  readonly startupTrials?: number;
}

/**
 * Tree-structured Parzen estimator as Optuna 5.0 has it by default: parameters that all ended trials have are chosen
 * together, the others one by one; running trials count as bad ones.
 *
 * Sources: Bergstra et al. (2011), NIPS 24; Watanabe (2023), arXiv 2304.11127; Optuna's optuna/samplers/_tpe.
 */
export function createTpeSampler({ space, directions, seed, startupTrials = 10 }: TpeInput): Sampler {
  const table = new TrialTable({ space, directions });
  const splitFor = createSplitter(table);
  const columnOf = new Map(table.columns.map((column) => [column.parameter, column]));

  const weighBelow = directions.length === 1 ? weighByAge : weighAlike;

  function askModel(number: number, random: Random) {
    const split = splitFor(number);
    const common = directions.length === 1 ? table.listCommon() : [];
    const together = new Map(
      choose(common, split, weighBelow, random).map((value, index) => [common[index]?.parameter, value]),
    );
    return buildPoint(space, (parameter) => {
      const chosen = together.get(parameter);
      if (chosen !== undefined) return chosen;
      const column = columnOf.get(parameter);
      if (isSingle(parameter) || !column) return valueAt(parameter, 0);
      return choose([column], split, weighBelow, random)[0] ?? null;
    });
  }

  return {
    ask(number) {
      const random = randomOfTrial(seed, number);
      const parameters =
        table.ended < startupTrials
          ? buildPoint(space, (parameter) => fromUnit(parameter, random.next()))
          : askModel(number, random);
      return { parameters, generation: 0 };
    },
    tell: (trial) => table.tell(trial),
  };
}

/** Of points drawn from the good ones' density the one that is likeliest to be one of them. */
function choose(
  columns: readonly Column[],
  split: Split,
  weighBelow: (count: number) => Float64Array,
  random: Random,
): readonly ParameterValue[] {
  if (columns.length === 0) return [];
  const below = mixtureOf(columns, split.below, weighBelow, random);
  const above = mixtureOf(columns, split.above, weighByAge, random);
  const points = drawPoints(below, candidates, random);
  const [good, bad] = [logDensities(below, points), logDensities(above, points)];
  let best = 0;
  for (let i = 1; i < good.length; i += 1)
    if ((good[i] ?? 0) - (bad[i] ?? 0) > (good[best] ?? 0) - (bad[best] ?? 0)) best = i;
  return columns.map(({ parameter }, index) => fromCoordinate(parameter, points[index]?.[best] ?? 0));
}

export function mixtureOf(
  columns: readonly Column[],
  rows: Int32Array,
  weigh: (count: number) => Float64Array,
  random: Random | null = null,
): Mixture {
  const complete = rows.filter((row) => columns.every(({ coordinates }) => !Number.isNaN(coordinates[row])));
  return buildMixture(columns, complete, weigh(complete.length), random);
}

const fromCoordinate = (parameter: Parameter, coordinate: number): ParameterValue =>
  parameter.type === 'categorical' ? valueAt(parameter, coordinate) : toValue(parameter, coordinate);

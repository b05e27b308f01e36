import { ascending } from '../../../base/statistics/ascending.ts';
import type { Random } from '../../../base/statistics/random.ts';
import { Generations, type Individual } from './generations.ts';
import { dominates, rankByDominance } from './pareto.ts';
import { randomOfTrial, type Sampler, type SamplerInput } from './sampler.ts';
import { buildPoint, fromUnit, isSingle, type Point, type Space, valueAt } from './space.ts';

const [crossoverRate, swapRate] = [0.9, 0.5];

export interface Nsga2Input extends SamplerInput {
  /** Complete trials of a generation; at least 2. */
  readonly populationSize?: number;
}

/**
 * NSGA-II for several goals: each generation is bred from the best so far, by rank of dominance and, within a rank, by the
 * room around a point. With Optuna 5.0's defaults: tournaments of two, uniform crossover, a mutated parameter drawn anew. A
 * parameter that depends on others comes from the parent that gave the child its value, else from the other, else from chance.
 *
 * Source: Deb et al. (2002), IEEE Trans. Evol. Comput. 6(2).
 */
export function createNsga2Sampler({ space, directions, seed, populationSize = 50 }: Nsga2Input): Sampler {
  /** By generation: who breeds it. Depends on the generations before. */
  const parents: (readonly Individual[])[] = [[]];
  const generations = new Generations({ space, directions }, 0, (generation) => {
    parents.length = Math.min(parents.length, generation + 1);
  });

  function parentsOf(generation: number): readonly Individual[] {
    for (let next = parents.length; next <= generation; next += 1)
      parents.push(selectElite([...generations.of(next - 1), ...(parents[next - 1] ?? [])], populationSize));
    return parents[generation] ?? [];
  }

  return {
    ask(number) {
      const random = randomOfTrial(seed, number);
      const generation = generations.current(populationSize);
      const elite = parentsOf(generation);
      const parameters =
        elite.length === 0
          ? buildPoint(space, (parameter) => fromUnit(parameter, random.next()))
          : breed(space, elite, random);
      return { parameters, generation };
    },
    tell: (trial) => generations.tell(trial),
  };
}

function breed(space: Space, elite: readonly Individual[], random: Random): Point {
  const isCrossed = random.next() < crossoverRate && elite.length > 1;
  const first = isCrossed ? holdTournament(elite, random) : elite[random.integer(elite.length)];
  const second = isCrossed
    ? holdTournament(
        elite.filter((one) => one !== first),
        random,
      )
    : first;
  const [mother, father] = [first?.point ?? {}, second?.point ?? {}];
  const mutationRate = 1 / Math.max(1, Object.keys(mother).length);
  return buildPoint(space, (parameter) => {
    if (isSingle(parameter)) return valueAt(parameter, 0);
    const [giver, other] = random.next() < swapRate ? [father, mother] : [mother, father];
    const inherited = giver[parameter.name] === undefined ? other[parameter.name] : giver[parameter.name];
    const isMutated = random.next() < mutationRate;
    return isMutated || inherited === undefined ? fromUnit(parameter, random.next()) : inherited;
  });
}

function holdTournament(elite: readonly Individual[], random: Random): Individual | undefined {
  const [a, b] = [elite[random.integer(elite.length)], elite[random.integer(elite.length)]];
  return a && b && dominates(a.losses, b.losses) ? a : b;
}

/** The best of the individuals: whole ranks as long as they fit, then of the next those with the most room around them. */
function selectElite(all: readonly Individual[], size: number): readonly Individual[] {
  const ranks = rankByDominance(all.map(({ losses }) => losses));
  const elite: Individual[] = [];
  for (let rank = 0; elite.length < size; rank += 1) {
    const members = all.filter((_, index) => ranks[index] === rank);
    if (members.length === 0) break;
    const room = size - elite.length;
    elite.push(...(members.length <= room ? members : sortByRoom(members).slice(0, room)));
  }
  return elite;
}

/** Widest room first; of equals the earlier trial. */
function sortByRoom(members: readonly Individual[]): readonly Individual[] {
  const room = measureRoom(members);
  const roomOf = ({ number }: Individual) => room.get(number) ?? 0;
  return members.toSorted((a, b) => ascending(roomOf(b), roomOf(a)) || a.number - b.number);
}

/** Crowding distance by number: over the goals, the gap between both neighbours as a part of the goal's spread. */
export function measureRoom(members: readonly Individual[]): ReadonlyMap<number, number> {
  const room = new Map<number, number>();
  for (const goal of (members[0]?.losses ?? []).keys()) {
    const lossOf = ({ losses }: Individual) => losses[goal] ?? 0;
    const sorted = members.toSorted((a, b) => ascending(lossOf(a), lossOf(b)) || a.number - b.number);
    const finite = sorted.map(lossOf).filter(Number.isFinite);
    const spread = (finite.at(-1) ?? 0) - (finite[0] ?? 0);
    const losses = [Number.NEGATIVE_INFINITY, ...sorted.map(lossOf), Number.POSITIVE_INFINITY];
    if (losses[1] === losses.at(-2)) continue;
    for (const [index, { number }] of sorted.entries()) {
      const [left = 0, right = 0] = [losses[index], losses[index + 2]];
      const gap = left === right ? 0 : right - left;
      room.set(number, (room.get(number) ?? 0) + gap / (spread > 0 ? spread : 1));
    }
  }
  return room;
}

import { logNormalMass } from '../../../base/statistics/normal.ts';
import { chooseNondominated } from './pareto.ts';
import type { SamplerInput, SearchTrial } from './sampler.ts';
import { isSingle, type Parameter, toCoordinate } from './space.ts';

/** The trials that a parameter is to lead to: the best tenth. */
const targetShare = 0.1;
const finestGrid = 50;
/** Fewer say nothing about a parameter. */
const fewestTrials = 2;

/**
 * How much each parameter tells whether a trial is among the best tenth (of several goals: of the nearest to the front).
 * Shares that sum to 1, in the space's order; equal ones where nothing can be told. Parameters that no complete trial has are
 * left out. As Optuna 5.0's default.
 *
 * Sources: PED-ANOVA, Watanabe et al. (2023), IJCAI, arXiv 2304.10255; for conditional parameters arXiv 2601.20800.
 */
export function measureImportance(
  { space, directions }: Pick<SamplerInput, 'space' | 'directions'>,
  trials: readonly SearchTrial[],
): ReadonlyMap<string, number> {
  const complete = trials
    .filter(({ state, values }) => state === 'complete' && values?.every(Number.isFinite))
    .toSorted((a, b) => a.number - b.number);
  const losses = complete.map(({ values }) =>
    directions.map((direction, goal) => (direction === 'minimize' ? 1 : -1) * (values?.[goal] ?? 0)),
  );
  const best = new Set(listBest(losses).map((index) => complete[index]));
  const known = space.parameters.filter(({ name }) => complete.some(({ parameters }) => name in parameters));
  const weights = known.map((parameter) => weigh(parameter, complete, best));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return new Map(
    known.map(({ name }, i) => [name, total > 0 ? (weights[i] ?? 0) / total : 1 / known.length]),
  );
}

function listBest(losses: readonly (readonly number[])[]): readonly number[] {
  const size = Math.ceil(targetShare * losses.length);
  if ((losses[0]?.length ?? 1) > 1) return chooseNondominated(losses, size);
  const sorted = losses.map(([loss = 0]) => loss).toSorted((a, b) => a - b);
  const limit = sorted[size - 1] ?? 0;
  return [...losses.keys()].filter((index) => (losses[index]?.[0] ?? 0) <= limit);
}

/** How far the best trials' values are spread otherwise than all trials', among the trials that have the parameter. */
function weigh(
  parameter: Parameter,
  all: readonly SearchTrial[],
  best: ReadonlySet<SearchTrial | undefined>,
): number {
  const having = all.filter(({ parameters }) => parameter.name in parameters);
  const good = having.filter((trial) => best.has(trial));
  if (isSingle(parameter) || having.length < fewestTrials || good.length === 0) return 0;
  const [local, top] = [densityOf(parameter, having), densityOf(parameter, good)];
  const divergence = local.reduce(
    (sum, density, cell) => sum + density * ((top[cell] ?? 0) / density - 1) ** 2,
    0,
  );
  return ((good.length / best.size) ** 2 / (having.length / all.length)) * divergence;
}

/** Density over the cells that the parameter's range is cut into; never quite zero. */
function densityOf(parameter: Parameter, trials: readonly SearchTrial[]): Float64Array {
  const counts = new Float64Array(countCells(parameter));
  for (const { parameters } of trials) {
    const cell = cellOf(parameter, toCoordinate(parameter, parameters[parameter.name]), counts.length);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  const density = parameter.type === 'categorical' ? smoothChoices(counts) : smoothNumbers(counts);
  return density.map((value) => value + 1e-12);
}

function countCells(parameter: Parameter): number {
  if (parameter.type === 'categorical') return parameter.choices.length;
  const { type, low, high, log, step } = parameter;
  if (type === 'int' && log) return Math.min(Math.ceil(Math.log(high - low + 1) / Math.LN2) + 1, finestGrid);
  return step === null ? finestGrid : Math.min(Math.round((high - low) / step) + 1, finestGrid);
}

function cellOf(parameter: Parameter, coordinate: number, cells: number): number {
  if (parameter.type === 'categorical') return coordinate;
  const [low, high] = [parameter.low, parameter.high].map(parameter.log ? Math.log : Number) as [
    number,
    number,
  ];
  // Half-way values go to the lower cell.
  const cell = Math.ceil((coordinate - low) / ((high - low) / (cells - 1)) - 0.5);
  return Math.min(Math.max(cell, 0), cells - 1);
}

function smoothChoices(counts: Float64Array): Float64Array {
  const seen = [...counts.keys()].filter((cell) => (counts[cell] ?? 0) > 0);
  const share = 1 / (seen.length + 1);
  const row = 1 + share * counts.length;
  const trials = counts.reduce((sum, count) => sum + count, 0);
  // Each choice seen is a kernel of its count, the prior one of weight 1.
  return counts.map((count) => (trials * (share / row) + count / row + 1 / counts.length) / (trials + 1));
}

/** Kernels by Scott's rule (1992) on the cells that have trials, and a prior as wide as all cells. */
function smoothNumbers(counts: Float64Array): Float64Array {
  const seen = [...counts.keys()].filter((cell) => (counts[cell] ?? 0) > 0);
  const trials = counts.reduce((sum, count) => sum + count, 0);
  const sigma = Math.max(scottWidth(seen, counts, trials), 0.5 / 1.64);
  const kernels = seen.map((cell) => ({ mean: cell, sigma, weight: counts[cell] ?? 0 }));
  kernels.push({ mean: (counts.length - 1) / 2, sigma: counts.length, weight: 1 });
  const density = new Float64Array(counts.length);
  for (const { mean, sigma: width, weight } of kernels) {
    const inside = logNormalMass((-0.5 - mean) / width, (counts.length - 0.5 - mean) / width);
    for (const cell of density.keys()) {
      const mass = logNormalMass((cell - 0.5 - mean) / width, (cell + 0.5 - mean) / width);
      density[cell] = (density[cell] ?? 0) + (weight / (trials + 1)) * Math.exp(mass - inside);
    }
  }
  return density;
}

function scottWidth(seen: readonly number[], counts: Float64Array, trials: number): number {
  const countOf = (cell: number) => counts[cell] ?? 0;
  const mean = seen.reduce((sum, cell) => sum + cell * countOf(cell), 0) / trials;
  const squares = seen.reduce((sum, cell) => sum + countOf(cell) * (cell - mean) ** 2, 0);
  let reached = 0;
  const below = seen.map((cell) => {
    reached += countOf(cell);
    return reached;
  });
  const first = below.findIndex((count) => count >= Math.floor(trials / 4));
  const third = below.findIndex((count) => count > Math.floor((trials * 3) / 4));
  const range = (seen.at(third) ?? 0) - (seen[first] ?? 0);
  return 1.059 * Math.min(range / 1.34, Math.sqrt(squares / Math.max(1, trials - 1))) * trials ** -0.2;
}

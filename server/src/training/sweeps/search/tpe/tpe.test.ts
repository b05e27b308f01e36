import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseSpace } from '../parse-space.ts';
import { createRandomSampler } from '../random.ts';
import type { Direction, Sampler, SearchTrial } from '../sampler.ts';
import { play } from '../search-testing.ts';
import { type Point, toCoordinate } from '../space.ts';
import { logDensities, type Mixture } from './mixture.ts';
import { weighAlike, weighByAge } from './parzen.ts';
import { createSplitter } from './split.ts';
import { createTpeSampler, mixtureOf } from './tpe.ts';
import { type Column, TrialTable } from './trial-table.ts';

interface Side {
  readonly weights: readonly number[];
  readonly kernels: Readonly<Record<string, { readonly means: number[]; readonly sigmas: number[] }>>;
  readonly logs: readonly number[];
}

interface Case {
  readonly space: object;
  readonly directions: readonly Direction[];
  readonly trials: readonly (Pick<SearchTrial, 'state' | 'parameters' | 'values'> & {
    readonly lastReport: { readonly step: number; readonly value: number | null } | null;
  })[];
  readonly below: readonly number[];
  readonly queries: readonly {
    readonly names: readonly string[];
    readonly points: readonly Point[];
    readonly below: Side;
    readonly above: Side;
  }[];
}

/** Optuna 5.0.0: python bench/training/optuna_tpe.py */
const optuna = JSON.parse(readFileSync(new URL('optuna.json', import.meta.url), 'utf8')) as Record<
  string,
  Case
>;

function tableOf({ space, directions, trials }: Case): TrialTable {
  const table = new TrialTable({ space: parseSpace(space), directions });
  for (const [number, { lastReport, ...trial }] of trials.entries()) {
    const report = lastReport && { step: lastReport.step, value: lastReport.value ?? Number.NaN };
    table.tell({ ...trial, number, lastReport: report, generation: 0 });
  }
  return table;
}

const nobody = -1;

describe.each(Object.entries(optuna))('inside Optuna 5.0 with %s', (_name, golden) => {
  const table = tableOf(golden);
  const { below, above } = createSplitter(table)(nobody);

  test('the same trials are good', () => {
    expect(Array.from(below, (row) => table.numberOf(row))).toEqual(golden.below);
    const known = golden.trials.filter(({ state }) => state !== 'failed').length;
    expect(above.length).toBe(known - below.length);
  });

  test.each(golden.queries)('kernels and densities of $names are the same', (query) => {
    const columns = query.names.map((name) => columnOf(table, name));
    const weigh = golden.directions.length === 1 ? weighByAge : weighAlike;
    const points = columns.map(({ parameter }) =>
      Float64Array.from(query.points, (point) => toCoordinate(parameter, point[parameter.name])),
    );
    assertSame(mixtureOf(columns, below, weigh), query.below, points);
    assertSame(mixtureOf(columns, above, weighByAge), query.above, points);
  });
});

describe('TPE', () => {
  const space = parseSpace({
    x: { type: 'float', low: -5, high: 5 },
    y: { type: 'float', low: -5, high: 5 },
  });
  const input = { space, directions: ['minimize'] as const };
  const bowl = ({ x, y }: Point) => [Number(x) ** 2 + Number(y) ** 2];

  /** Mean distance between eight trials asked for at once, where each may know of those that run. */
  function spreadOf(seed: number, isTold: boolean): number {
    const sampler = createTpeSampler({ ...input, seed });
    play(sampler, 60, 0, bowl);
    const points = Array.from({ length: 8 }, (_, i) => {
      const asked = sampler.ask(60 + i) ?? { parameters: {}, generation: 0 };
      if (isTold)
        sampler.tell({ ...asked, number: 60 + i, state: 'running', values: null, lastReport: null });
      return asked.parameters;
    });
    const distances = points.flatMap((a, i) =>
      points.slice(i + 1).map((b) => Math.hypot(Number(a.x) - Number(b.x), Number(a.y) - Number(b.y))),
    );
    return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
  }

  test('keeps trials that run at the same time apart', () => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const [told, untold] = [true, false].map((isTold) =>
      seeds.reduce((sum, seed) => sum + spreadOf(seed, isTold), 0),
    );
    expect(told).toBeGreaterThan(1.2 * (untold ?? 0));
  });

  test('begins at random, and finds better points than chance does', () => {
    const random = createRandomSampler({ space, seed: 3 });
    expect(createTpeSampler({ ...input, seed: 3 }).ask(4)).toEqual(random.ask(4));
    const leastOf = (sampler: Sampler) =>
      Math.min(
        ...play(sampler, 100, 2, bowl).trials.map(({ values }) => values?.[0] ?? Number.POSITIVE_INFINITY),
      );
    const wins = Array.from({ length: 20 }, (_, seed) => {
      const tpe = leastOf(createTpeSampler({ ...input, seed }));
      return tpe < leastOf(createRandomSampler({ space, seed: 100 + seed }));
    });
    expect(wins.filter(Boolean).length).toBeGreaterThan(15);
  });

  test('asks for the same point again while its trial runs', () => {
    const sampler = createTpeSampler({ ...input, seed: 5 });
    play(sampler, 30, 0, bowl);
    const asked = sampler.ask(30) ?? { parameters: {}, generation: 0 };
    for (const state of ['running', 'waiting'] as const)
      sampler.tell({ ...asked, number: 30, state, values: null, lastReport: null });
    expect(sampler.ask(30)).toEqual(asked);
  });
});

function columnOf(table: TrialTable, name: string): Column {
  const column = table.columns.find(({ parameter }) => parameter.name === name);
  if (!column) throw new Error(`There is no ${name}.`);
  return column;
}

function assertSame(mixture: Mixture, expected: Side, points: readonly Float64Array[]): void {
  const every = Math.max(1, Math.floor(mixture.weights.length / 6));
  const weights = mixture.weights.filter((_, kernel) => kernel % every === 0);
  assertClose('weights', weights, expected.weights);
  for (const side of mixture.sides) {
    const kernels = expected.kernels[side.column.parameter.name];
    if (side.type !== 'numeric' || !kernels) continue;
    assertClose('means', side.means, kernels.means);
    assertClose('sigmas', side.sigmas, kernels.sigmas);
  }
  assertClose('log densities', logDensities(mixture, points), expected.logs);
}

function assertClose(what: string, found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length, what).toBe(expected.length);
  for (const [index, value] of expected.entries())
    expect(
      Math.abs((found[index] ?? Number.NaN) - value),
      `${what} ${index}: ${found[index]} for ${value}`,
    ).toBeLessThan(1e-9 * Math.max(1, Math.abs(value)));
}

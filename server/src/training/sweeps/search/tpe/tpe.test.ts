import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseSpace } from '../parse-space.ts';
import type { Direction, SearchTrial } from '../sampler.ts';
import { type Point, toCoordinate } from '../space.ts';
import { logDensities, type Mixture } from './mixture.ts';
import { weighAlike, weighByAge } from './parzen.ts';
import { createSplitter } from './split.ts';
import { mixtureOf } from './tpe.ts';
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

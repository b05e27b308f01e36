// Searches for parameters against Optuna: how good a point they find, what a trial costs, what pruners decide.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseSpace } from '../../server/src/training/sweeps/search/parse-space.ts';
import {
  playStream,
  streamPruners,
} from '../../server/src/training/sweeps/search/pruners/streams-testing.ts';
import type { Sampler } from '../../server/src/training/sweeps/search/sampler.ts';
import { samplers } from '../../server/src/training/sweeps/search/samplers.ts';
import type { Bench, BenchContext, Measured, Outcome, Promised } from '../bench.ts';
import { median } from '../comparison.ts';
import { functions, type TestFunction } from './functions.ts';
import { compareRanks } from './mann-whitney.ts';

const call = promisify(execFile);
const peer = { name: 'Optuna', version: '5.0.0' };
const seeds = Number(process.env.TIDEMILL_BENCH_SEEDS ?? 30);
/** One-sided p below which a function counts as one that ours is worse on. */
const worseBelow = 0.05;
/**
 * Of fourteen comparisons between equals one is below 0.05 every other time. So a function that is, is searched again with
 * other seeds, which decide: to fail by chance it takes both, 14 x 0.05 x 0.05 = 3.5 % for all fourteen together.
 */
const seedsAgain = 300;
const budgets = [50, 100] as const;
const costly = ['sphere', 'mixed'] as const;
const [streams, trialsOfStream] = [20, 60];
const pruning = 'pruner decisions equal';

const nameOf = (name: string, budget: number): string => `${name}, ${budget} trials: p against "not worse"`;
const costOf = (name: string): string => `${name}: ask + tell at 1,000 trials`;

export const trainingSearch: Bench = {
  name: 'training-search',
  summary: 'TPE against Optuna on seven functions; its cost; pruners on the same reports',
  settings: [
    `${seeds} seeds a side (TIDEMILL_BENCH_SEEDS), one trial at a time, both samplers with their defaults: Optuna's is multivariate TPE`,
    `p: one-sided Mann-Whitney that ours finds larger values; where it is below ${worseBelow}, ${seedsAgain} other seeds decide. The peer here is that ${worseBelow}`,
    'CMA-ES is compared too, without a promise; it has no choices, so no mixed function',
    'cost: processor time, 100 trials after 1,000 random ones; ours pure, Optuna in memory, neither with a database',
    `pruners: ${Object.keys(streamPruners).length} of them on ${streams} streams of ${trialsOfStream} trials`,
  ],
  promises: [
    ...Object.keys(functions).flatMap((name) =>
      budgets.map(
        (budget): Promised => ({
          name: nameOf(name, budget),
          ...{ unit: 'p', better: 'higher', target: 1, peer: { name: 'limit of p', version: '(95 %)' } },
        }),
      ),
    ),
    ...costly.map((name): Promised => ({ name: costOf(name), unit: 'ms', better: 'lower', target: 5, peer })),
    { name: pruning, unit: 'decisions', better: 'higher', target: 1, peer },
  ],
  rounds: 3,
  requirements: `${import.meta.dirname}/requirements.txt`,
  run,
};

async function run({ python, rounds, say }: BenchContext): Promise<Outcome> {
  if (!python) return { measured: [] };
  const quality = await compareQuality(python, say);
  const cost = await compareCost(python, rounds, say);
  const decisions = await comparePruners(python, say);
  return { measured: [...quality.measured, ...cost, decisions], notes: quality.notes };
}

async function ask<T>(python: string, script: string, parameters: readonly (string | number)[]): Promise<T> {
  const file = join(import.meta.dirname, script);
  const { stdout } = await call(python, [file, ...parameters.map(String)], { maxBuffer: 64 * 2 ** 20 });
  return JSON.parse(stdout) as T;
}

/** Runs a trial; the value is the function's. */
function tryOnce(sampler: Sampler, number: number, { value }: TestFunction): number {
  const asked = sampler.ask(number);
  if (!asked) throw new Error(`There is no trial ${number}.`);
  const trial = { ...asked, number, lastReport: null };
  sampler.tell({ ...trial, state: 'running', values: null });
  const found = value(asked.parameters);
  sampler.tell({ ...trial, state: 'complete', values: [found] });
  return found;
}

type Searcher = 'tpe' | 'cma-es';

/** The least values after 50 and after 100 trials. */
function searchOurs(test: TestFunction, searcher: Searcher, seed: number): readonly number[] {
  const sampler = samplers[searcher]({ space: parseSpace(test.space), directions: ['minimize'], seed });
  const values = Array.from({ length: 100 }, (_, number) => tryOnce(sampler, number, test));
  return budgets.map((budget) => Math.min(...values.slice(0, budget)));
}

interface Found {
  readonly name: string;
  readonly budget: number;
  readonly p: number;
  readonly note: string;
}

async function searchBoth(
  python: string,
  searcher: Searcher,
  names: readonly string[],
  { first, count }: { readonly first: number; readonly count: number },
): Promise<readonly Found[]> {
  const parameters = ['quality', searcher, first, count, ...names];
  const theirs = await ask<Record<string, number[][]>>(python, 'optuna_search.py', parameters);
  return names.flatMap((name) => {
    const test = functions[name];
    const ours = test ? Array.from({ length: count }, (_, i) => searchOurs(test, searcher, first + i)) : [];
    return budgets.map((budget, index) => {
      const [a = [], b = []] = [ours, theirs[name] ?? []].map((side) =>
        side.map((values) => values[index] ?? Number.NaN),
      );
      const { p, share } = compareRanks(a, b);
      const medians = `median ${median(a).toPrecision(4)}, Optuna ${median(b).toPrecision(4)}`;
      const note = `${searcher}, ${name}, ${budget} trials, ${count} seeds: ${medians}, ours larger in ${(100 * share).toFixed(0)} % of pairs, p ${p.toFixed(3)}`;
      return { name, budget, p, note };
    });
  });
}

async function compareQuality(python: string, say: BenchContext['say']) {
  const names = Object.keys(functions);
  const notes: string[] = [];
  const search = async (
    searcher: Searcher,
    which: readonly string[],
    few: { first: number; count: number },
  ) => {
    const found = await searchBoth(python, searcher, which, few);
    notes.push(...found.map(({ note }) => note));
    for (const { note } of found) say(note);
    return found;
  };
  say(`Both search with ${seeds} seeds`);
  const first = await search('tpe', names, { first: 0, count: seeds });
  const doubtful = [...new Set(first.filter(({ p }) => p < worseBelow).map(({ name }) => name))];
  const again = doubtful.length > 0 ? await search('tpe', doubtful, { first: 1000, count: seedsAgain }) : [];
  await search(
    'cma-es',
    names.filter((name) => name !== 'mixed'),
    { first: 0, count: seeds },
  );
  const measured = first.map(({ name, budget, p }): Measured => {
    const second = again.find((one) => one.name === name && one.budget === budget);
    return { name: nameOf(name, budget), ours: [p < worseBelow ? (second?.p ?? p) : p], peer: [worseBelow] };
  });
  return { measured, notes };
}

/** Milliseconds of processor time of a trial after 1,000. */
function costOurs(test: TestFunction): number {
  const input = { space: parseSpace(test.space), directions: ['minimize'] as const, seed: 0 };
  const [random, tpe] = [samplers.random(input), samplers.tpe(input)];
  for (let number = 0; number < 1000; number += 1) {
    const asked = random.ask(number);
    if (!asked) throw new Error(`There is no trial ${number}.`);
    tpe.tell({
      ...asked,
      number,
      state: 'complete',
      values: [test.value(asked.parameters)],
      lastReport: null,
    });
  }
  const before = process.cpuUsage();
  for (let number = 1000; number < 1100; number += 1) tryOnce(tpe, number, test);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / 100;
}

async function compareCost(
  python: string,
  rounds: number,
  say: BenchContext['say'],
): Promise<readonly Measured[]> {
  const found = costly.map((name) => ({ name: costOf(name), ours: [] as number[], peer: [] as number[] }));
  for (let round = 1; round <= rounds; round += 1) {
    const theirs = await ask<Record<string, number>>(python, 'optuna_search.py', ['cost']);
    for (const [index, name] of costly.entries()) {
      const test = functions[name];
      const [mine, other] = [test ? costOurs(test) : Number.NaN, theirs[name] ?? Number.NaN];
      found[index]?.ours.push(mine);
      found[index]?.peer.push(other);
      say(
        `round ${round}, ${name}: ours ${mine.toFixed(2)} ms, Optuna ${other.toFixed(2)} ms, ratio ${(other / mine).toFixed(1)}`,
      );
    }
  }
  return found;
}

async function comparePruners(python: string, say: BenchContext['say']): Promise<Measured> {
  const theirs = await ask<Record<string, string[]>>(python, 'optuna_pruners.py', [streams, trialsOfStream]);
  let [equal, all] = [0, 0];
  for (const [name, settings] of Object.entries(streamPruners)) {
    let same = 0;
    const decided = theirs[name] ?? [];
    for (const [stream, expected] of decided.entries()) {
      const decisions = playStream(settings, stream, trialsOfStream, expected);
      same += [...expected].filter((decision, place) => decisions[place] === decision).length;
    }
    const count = decided.join('').length;
    say(
      `${name}: ${same} of ${count} decisions equal, ${[...decided.join('')].filter((one) => one === '1').length} stops`,
    );
    equal += same;
    all += count;
  }
  return { name: pruning, ours: [equal], peer: [all] };
}

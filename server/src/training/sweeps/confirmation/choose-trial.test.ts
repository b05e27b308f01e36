import { expect, test } from 'vitest';
import { chooseTrial } from './choose-trial.ts';
import { type FullConfirmation, listRepeats, measureTrials, type Repeat } from './rules.ts';

const definition: FullConfirmation = {
  seeds: [1, 2, 3],
  windows: null,
  rule: { type: 'mean-std', lambda: 1 },
  direction: 'minimize',
  trials: [
    { number: 7, parameters: { depth: 8, rate: 0.1 } },
    { number: 4, parameters: { depth: 2, rate: 0.2 } },
    { number: 9, parameters: { depth: 2, rate: 0.1 } },
  ],
};

/** One text or value per seed; a text is a failure's. */
function decide(change: Partial<FullConfirmation>, values: Readonly<Record<number, (number | string)[]>>) {
  const full = { ...definition, ...change };
  const repeats = listRepeats(full).map((repeat): Repeat => {
    const value = values[repeat.number]?.[full.seeds.indexOf(repeat.seed)] ?? null;
    if (typeof value === 'number') return { ...repeat, state: 'complete', value };
    return { ...repeat, state: 'failed', error: value };
  });
  return chooseTrial(full, measureTrials(full, repeats));
}

test('by mean + std the steady one is taken, not the one that is best on average', () => {
  const choice = decide({}, { 7: [0, 2, 4], 4: [2.5, 2.5, 2.5], 9: [3, 3, 3] });
  expect(choice).toMatchObject({ chosen: 4, threshold: null });
  expect(choice.trials).toEqual([
    { number: 7, score: 4, isChosen: false, reason: 'its mean + 1·std is 4' },
    { number: 4, score: 2.5, isChosen: true, reason: 'its mean + 1·std is the least: 2.5' },
    { number: 9, score: 3, isChosen: false, reason: 'its mean + 1·std is 3' },
  ]);
  const rule = { type: 'mean-std', lambda: 0 } as const;
  expect(decide({ rule }, { 7: [0, 2, 4], 4: [2.5, 2.5, 2.5], 9: [3, 3, 3] }).chosen).toBe(7);
});

test('what is to be large loses its std', () => {
  const values = { 7: [0, 2, 4], 4: [1, 1, 1], 9: [0, 0, 0] };
  expect(decide({ direction: 'maximize' }, values).chosen).toBe(4);
});

test('of equal scores the earlier trial is taken', () => {
  const choice = decide({}, { 7: [1, 1, 1], 4: [1, 1, 1], 9: [1, 1, 1] });
  expect(choice.chosen).toBe(4);
  expect(choice.trials[0]?.reason).toBe('its mean + 1·std is 1 too; trial 4 came earlier');
});

test('a trial that fails with one seed is not taken, however good', () => {
  const choice = decide({}, { 7: [0, 'out of memory', 0], 4: [5, 5, 5], 9: [6, 6, 6] });
  expect(choice.chosen).toBe(4);
  expect(choice.trials[0]).toEqual({
    ...{ number: 7, score: null, isChosen: false },
    reason: '1 of 3 repeats gave no value; with seed 2: out of memory',
  });
  const none = decide({}, { 7: ['a'], 4: ['b'], 9: ['c'] });
  expect(none).toMatchObject({ chosen: null, threshold: null });
});

test('within one standard error the simplest is taken: by the first parameter, then the next', () => {
  const rule = { type: 'one-standard-error', simplest: { depth: 'low', rate: 'high' } } as const;
  const near = { 7: [0, 2, 4], 4: [2.1, 2.1, 2.1], 9: [2.2, 2.2, 2.2] };
  const choice = decide({ rule }, near);
  expect(choice.chosen).toBe(4);
  // 2 + 2/√3
  expect(choice.threshold).toBeCloseTo(3.1547, 4);
  expect(choice.trials.map(({ reason }) => reason)).toEqual([
    'as good, but trial 4 is simpler, or better where equal',
    'the simplest of 3 within one standard error of the best mean (up to 3.1547)',
    'as good, but trial 4 is simpler, or better where equal',
  ]);
  const low = { type: 'one-standard-error', simplest: { depth: 'low', rate: 'low' } } as const;
  expect(decide({ rule: low }, near).chosen).toBe(9);
  expect(decide({ rule: low }, { ...near, 9: [3.2, 3.2, 3.2] }).chosen).toBe(4);
  // Equally simple: the better mean.
  const depth = { type: 'one-standard-error', simplest: { depth: 'low' } } as const;
  expect(decide({ rule: depth }, { ...near, 9: [2.05, 2.05, 2.05] }).chosen).toBe(9);
});

test('a trial without the parameter is never the simpler one', () => {
  const rule = { type: 'one-standard-error', simplest: { momentum: 'low' } } as const;
  const trials: FullConfirmation['trials'] = [
    { number: 0, parameters: { opt: 'adam' } },
    { number: 1, parameters: { opt: 'sgd', momentum: 0.9 } },
  ];
  expect(decide({ rule, trials }, { 0: [1, 2, 3], 1: [2, 2, 2.1] }).chosen).toBe(1);
});

test('windows and seeds are pooled, and every trial meets the same ones', () => {
  const repeats = listRepeats({ ...definition, windows: 2 });
  expect(repeats).toHaveLength(18);
  const met = (number: number) =>
    repeats.filter((repeat) => repeat.number === number).map(({ seed, window }) => [seed, window]);
  expect(met(7)).toEqual([
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
    [3, 0],
    [3, 1],
  ]);
  expect(met(9)).toEqual(met(7));
});

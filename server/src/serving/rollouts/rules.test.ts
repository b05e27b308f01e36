import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SequentialDecision, sequentialDecision } from '../../base/statistics/paired-test.ts';
import type { Pair } from '../predictions/service.ts';
import {
  differencesOf,
  type Evidence,
  isActive,
  judge,
  looksAt,
  nextLook,
  toComparison,
  toPolicy,
} from './rules.ts';

const noDecision = sequentialDecision({
  differences: new Float64Array(),
  minimumPairs: 60,
  alpha: 0.05,
  seed: 1,
});
const decided = (verdict: SequentialDecision['verdict']): SequentialDecision => ({
  verdict,
  pairs: 60,
  meanDifference: verdict === 'candidate-better' ? -2 : 2,
  interval: { lower: -3, upper: 3 },
  pValue: 0.001,
  look: 0,
  alphaSpent: 0.025,
});
const pair = (candidateError: number, championError = 1, day = 0): Pair => ({
  key: '["AAPL"]',
  eventTime: day * 86_400_000,
  at: day,
  candidateError,
  championError,
  outcome: 100,
});
const pairs = (count: number, candidateError = 1): Pair[] =>
  Array.from({ length: count }, (_, day) => pair(candidateError, 1, day));

const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  stage: 'shadow',
  policy: toPolicy(),
  pairs: pairs(12),
  canaryPairs: [],
  championWorst: 1,
  championErrors: 60,
  failures: { count: 0, reason: null },
  decision: noDecision,
  canaryDecision: noDecision,
  ...changes,
});

describe('a judgement', () => {
  test.each<[string, Partial<Evidence>, string, RegExp]>([
    ['holds while there are too few pairs', {}, 'shadow', /^INCONCLUSIVE: 12 of 60 pairs, hold$/],
    ['holds between two looks', { pairs: pairs(70) }, 'shadow', /70 of 120 pairs/],
    ['lets a better one into canary', { decision: decided('candidate-better') }, 'canary', /^BETTER/],
    ['rejects a worse one', { decision: decided('candidate-worse') }, 'rejected', /^WORSE/],
    ['gives up after enough pairs', { pairs: pairs(960) }, 'expired', /960 pairs/],
    ['takes an absurd error back at once', { pairs: [pair(5.1)] }, 'rolled-back', /^GUARD: an error of 5.1/],
    ['has no guard without a yardstick', { pairs: [pair(500)], championErrors: 4 }, 'shadow', /hold/],
    [
      'waits for pairs in canary',
      { stage: 'canary', decision: decided('candidate-better'), canaryPairs: pairs(19) },
      'canary',
      /19 of 20 pairs in canary/,
    ],
    [
      'promotes what stays better in canary',
      { stage: 'canary', decision: decided('candidate-better'), canaryPairs: pairs(20) },
      'promoted',
      /20 pairs in canary without harm/,
    ],
    [
      'does not promote what is not shown to be better',
      { stage: 'canary', canaryPairs: pairs(50) },
      'canary',
      /hold/,
    ],
    [
      'takes back what is worse in canary',
      { stage: 'canary', decision: decided('candidate-better'), canaryDecision: decided('candidate-worse') },
      'rolled-back',
      /in canary: WORSE/,
    ],
    [
      'takes back what fails to answer in canary',
      { stage: 'canary', failures: { count: 2, reason: 'timeout' } },
      'rolled-back',
      /failed to answer 2 times in canary \(timeout\)/,
    ],
    ['lets a shadow fail', { failures: { count: 2, reason: 'timeout' } }, 'shadow', /hold/],
  ])('%s', (_name, changes, next, text) => {
    const judgement = judge(evidence(changes));
    expect(judgement.next).toBe(next);
    expect(judgement.text).toMatch(text);
  });
});

const errorsArbitrary = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), {
  minLength: 1,
  maxLength: 80,
});

test('only a candidate shown to be better is ever let further', () => {
  const verdicts = fc.constantFrom<SequentialDecision['verdict']>(
    'candidate-better',
    'candidate-worse',
    'inconclusive',
  );
  fc.assert(
    fc.property(
      fc.constantFrom<'shadow' | 'canary'>('shadow', 'canary'),
      errorsArbitrary,
      verdicts,
      verdicts,
      fc.nat(3),
      (stage, errors, verdict, canaryVerdict, failures) => {
        const all = errors.map((error, day) => pair(error, 50, day));
        const { next } = judge(
          evidence({
            ...{ stage, pairs: all, canaryPairs: stage === 'canary' ? all : [], championWorst: 50 },
            decision: decided(verdict),
            canaryDecision: decided(canaryVerdict),
            failures: { count: failures, reason: null },
          }),
        );
        if (next === 'promoted' || (next === 'canary' && stage === 'shadow'))
          expect(verdict).toBe('candidate-better');
        if (next === 'promoted') expect([failures, canaryVerdict === 'candidate-worse']).toEqual([0, false]);
        if (isActive(next)) expect(next === stage || stage === 'shadow').toBe(true);
      },
    ),
  );
});

test('the guard depends on the ratio alone: any unit of money gives the same judgement', () => {
  fc.assert(
    fc.property(errorsArbitrary, fc.double({ min: 0.001, max: 1000, noNaN: true }), (errors, scale) => {
      const at = (factor: number) =>
        judge(evidence({ pairs: errors.map((error) => pair(error * factor)), championWorst: 10 * factor }))
          .next;
      const isNearLimit = errors.some((error) => Math.abs(error - 50) < 1e-9);
      if (!isNearLimit) expect(at(scale)).toBe(at(1));
    }),
  );
});

test('looks are at the minimum and its doublings', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 500 }), fc.nat(5000), (minimum, count) => {
      expect(nextLook(minimum, count)).toBe(minimum * 2 ** looksAt(minimum, count));
    }),
  );
});

test('what is shown can be sent as JSON', () => {
  fc.assert(
    fc.property(errorsArbitrary, (errors) => {
      const some = errors.map((error) => pair(error, 50));
      const minimumPairs = 8;
      const decision = sequentialDecision({
        differences: differencesOf(some),
        minimumPairs,
        alpha: 0.05,
        seed: 1,
      });
      const shown = toComparison(some, decision);
      expect(JSON.parse(JSON.stringify(shown))).toEqual(
        JSON.parse(JSON.stringify(shown, (_, v) => (v === null ? 'no' : v))),
      );
      expect(shown?.pairs).toBe(errors.length);
    }),
  );
  expect(toComparison([], noDecision)).toBeNull();
});

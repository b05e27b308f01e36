import type { Evaluation, Rollout, Sweep } from '@tidemill/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  evidenceText,
  isCooledDown,
  isNotBetter,
  progressText,
  refusalText,
  searchText,
  stepsOfRollout,
  verdictOf,
  withStep,
} from './rules.ts';

const day = 86_400_000;
const stepName = fc.constantFrom('trigger', 'training-set', 'sweep', 'evaluation', 'gate', 'shadow' as const);
const stepState = fc.constantFrom('running', 'waiting', 'done', 'failed' as const);

test('whatever happens, only the last step is under way and times never run back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(stepName, stepState), { minLength: 1, maxLength: 20 }), (parts) => {
      const steps = parts.reduce(
        (before, [name, state], now) => withStep(before, { name, state, text: name }, now),
        [] as ReturnType<typeof withStep>,
      );
      expect(steps.slice(0, -1).every((step) => step.finishedAt !== null)).toBe(true);
      expect(steps.every((step) => step.finishedAt === null || step.finishedAt >= step.startedAt)).toBe(true);
      expect(steps.every((step, i) => step.name !== steps[i + 1]?.name)).toBe(true);
    }),
  );
});

test('the cooldown counts in event time', () => {
  expect(isCooledDown({ cooldownDays: 60 }, 0, 59 * day)).toBe(false);
  expect(isCooledDown({ cooldownDays: 60 }, 0, 60 * day)).toBe(true);
  expect(isCooledDown({}, 0, 29 * day)).toBe(false);
  expect(isCooledDown({}, null, 0)).toBe(true);
});

const evidence = {
  verdict: 'inconclusive',
  pairs: 12,
  meanDifference: -0.5,
  interval: [-1, 0.1],
  pValue: 0.2,
} as const;
const rollout = {
  id: 'ro_1',
  candidate: 'forecaster@2',
  stage: 'shadow',
  policy: { minimumPairs: 60 },
  evidence: { ...evidence, interval: [-1, 0.1] },
  timeline: [
    { at: 5, stage: 'shadow', text: 'forecaster@2 against forecaster@1', actor: 'system:retraining' },
  ],
} satisfies Partial<Rollout>;

test('too few pairs are said as such', () => {
  expect(evidenceText(rollout)).toBe('INCONCLUSIVE: 12 of 60 pairs; hold');
  expect(evidenceText({ ...rollout, evidence: null })).toBe('INCONCLUSIVE: no pair of 60 yet; hold');
  const many = { ...rollout.evidence, pairs: 120 };
  expect(evidenceText({ ...rollout, evidence: many })).toContain(
    'INCONCLUSIVE after 120 pairs, difference -0.500',
  );
});

test("a rollout's stages become steps with its own times, its end the decision", () => {
  const begun = withStep([], { name: 'trigger', state: 'done', text: 'alert' }, 1);
  const waiting = stepsOfRollout(begun, rollout, 9);
  expect(waiting.map(({ name, state }) => [name, state])).toEqual([
    ['trigger', 'done'],
    ['shadow', 'waiting'],
  ]);
  const timeline = [
    ...rollout.timeline,
    { at: 20, stage: 'canary', text: 'better beyond chance', actor: 'system:rollouts' },
    { at: 30, stage: 'promoted', text: '10 canary pairs without harm', actor: 'system:rollouts' },
  ];
  const ended = stepsOfRollout(waiting, { ...rollout, stage: 'promoted', timeline }, 31);
  expect(ended.map(({ name, text, startedAt, finishedAt }) => [name, text, startedAt, finishedAt])).toEqual([
    ['trigger', 'alert', 1, 1],
    ['shadow', 'better beyond chance', 5, 20],
    ['canary', '10 canary pairs without harm', 20, 30],
    ['decision', 'forecaster@2 promoted: 10 canary pairs without harm', 31, 31],
  ]);
  expect(stepsOfRollout(ended, { ...rollout, stage: 'promoted', timeline }, 99).length).toBe(4);
  expect(
    ['promoted', 'rolled-back', 'rejected', 'expired', 'shadow'].map((s) => verdictOf(s as Rollout['stage'])),
  ).toEqual(['promoted', 'rolled-back', 'refused', 'inconclusive', null]);
});

test('a candidate that does not even look better is refused with both figures', () => {
  const evaluation = {
    metrics: { mae: 2.1 },
    champion: { name: 'forecaster@1', metrics: { mae: 2.08 }, refitted: false },
    againstChampion: { ...evidence, meanDifference: 0.02, interval: [-0.1, 0.2] },
  } as unknown as Evaluation;
  expect(isNotBetter(evaluation)).toBe(true);
  expect(refusalText(evaluation, [])).toBe(
    'MAE 2.10 against champion 2.08: not better, difference +0.0200, 95 % -0.100 to +0.200; refused',
  );
  expect(isNotBetter({ ...evaluation, champion: null })).toBe(false);
  expect(isNotBetter({ ...evaluation, metrics: {} })).toBe(true);
  expect(refusalText({ ...evaluation, champion: null }, ['fresh'])).toBe(
    "MAE 2.10: the gate is not passed; refused (rule 'fresh')",
  );
});

test('a search says what it found, and by which figures the chosen one was confirmed', () => {
  const trial = { number: 4, state: 'complete', learner: 'ridge', value: 2.049 };
  const sweep = {
    ...{ trials: [trial], best: trial, chosen: null, confirmation: null, definition: { trials: 1 } },
  } as unknown as Sweep;
  expect(searchText(sweep)).toBe('1 trials: best is ridge, error 2.05');
  const confirmation = {
    definition: { top: 3, seeds: [1, 2, 3], windows: 3 },
    ...{ ended: 12, repeats: 27 },
    trials: [{ number: 4, mean: 2.314, std: 0.2119, reason: 'its mean + 1·std is the least: 2.5259' }],
  };
  const confirmed = { ...sweep, chosen: trial, confirmation } as unknown as Sweep;
  expect(searchText(confirmed)).toBe(
    '1 trials: best is ridge, error 2.05; the best 3 run again with 3 seeds on 3 rolling windows: trial 4 (ridge) is chosen, 2.31 ± 0.212 (its mean + 1·std is the least: 2.5259)',
  );
  expect(progressText(sweep)).toBe('1 of 1 trials done');
  expect(progressText(confirmed)).toBe('1 of 1 trials done; 12 of 27 repeats of the best');
});

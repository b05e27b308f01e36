import type { Attestation, GateCheck } from '@tidemill/contract';
import { testIds } from '@tidemill/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScoreFacts } from './findings.ts';
import { readingOf, scoreOf } from './rules.ts';

const version = { reference: 'm@1', tags: {}, approval: 'none' };
const nothing = {
  ...{
    version,
    gate: null,
    check: null,
    evaluation: null,
    assessments: {},
    trainingSet: null,
    expectations: 0,
  },
  ...{
    rebuild: null,
    serving: {
      endpoints: [],
      monitors: [],
      rollouts: [],
      policies: [],
      tests: { unit: 'none', integration: 'none' },
    },
  },
} as unknown as ScoreFacts;
const attestation: Attestation = { note: 'wiki', actor: 'user:ann', createdAt: 1 };
const result = (expression: string, passed = true, severity = 'refuse') => ({
  ...{ rule: 'r', expression, passed, severity, message: 'm' },
});
const checked = (...results: object[]): ScoreFacts =>
  ({
    ...nothing,
    gate: { updatedAt: 1 },
    check: { id: 'gc_1', passed: true, createdAt: 2, results } as unknown as GateCheck,
  }) as unknown as ScoreFacts;
const of = (facts: ScoreFacts, id: string, attested: readonly string[] = []) =>
  scoreOf('m@1', facts, new Map(attested.map((each) => [each, attestation]))).tests.find(
    (each) => each.id === id,
  );

describe('the score', () => {
  test('nothing known, nothing claimed: 28 tests, no point, and what is missing', () => {
    const { score, reading, sections, tests } = scoreOf('m@1', nothing, new Map());
    expect(tests.map(({ id }) => id)).toEqual([...testIds]);
    expect(
      tests.every(({ points, how, evidence }) => points === 0 && how === 'none' && evidence !== ''),
    ).toBe(true);
    expect([score, reading, sections.length]).toEqual([0, readingOf(0), 4]);
  });

  test('is the least section, each the sum of its tests; what is attested counts half', () => {
    fc.assert(
      fc.property(fc.subarray([...testIds]), (attested) => {
        const found = scoreOf('m@1', nothing, new Map(attested.map((id) => [id, attestation])));
        for (const { section, points } of found.sections)
          expect(points).toBe(attested.filter((id) => id.startsWith(section)).length / 2);
        expect(found.score).toBe(Math.min(...found.sections.map(({ points }) => points)));
      }),
    );
  });

  test('readings are those of the paper, borders belong to the lower', () => {
    expect([0, 0.5, 1, 1.5, 2.5, 3, 3.5, 5, 5.5].map((score) => readingOf(score).slice(0, 12))).toEqual([
      ...['more of a re', 'not totally ', 'not totally ', 'there has be', 'reasonably t', 'reasonably t'],
      ...['strong level', 'strong level', 'exceptional '],
    ]);
  });
});

describe('what is found', () => {
  test('a rule of the gate that holds is a whole point; one that only warns, or stands in a text, is none', () => {
    expect(of(checked(result('latency.p95_ms < 5.0')), 'monitoring-6')).toMatchObject({
      points: 1,
      how: 'automated',
    });
    expect(of(checked(result('latency.p95_ms < 5.0', true, 'warn')), 'monitoring-6')?.points).toBe(0);
    expect(of(checked(result('task == "latency"')), 'monitoring-6')?.points).toBe(0);
    expect(of(checked(result('slices.all(s, s.metrics.mae < 3.0)')), 'model-6')?.points).toBe(1);
  });

  test('a check of an older gate proves nothing', () => {
    const facts = checked(result('latency.p95_ms < 5.0'));
    const older = { ...facts, gate: { updatedAt: 3 } } as unknown as ScoreFacts;
    expect(of(older, 'monitoring-6')?.points).toBe(0);
  });

  test('what was found to be wrong is not attested away', () => {
    const broken = checked(result('fairness.equalized_odds_ratio > 0.8', false));
    expect(of(broken, 'model-7', ['model-7'])).toMatchObject({ points: 0, how: 'none' });
    expect(of(nothing, 'model-7', ['model-7'])).toMatchObject({ points: 0.5, how: 'attested' });
  });

  test('measured once is half a point', () => {
    const latency = { p95_ms: 3.21, machine: { name: 'box' } };
    const facts = { ...nothing, assessments: { latency } } as unknown as ScoreFacts;
    expect(of(facts, 'monitoring-6')).toMatchObject({
      points: 0.5,
      how: 'measured',
      evidence: expect.stringMatching(/3.21 ms on box/),
    });
  });

  test('a test of its feature code is half a point, and a whole one where nobody is approved without', () => {
    const tests = { unit: 'passed', integration: 'failed' };
    const facts = { ...nothing, serving: { ...nothing.serving, tests } } as ScoreFacts;
    expect(of(facts, 'data-7')).toMatchObject({ points: 0.5, how: 'measured' });
    expect(of(facts, 'infrastructure-3', ['infrastructure-3'])).toMatchObject({ points: 0, how: 'none' });
    const asked = { ...facts, gate: { approval: { tests: true }, updatedAt: 1 } } as unknown as ScoreFacts;
    expect(of(asked, 'data-7')).toMatchObject({ points: 1, how: 'automated' });
  });

  test('a rollout counts when its predictions decided', () => {
    const rollout = (stage: string, isProven: boolean) =>
      ({
        ...nothing,
        serving: { ...nothing.serving, rollouts: [{ id: 'ro_1', stage, isProven }] },
      }) as ScoreFacts;
    expect(of(rollout('promoted', true), 'infrastructure-6')?.points).toBe(1);
    expect(of(rollout('promoted', false), 'infrastructure-6')?.points).toBe(0);
    expect(of(rollout('rejected', true), 'infrastructure-6', ['infrastructure-6'])?.points).toBe(0);
  });

  test('only an approval of what the gate passed counts as validated', () => {
    const facts = checked(result('metrics.mae < 1.0'));
    expect(of(facts, 'infrastructure-4')?.points).toBe(0);
    const approve = (approval: string) =>
      ({ ...facts, version: { ...version, approval } }) as unknown as ScoreFacts;
    expect(of(approve('approved'), 'infrastructure-4')?.points).toBe(1);
    expect(of(approve('overridden'), 'infrastructure-4')?.points).toBe(0);
  });
});

import type { ApprovalRecord, Gate, GateCheck } from '@tidemill/contract';
import { describe, expect, test } from 'vitest';
import { endorsersOf, findUnfitness } from './approval-rules.ts';

describe('findUnfitness', () => {
  const mira = { actor: 'user:mira' };
  test('without a policy, everybody who may approve is fit', () => {
    for (const actor of ['system:retraining', 'token:ci', 'user:owner'])
      expect(findUnfitness(null, actor, { actor, isAnonymous: true })).toBeNull();
  });
  test('a policy asks people; four eyes are those of somebody known, who is not the author', () => {
    expect(findUnfitness({}, 'user:mira', mira)).toBeNull();
    expect(findUnfitness({}, 'user:mira', { actor: 'system:retraining' })).toMatch(/asks people/);
    const policy = { fourEyes: true };
    expect(findUnfitness(policy, 'user:noor', mira)).toBeNull();
    expect(findUnfitness(policy, 'user:mira', mira)).toMatch(/second pair of eyes/);
    expect(findUnfitness(policy, 'user:mira', { actor: 'token:ci' })).toMatch(/belongs to no user/);
    const owner = { actor: 'user:owner', isAnonymous: true };
    expect(findUnfitness(policy, 'user:mira', owner)).toMatch(/carries no token/);
  });
});

describe('endorsersOf', () => {
  const gate = { updatedAt: 5 } as Gate;
  const check = { id: 'gc_2' } as GateCheck;
  const record = (actor: string, change: Partial<ApprovalRecord> = {}) =>
    ({ actor, decision: 'endorsed', gateCheck: 'gc_2', createdAt: 6, ...change }) as ApprovalRecord;
  test('each person once, on this evidence, under this policy, since the last refusal', () => {
    const records = [record('user:a'), record('user:a'), record('user:b')];
    expect([...endorsersOf(records, gate, check)]).toEqual(['user:a', 'user:b']);
    expect(endorsersOf([record('user:a', { gateCheck: 'gc_1' })], gate, check).size).toBe(0);
    expect(endorsersOf([record('user:a', { createdAt: 4 })], gate, check).size).toBe(0);
    const refused = [record('user:a'), record('user:c', { decision: 'refused' }), record('user:b')];
    expect([...endorsersOf(refused, gate, check)]).toEqual(['user:a']);
  });
});

import { lifecycle, modelStates, statesByHand, transitionCauses } from '@tidemill/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holdersOf, nextState } from './lifecycle-rules.ts';

describe('the table of the lifecycle', () => {
  test('says one thing for each state, cause and approval, and leads everywhere', () => {
    for (const from of modelStates)
      for (const cause of transitionCauses)
        for (const releasable of [true, false]) {
          const rows = lifecycle.filter(
            (each) =>
              each.from === from && each.cause === cause && (each.releasable ?? releasable) === releasable,
          );
          expect(rows.length, `${from} ${cause}`).toBeLessThan(2);
          expect(nextState(from, cause, releasable)).toBe(rows[0]?.to ?? null);
        }
    for (const state of modelStates)
      expect(
        lifecycle.some(({ to }) => to === state),
        state,
      ).toBe(true);
    expect(Object.keys(statesByHand)).toEqual([...modelStates]);
  });

  test('no causes in any order retire what serves, or serve what is retired', () => {
    const step = fc.record({ cause: fc.constantFrom(...transitionCauses), releasable: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let state: (typeof modelStates)[number] = 'candidate';
        for (const { cause, releasable } of steps) {
          const next = nextState(state, cause, releasable);
          if (next === null) continue;
          expect(lifecycle.some(({ from, to }) => from === state && to === next)).toBe(true);
          expect([state, next]).not.toEqual(['serving', 'retired']);
          if (state === 'retired') expect(next).toBe('candidate');
          state = next;
        }
      }),
    );
  });

  test('who held an alias, newest first', () => {
    expect(holdersOf([3, 3, null, 2, 3, 1].map((number) => ({ number })))).toEqual([3, 2, 3, 1]);
  });
});

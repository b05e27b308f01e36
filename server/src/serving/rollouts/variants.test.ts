import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assertDefinition, toDefinition } from '../endpoints/rules.ts';
import { freeName, isIntact, toCanary, toPromoted, toShadow, withoutCandidate } from './variants.ts';

const others = fc.uniqueArray(fc.constantFrom('frozen', 'candidate', 'other', 'main-2'), { maxLength: 3 });
const situation = fc.record({
  others,
  reads: fc.constantFrom(
    { view: null, service: null },
    { view: 'stats@2', service: null },
    { view: null, service: 'pricing@1' },
  ),
  weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
});

interface Situation {
  readonly others: string[];
  readonly reads: { readonly view: string | null; readonly service: string | null };
  readonly weight: number;
}

function build({ others: names, reads, weight }: Situation) {
  const definition = toDefinition({
    entity: ['ticker'],
    variants: [
      { name: 'main', model: 'forecaster@1', weight: 1 },
      ...names.map((name) => ({ name, model: 'forecaster@9', weight: 0, shadow: true })),
    ],
  });
  const contest = {
    championVariant: 'main',
    champion: 'forecaster@1',
    candidateVariant: freeName(definition),
    candidate: 'forecaster@2',
    ...reads,
  };
  return { definition, contest, weight };
}

test('every stage is a valid definition, and taking the candidate back gives the one before', () => {
  fc.assert(
    fc.property(situation, (given) => {
      const { definition, contest, weight } = build(given);
      const shadow = toShadow(definition, contest);
      const canary = toCanary(shadow, contest, weight);
      for (const stage of ['shadow', 'canary'] as const) {
        const now = stage === 'shadow' ? shadow : canary;
        assertDefinition('forecast', now);
        expect(isIntact(now, contest, stage)).toBe(true);
        expect(isIntact(now, contest, stage === 'shadow' ? 'canary' : 'shadow')).toBe(false);
        expect(withoutCandidate(now, contest)).toEqual(definition);
      }
      const promoted = toPromoted(canary, contest);
      assertDefinition('forecast', promoted);
      expect(promoted.variants[0]).toMatchObject({ name: 'main', model: 'forecaster@2', weight: 1 });
      const { view = null, service = null } = promoted.variants[0] ?? {};
      expect({ view, service }).toEqual(given.reads);
      expect(promoted.variants).toHaveLength(definition.variants.length);
      expect(isIntact(promoted, contest, 'canary')).toBe(false);
    }),
  );
});

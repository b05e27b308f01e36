/** What each stage of a rollout makes of an endpoint's definition. */
import type { Variant } from '@tidemill/contract';
import type { Definition } from '../endpoints/service.ts';
import type { Stage } from './rules.ts';

export interface Contest {
  /** The live variant and what it serves. */
  readonly championVariant: string;
  readonly champion: string;
  /** The contender, under a name of its own. */
  readonly candidateVariant: string;
  readonly candidate: string;
  /** What the contender reads its features from, if one of the two; else from the record. */
  readonly view: string | null;
  readonly service: string | null;
}

/** While both are live, each record is also predicted by the one that does not answer it. */
const twinOf = (variant: string): string => `${variant}-shadow`;

export const candidateNames = ({ candidateVariant }: Contest): string[] => [
  candidateVariant,
  twinOf(candidateVariant),
];
export const championNames = ({ championVariant }: Contest): string[] => [
  championVariant,
  twinOf(championVariant),
];

/** A name no variant has: `candidate`, `candidate-2` … */
export function freeName(definition: Definition): string {
  const taken = new Set(definition.variants.map((variant) => variant.name));
  for (let i = 1; ; i++) {
    const name = i === 1 ? 'candidate' : `candidate-${i}`;
    if (!taken.has(name) && !taken.has(twinOf(name))) return name;
  }
}

const candidateOf = ({ candidateVariant, candidate, view, service }: Contest): Variant => ({
  name: candidateVariant,
  model: candidate,
  weight: 0,
  ...(view !== null && { view }),
  ...(service !== null && { service }),
});

/** The definition as if there were no rollout; the champion answers everything. */
export function withoutCandidate(definition: Definition, contest: Contest): Definition {
  const own = new Set([...candidateNames(contest), twinOf(contest.championVariant)]);
  return {
    ...definition,
    variants: definition.variants
      .filter((variant) => !own.has(variant.name))
      .map((variant) => (variant.name === contest.championVariant ? { ...variant, weight: 1 } : variant)),
  };
}

export function toShadow(definition: Definition, contest: Contest): Definition {
  const base = withoutCandidate(definition, contest);
  return { ...base, variants: [...base.variants, { ...candidateOf(contest), shadow: true }] };
}

export function toCanary(definition: Definition, contest: Contest, weight: number): Definition {
  const base = withoutCandidate(definition, contest);
  const candidate = candidateOf(contest);
  const variants = base.variants.flatMap((variant): Variant[] => {
    if (variant.name !== contest.championVariant) return [variant];
    const twin = { ...variant, name: twinOf(variant.name), weight: 0, shadow: true };
    const other = { ...candidate, name: twinOf(candidate.name), shadow: true };
    return [{ ...variant, weight: 1 - weight }, { ...candidate, weight }, twin, other];
  });
  return { ...base, variants };
}

export function toPromoted(definition: Definition, contest: Contest): Definition {
  const base = withoutCandidate(definition, contest);
  const { name: _, ...promoted } = { ...candidateOf(contest), weight: 1 };
  const variants = base.variants.map((variant) =>
    variant.name === contest.championVariant ? { name: variant.name, ...promoted } : variant,
  );
  return { ...base, variants };
}

/** Whether the live definition is still the one this rollout left: somebody may have released another by hand. */
export function isIntact(definition: Definition, contest: Contest, stage: 'shadow' | 'canary'): boolean {
  const find = (name: string) => definition.variants.find((variant) => variant.name === name);
  const candidate = find(contest.candidateVariant);
  const isInPlace = (candidate?.shadow === true) === (stage === 'shadow');
  return (
    find(contest.championVariant)?.model === contest.champion &&
    candidate?.model === contest.candidate &&
    isInPlace
  );
}

/** Whether something of the rollout is still in the definition. */
export function hasRemains(definition: Definition, contest: Contest): boolean {
  const own = candidateNames(contest);
  return definition.variants.some(
    (variant) => own.includes(variant.name) && variant.model === contest.candidate,
  );
}

/** The definition a stage asks for. */
export function definitionFor(
  stage: Stage,
  definition: Definition,
  contest: Contest,
  canaryWeight: number,
): Definition {
  if (stage === 'shadow') return toShadow(definition, contest);
  if (stage === 'canary') return toCanary(definition, contest, canaryWeight);
  return stage === 'promoted' ? toPromoted(definition, contest) : withoutCandidate(definition, contest);
}

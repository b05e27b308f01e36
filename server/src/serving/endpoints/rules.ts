import type { EndpointRevision, FallbackStep, Row, Variant } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { parseReference } from '../../base/references.ts';

/** What a revision pins; everything else of it says when, who and why. */
export type Definition = Pick<
  EndpointRevision,
  | 'description'
  | 'variants'
  | 'entity'
  | 'fallback'
  | 'fallbacks'
  | 'timeoutMs'
  | 'maxQueue'
  | 'maxConcurrency'
  | 'isolation'
  | 'log'
  | 'alias'
>;

/** As a caller sends it: what is left out has a default. */
export interface DefinitionInput {
  readonly description?: string;
  readonly variants: Variant[];
  readonly entity: string[];
  readonly fallback?: string | null;
  readonly fallbacks?: readonly FallbackStep[];
  readonly timeoutMs?: number;
  readonly maxQueue?: number;
  readonly maxConcurrency?: number | null;
  readonly isolation?: 'in-process' | 'child-process';
  readonly log?: 'buffered' | 'sync' | 'off';
  readonly alias?: string | null;
}

export const toDefinition = (input: DefinitionInput): Definition => ({
  description: input.description ?? '',
  variants: input.variants.map(toVariant),
  entity: [...input.entity],
  fallback: input.fallback ?? null,
  fallbacks: (input.fallbacks ?? []).map(toStep),
  timeoutMs: input.timeoutMs ?? 1000,
  maxQueue: input.maxQueue ?? usualQueue,
  maxConcurrency: input.maxConcurrency ?? null,
  isolation: input.isolation ?? 'in-process',
  log: input.log ?? 'buffered',
  alias: input.alias ?? null,
});

/** One spelling of each variant, so that equal definitions are equal texts. */
const toVariant = ({ name, model, weight, shadow, view, service, runtime }: Variant): Variant => ({
  name,
  model,
  weight: shadow ? 0 : weight,
  ...(shadow && { shadow }),
  ...(view && { view }),
  ...(service && { service }),
  ...(runtime && runtime !== 'auto' && { runtime }),
});

/** One spelling of each step. */
function toStep(step: FallbackStep): FallbackStep {
  if (typeof step !== 'object' || !('model' in step)) return step;
  const { model, view, service, previous } = step;
  return { model, ...(view && { view }), ...(service && { service }), ...(previous && { previous }) };
}

/** Definitions of revisions written before there were these fields. */
export const completed = (stored: Definition): Definition => ({
  ...stored,
  fallbacks: stored.fallbacks ?? [],
  maxQueue: stored.maxQueue ?? usualQueue,
  maxConcurrency: stored.maxConcurrency ?? null,
});

/** What answers when the model cannot, in order. */
export const chainOf = ({
  fallback,
  fallbacks,
}: Pick<Definition, 'fallback' | 'fallbacks'>): FallbackStep[] =>
  fallback === null ? [...fallbacks] : [...fallbacks, { rule: fallback }];

/**
 * `previous` becomes the model that answered most before; as long as that is the same one, what was pinned stays.
 * Without any yet it stays a word, and answers nothing.
 */
export function pinPrevious(definition: Definition, before: Definition | null): Definition {
  const pinned = before?.fallbacks.find((step) => typeof step === 'object' && 'previous' in step);
  const main = mainVariant(definition);
  const was = before && mainVariant(before);
  const isMoved = was !== null && was.model !== main.model;
  const fallbacks = definition.fallbacks.map((step): FallbackStep => {
    const isPrevious = step === 'previous' || (typeof step === 'object' && 'previous' in step);
    if (!isPrevious) return step;
    if (isMoved) return toStep({ ...was, previous: true });
    return pinned ?? 'previous';
  });
  return { ...definition, fallbacks };
}

export const isSame = (a: Definition, b: Definition): boolean => JSON.stringify(a) === JSON.stringify(b);

export const liveVariants = (definition: Definition): Variant[] =>
  definition.variants.filter((variant) => !variant.shadow);

/** The variant that answers most; an alias follows its model. */
export function mainVariant(definition: Definition): Variant {
  const [first, ...others] = liveVariants(definition);
  if (!first) throw new Error('a definition without a live variant was accepted');
  return others.reduce((best, variant) => (variant.weight > best.weight ? variant : best), first);
}

const tolerance = 1e-6;
const usualQueue = 1000;

/** @throws endpointDefinitionInvalid naming what does not fit together */
export function assertDefinition(name: string, definition: Definition): void {
  const refuse = (reason: string) => errors.endpointDefinitionInvalid({ name, reason });
  const names = definition.variants.map((variant) => variant.name);
  const repeated = names.find((variant, index) => names.indexOf(variant) !== index);
  if (repeated !== undefined) throw refuse(`two variants are called '${repeated}'`);
  const both = definition.variants.find((variant) => variant.view && variant.service);
  if (both) throw refuse(`the variant '${both.name}' reads a view and a service; name one of them`);
  const live = liveVariants(definition);
  if (live.length === 0) throw refuse('every variant is a shadow, so none answers');
  const sum = live.reduce((total, variant) => total + variant.weight, 0);
  if (Math.abs(sum - 1) > tolerance) throw refuse(`the weights of its live variants add up to ${sum}, not 1`);
  const problem = chainProblem(definition);
  if (problem !== null) throw refuse(problem);
  const models = new Set(live.map((variant) => parseReference(variant.model).name));
  if (definition.alias !== null && models.size > 1) {
    throw refuse(`the alias '${definition.alias}' cannot follow several models (${[...models].join(', ')})`);
  }
}

function chainProblem({ fallback, fallbacks }: Definition): string | null {
  if (fallback !== null && fallbacks.length > 0)
    return 'it has fallback, the short form of one rule, and fallbacks; write the rule as the last of fallbacks';
  const constant = fallbacks.findIndex((step) => typeof step === 'object' && 'value' in step);
  if (constant !== -1 && constant < fallbacks.length - 1)
    return `nothing can follow the constant ${constant + 1} of its fallbacks, which always answers`;
  if (fallbacks.filter((step) => step === 'previous').length > 1) return 'its fallbacks name previous twice';
  const both = fallbacks.findIndex(
    (step) => typeof step === 'object' && 'model' in step && step.view && step.service,
  );
  return both === -1 ? null : `fallback ${both + 1} reads a view and a service; name one of them`;
}

/** What a rule is told about a record. */
export interface RuleInput {
  readonly record: Row;
  readonly features: Row;
}

/** The definition inside a revision. */
export const definitionOf = (revision: EndpointRevision): Definition => ({
  description: revision.description,
  variants: revision.variants,
  entity: revision.entity,
  fallback: revision.fallback,
  fallbacks: revision.fallbacks,
  timeoutMs: revision.timeoutMs,
  maxQueue: revision.maxQueue,
  maxConcurrency: revision.maxConcurrency,
  isolation: revision.isolation,
  log: revision.log,
  alias: revision.alias,
});

/** A switch by hand, or by an alert. */
export interface Forced {
  readonly reason: string;
  /** Of the chain, from 0. */
  readonly step: number;
}

/** How answers of a switch by hand are told apart from those after a failure. */
export function forcedText(definition: Definition, { reason, step }: Forced): string {
  const chosen = chainOf(definition)[step];
  if (typeof chosen === 'object' && 'model' in chosen) return `switched to ${chosen.model}: ${reason}`;
  return typeof chosen === 'object' && 'value' in chosen
    ? `switched to the constant: ${reason}`
    : `switched to the rule: ${reason}`;
}

const answersOf = (definition: Definition): string =>
  JSON.stringify(
    liveVariants(definition).map(({ model, view, service, weight }) => [
      model,
      view ?? service ?? null,
      weight,
    ]),
  );

/**
 * The revision that "back" means: the one before; but where models changed, the last one in which what answers now had
 * no part, so that taking back a promotion does not end in its own canary.
 * @param earlier revisions below the live one, newest first
 */
export function rollbackTarget(live: EndpointRevision, earlier: readonly EndpointRevision[]): number {
  const [before] = earlier;
  if (!before || answersOf(before) === answersOf(live)) return live.revision - 1;
  const main = mainVariant(live);
  const found = earlier.find((revision) =>
    revision.variants.every(
      (variant) =>
        variant.model !== main.model || variant.view !== main.view || variant.service !== main.service,
    ),
  );
  return found?.revision ?? live.revision - 1;
}

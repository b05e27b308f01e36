/** What one revision of an endpoint changed of another, field by field. */
import type { EndpointRevision, Variant } from '@tidemill/sdk';
import { formatShare, formatValue } from '../../../lib/format.ts';

export interface Change {
  readonly field: string;
  /** Null where there was none. */
  readonly before: string | null;
  readonly after: string | null;
}

/** What says who and when, not what is served. */
const apart = new Set([
  ...['endpoint', 'revision', 'uri', 'live', 'reason', 'createdAt', 'createdBy', 'variants', 'unchanged'],
]);

export function changesBetween(before: EndpointRevision, after: EndpointRevision): Change[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !apart.has(name),
  );
  const of = (revision: EndpointRevision, name: string) =>
    toText((revision as Readonly<Record<string, unknown>>)[name]);
  const plain = fields.map((field) => ({ field, before: of(before, field), after: of(after, field) }));
  const names = [...before.variants, ...after.variants].map(({ name }) => name);
  const variants = [...new Set(names)].map((name) => ({
    field: `variant ${name}`,
    before: describe(before.variants.find((variant) => variant.name === name)),
    after: describe(after.variants.find((variant) => variant.name === name)),
  }));
  return [...variants, ...plain].filter((change) => change.before !== change.after);
}

function describe(variant: Variant | undefined): string | null {
  if (!variant) return null;
  const { name: _, model, weight, shadow, view, service, ...rest } = variant;
  const features = service ?? view;
  const more = Object.entries(rest).map(([name, value]) => `${name} ${toText(value)}`);
  return [
    model,
    shadow ? 'in shadow' : formatShare(weight),
    ...(features ? [`reads ${features}`] : []),
    ...more,
  ].join(', ');
}

function toText(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : formatValue(value);
}

/** In few words, for a row of the list. */
export const summaryOf = (changes: readonly Change[]): string =>
  changes
    .map(
      ({ field, before, after }) => `${field}${before === null ? ' added' : after === null ? ' gone' : ''}`,
    )
    .join(', ');

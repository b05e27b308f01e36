/** What the clients of one endpoint must know of it; the generators make their texts of this alone. */

export type FieldKind = 'number' | 'integer' | 'boolean' | 'text' | 'datetime' | 'key';

export interface SignatureField {
  readonly name: string;
  /** `key`: it names the entity, as text, number or boolean. */
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  /** The range in training, where it is known; a value beyond it is answered with a warning. */
  readonly minimum: number | null;
  readonly maximum: number | null;
}

export interface EndpointSignature {
  readonly endpoint: string;
  readonly description: string;
  readonly revision: number;
  /** `forecaster@3`, the model that answers most. */
  readonly model: string;
  readonly fields: readonly SignatureField[];
  /** Whether the endpoint looks features up by the keys of a record. */
  readonly looksUp: boolean;
  /** Whether each prediction is one number. */
  readonly isNumeric: boolean;
}

/** `churn-v2.eu` → `ChurnV2Eu`, a name in any language. */
export function toTypeName(endpoint: string): string {
  const name = endpoint
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  return /^[A-Z]/.test(name) ? name : `Endpoint${name}`;
}

/** `Number; 0 to 200 in training.` */
export function describeField({ kind, isRequired, minimum, maximum }: SignatureField): string {
  const what = {
    number: 'Number',
    integer: 'Whole number',
    boolean: 'True or false',
    text: 'Text',
    datetime: 'Time, as ISO 8601 or epoch milliseconds',
    key: 'Names the entity',
  }[kind];
  const range = minimum === null || maximum === null ? '' : `; ${minimum} to ${maximum} in training`;
  return `${what}${isRequired ? '' : '; may be left out'}${range}.`;
}

/** A value that the endpoint takes, for examples. */
export function exampleOf({ kind, minimum, maximum, name }: SignatureField): number | string | boolean {
  if (kind === 'boolean') return true;
  if (kind === 'text') return 'text';
  if (kind === 'datetime') return '2024-01-01T00:00:00Z';
  if (kind === 'key') return `${name} 1`;
  const middle = minimum === null || maximum === null ? 1 : minimum + (maximum - minimum) / 2;
  return kind === 'integer' ? Math.round(middle) : Number(middle.toPrecision(6));
}

export const exampleRecord = (signature: EndpointSignature): Record<string, number | string | boolean> =>
  Object.fromEntries(signature.fields.map((field) => [field.name, exampleOf(field)]));

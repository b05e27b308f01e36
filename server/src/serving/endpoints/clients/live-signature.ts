/** What the clients of an endpoint must know, out of the revision that is live. */

import { toSpecs } from '../reading/tensor-specs.ts';
import { mainVariant } from '../rules.ts';
import type { LiveEndpoint, LiveVariant } from '../traffic/live-endpoint.ts';
import type { EndpointSignature, FieldKind, SignatureField } from './signature.ts';

/** The signature of the model that answers most. Null for one that takes tensors only, or could not be loaded. */
export function signatureOf(endpoint: LiveEndpoint, revision: number): EndpointSignature | null {
  const { name, definition, live } = endpoint;
  const variant = live.find((one) => one.name === mainVariant(definition).name);
  if (!variant?.input) return null;
  const looksUp = variant.view !== null || variant.service !== null;
  const keys = [...new Set([...definition.entity, ...keysOf(variant)])].map((key) => toField(key, 'key'));
  const others = looksUp ? requestFields(variant) : inputFields(variant);
  const fields = [...keys, ...others.filter((field) => !keys.some((key) => key.name === field.name))];
  const { description } = definition;
  return {
    endpoint: name,
    description,
    revision,
    model: variant.model,
    fields,
    looksUp,
    isNumeric: isNumeric(variant),
  };
}

const toField = (name: string, kind: FieldKind): SignatureField => ({
  ...{ name, kind, isRequired: true, minimum: null, maximum: null },
});

const keysOf = ({ view, service }: LiveVariant): string[] =>
  service?.service.joinKeys.map(({ name }) => name) ?? view?.entity ?? [];

const kinds: Readonly<Record<string, FieldKind>> = {
  boolean: 'boolean',
  integer: 'integer',
  double: 'number',
  text: 'text',
  date: 'datetime',
  timestamp: 'datetime',
};

/** What a request brings beside the keys, for features on demand. */
const requestFields = ({ service }: LiveVariant): SignatureField[] =>
  (service?.service.request ?? []).map(({ name, type }) => toField(name, kinds[type] ?? 'text'));

function inputFields({ input }: LiveVariant): SignatureField[] {
  if (!input) return [];
  const known = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);
  return input.columns.map(({ name, kind, isRequired }, i) => ({
    ...{ name, kind, isRequired, minimum: known(input.minimum[i]), maximum: known(input.maximum[i]) },
  }));
}

/** One output of one number per row; where its width is not known, it may be a list. */
function isNumeric(variant: LiveVariant): boolean {
  const [only, second] = toSpecs(variant).outputs;
  if (!only || second || only.datatype === 'BYTES' || only.datatype === 'BOOL') return false;
  return only.shape.length === 1 || (only.shape.length === 2 && only.shape[1] === 1);
}

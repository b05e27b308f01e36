import { errors } from './errors.ts';

export interface ParsedReference {
  readonly name: string;
  /** A number as text, `latest`, a tag or alias, or `{2023-08-31}` (as of a time). */
  readonly version: string;
}

export type UriKind =
  | 'dataset'
  | 'model'
  | 'endpoint'
  | 'view'
  | 'run'
  | 'job'
  | 'sweep'
  | 'rollout'
  | 'monitor'
  | 'alert'
  | 'loop'
  | 'policy'
  | 'gate'
  | 'evaluation'
  | 'project'
  | 'token'
  | 'user'
  | 'experiment'
  | 'webhook';

const namePattern = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const versionPattern = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,127}|\{[0-9T:.Z+-]{4,40}\})$/;

export const isName = (text: string): boolean => namePattern.test(text);

/** Reads `prices@3`, `prices` (the latest) and `dataset:prices@3`. @throws referenceInvalid */
export function parseReference(text: string): ParsedReference {
  const bare = text.replace(/^[a-z]+:/, '');
  const at = bare.indexOf('@');
  const name = at === -1 ? bare : bare.slice(0, at);
  const version = at === -1 ? 'latest' : bare.slice(at + 1);
  if (!isName(name)) throw errors.referenceInvalid({ reference: text, reason: `'${name}' is not a name` });
  if (!versionPattern.test(version)) {
    throw errors.referenceInvalid({ reference: text, reason: `'${version}' is not a version, tag or alias` });
  }
  return { name, version };
}

export const formatReference = (name: string, version: number | string): string => `${name}@${version}`;
export const toUri = (kind: UriKind, name: string, version?: number | string): string =>
  version === undefined ? `${kind}:${name}` : `${kind}:${name}@${version}`;

/** Splits `dataset:prices@3` into its kind and the rest. @throws referenceInvalid */
export function parseUri(uri: string): { readonly kind: string; readonly reference: string } {
  const match = /^([a-z]+):(.+)$/.exec(uri);
  if (!match?.[1] || !match[2])
    throw errors.referenceInvalid({ reference: uri, reason: 'it has no kind such as dataset:' });
  return { kind: match[1], reference: match[2] };
}

import { errors } from './errors.ts';

export interface ParsedReference {
  readonly name: string;
  /** A number as text, `latest`, a tag or alias, or `{2023-08-31}` (as of a time). */
  readonly version: string;
}

export type UriKind =
  | 'dataset'
  | 'source'
  | 'model'
  | 'endpoint'
  | 'view'
  | 'entity'
  | 'service'
  | 'run'
  | 'logged-model'
  | 'job'
  | 'sweep'
  | 'rollout'
  | 'promotion'
  | 'monitor'
  | 'alert'
  | 'loop'
  | 'policy'
  | 'gate'
  | 'test-cases'
  | 'commit'
  | 'evaluation'
  | 'study'
  | 'project'
  | 'token'
  | 'user'
  | 'experiment'
  | 'webhook'
  | 'analysis'
  | 'erasure';

const namePattern = /^[a-z0-9][a-z0-9._-]{0,127}$/;
/** MLflow's models may be called nearly anything; `/` and `:` would end the name in its own references. */
const modelNamePattern = /^(?!\.{1,2}$)(?=.*\S)[^/:\p{Cc}]{1,256}$/u;
const versionPattern = /^(?:[\p{L}\p{N}_-][\p{L}\p{M}\p{N}._-]{0,254}|\{[0-9TtZz:.+-]{4,40}\})$/u;
const quotedPattern = /^"((?:[^"]|"")*)"(?:@(.*))?$/su;

export const isName = (text: string): boolean => namePattern.test(text);
export const isModelName = (text: string): boolean => text.isWellFormed() && modelNamePattern.test(text);

/** Reads `prices@3`, `prices` (the latest), `dataset:prices@3` and `"my model"@7`. @throws referenceInvalid */
export function parseReference(text: string): ParsedReference {
  const bare = text.replace(/^[a-z-]+:/, '');
  const { name, version, isQuoted } = splitReference(bare);
  if (!(isQuoted ? isModelName(name) : isName(name)))
    throw errors.referenceInvalid({ reference: text, reason: `'${name}' is not a name` });
  if (!versionPattern.test(version)) {
    throw errors.referenceInvalid({ reference: text, reason: `'${version}' is not a version, tag or alias` });
  }
  return { name, version };
}

function splitReference(bare: string): ParsedReference & { readonly isQuoted: boolean } {
  const quoted = quotedPattern.exec(bare);
  if (quoted?.[1] !== undefined)
    return { name: quoted[1].replaceAll('""', '"'), version: quoted[2] ?? 'latest', isQuoted: true };
  const at = bare.indexOf('@');
  const name = at === -1 ? bare : bare.slice(0, at);
  return { name, version: at === -1 ? 'latest' : bare.slice(at + 1), isQuoted: false };
}

const timePattern =
  /^\{(\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?)?)?)(Z|[+-]\d{2}:?\d{2})?\}$/i;

/**
 * The instant that `{2023-08-31}` or `{2023-08-31T12:00:00Z}` stands for, in milliseconds since 1970, and null for any
 * other version. A day, month or year alone means its first instant; without a zone the time is UTC.
 * @throws referenceInvalid for braces that hold no time
 */
export function asOfTime(version: string): number | null {
  if (!version.startsWith('{')) return null;
  const [, moment = '', zone = 'Z'] = timePattern.exec(version.toUpperCase()) ?? [];
  const time = Date.parse(/T/.test(moment) ? `${moment}${zone}` : moment);
  // Date.parse takes 31 February for a day in March.
  const day = moment.slice(0, 10);
  const isDay = Number.isFinite(time) && new Date(Date.parse(day)).toISOString().startsWith(day);
  if (isDay) return time;
  const reason = `'${version}' holds no time; write {2023-08-31} or {2023-08-31T12:00:00Z}`;
  throw errors.referenceInvalid({ reference: version, reason });
}

/** `forecaster@7`; a name that is not one of ours stands in quotes: `"my model"@7`. */
export const formatReference = (name: string, version: number | string): string =>
  `${quoteName(name)}@${version}`;

export const toUri = (kind: UriKind, name: string, version?: number | string): string => {
  const shown = kind === 'model' ? quoteName(name) : name;
  return version === undefined ? `${kind}:${shown}` : `${kind}:${shown}@${version}`;
};

const quoteName = (name: string): string => (isName(name) ? name : `"${name.replaceAll('"', '""')}"`);

/** Splits `dataset:prices@3` into its kind and the rest. @throws referenceInvalid */
export function parseUri(uri: string): { readonly kind: string; readonly reference: string } {
  const match = /^([a-z-]+):(.+)$/.exec(uri);
  if (!match?.[1] || !match[2])
    throw errors.referenceInvalid({ reference: uri, reason: 'it has no kind such as dataset:' });
  return { kind: match[1], reference: match[2] };
}

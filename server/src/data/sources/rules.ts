import type {
  Column,
  SchemaChange,
  Source,
  SourceKind,
  SourceLocation,
  SourcePull,
  SourcePullState,
  SourceSecrets,
} from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { toUri } from '../../base/references.ts';

export type StoredSource = Omit<Source, 'lastPull'> & {
  readonly id: string;
  readonly workspace: string;
  readonly validator: string | null;
  readonly activePull: string | null;
};

export type StoredPull = Omit<SourcePull, 'source'> & {
  /** The source's id. */
  readonly source: string;
  readonly task: string;
  readonly isFull: boolean;
  readonly accepted: readonly Column[] | null;
  readonly found: readonly Column[] | null;
};

/** Pulls that ended and are kept per source. */
export const keptPulls = 200;

export const isEnded = (state: SourcePullState): boolean => state !== 'queued' && state !== 'running';

export const sourceUri = (name: string): string => toUri('source', name);
/** Bound to the id: a source that takes the name of a deleted one does not find its secrets. */
export const secretAddress = ({ workspace, id }: Pick<StoredSource, 'workspace' | 'id'>) => ({
  workspace,
  owner: toUri('source', id),
  name: 'secrets',
});

const secretNames: Readonly<Record<SourceKind, readonly string[]>> = {
  path: [],
  http: ['bearer', 'basic', 'query', 'header:NAME'],
  s3: ['accessKeyId', 'secretAccessKey', 'sessionToken'],
  postgres: ['url'],
};
const headerPattern = /^header:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,90}$/;
/** What belongs to the connection. */
const ownHeaders = ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'range'];

const invalid = (field: string, reason: string, remedy: string) =>
  errors.sourceInvalid({ field, reason, remedy });

/** @throws sourceInvalid naming the field */
export function assertDefinition(
  from: SourceLocation,
  secrets: SourceSecrets,
  { mode, key, cursor }: Pick<StoredSource, 'mode' | 'key' | 'cursor'>,
): void {
  assertLocation(from);
  for (const [name, value] of Object.entries(secrets)) assertSecret(from.kind, name, value);
  if (from.kind === 'postgres' && secrets.url === undefined)
    throw invalid('secrets', "'url' is missing", 'Give postgres://user:password@host:5432/database');
  if (from.kind === 's3' && (secrets.accessKeyId === undefined) !== (secrets.secretAccessKey === undefined))
    throw invalid('secrets', 'accessKeyId and secretAccessKey come together', 'Give both, or none');
  if (cursor && mode === 'replace')
    throw invalid(
      'cursor',
      'only new rows are read, and mode replace would drop the others',
      'Use mode append',
    );
  if ((key !== null) !== (mode === 'upsert'))
    throw invalid('key', 'a key and the mode upsert come together', 'Give both, or neither');
  if (cursor?.lookback && mode !== 'upsert')
    throw invalid('cursor', 'with a lookback rows are read twice', 'Use mode upsert and a key');
}

/** Where to read from, so much before the greatest value so far: what has come late is read again. */
export function readFrom(value: string, lookback: number | null): string {
  if (lookback === null) return value;
  if (/^-?\d+$/.test(value)) return String(BigInt(value) - BigInt(lookback));
  if (/^-?\d*\.\d+$/.test(value)) return String(Number(value) - lookback);
  const pattern = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(\.\d+)?)?$/;
  const [, date, time, fraction = ''] = pattern.exec(value) ?? [];
  if (date === undefined) return value;
  const start = Date.parse(`${date}T${time ?? '00:00:00'}Z`);
  const text = new Date(start - lookback * 1000 * (time === undefined ? 86_400 : 1)).toISOString();
  return time === undefined ? text.slice(0, 10) : `${text.slice(0, 19).replace('T', ' ')}${fraction}`;
}

function assertLocation(from: SourceLocation): void {
  if (from.kind === 'http') {
    const url = URL.parse(from.url);
    if (!url || !/^https?:$/.test(url.protocol))
      throw invalid('url', 'it is no http or https address', 'Write https://host/path');
    if (url.username || url.password)
      throw invalid(
        'url',
        'it holds a user or a password',
        "Give them as the secret 'basic' (user:password)",
      );
  }
  if (from.kind !== 's3') return;
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]{1,62}\/.+$/.test(from.url))
    throw invalid('url', 'it is no s3://bucket/key', 'Name a bucket and a key or a pattern of keys');
  if (from.region !== undefined && !/^[a-z0-9-]{1,40}$/.test(from.region))
    throw invalid('region', 'it is no name of a region', 'Write one such as eu-central-1');
  const endpoint = from.endpoint === undefined ? null : URL.parse(from.endpoint);
  if (from.endpoint !== undefined && (!endpoint || !/^https?:$/.test(endpoint.protocol) || endpoint.username))
    throw invalid('endpoint', 'it is no http or https address', 'Write https://host:port');
}

function assertSecret(kind: SourceKind, name: string, value: string): void {
  const isHeader = kind === 'http' && headerPattern.test(name);
  if (!isHeader && !secretNames[kind].includes(name))
    throw invalid(
      'secrets',
      `a source of kind ${kind} has no secret '${name.slice(0, 100)}'`,
      secretNames[kind].length > 0 ? `It has ${secretNames[kind].join(', ')}` : 'Leave secrets out',
    );
  if (isHeader && ownHeaders.includes(name.slice('header:'.length).toLowerCase()))
    throw invalid('secrets', `'${name}' is set by the connection itself`, 'Leave it out');
  if (/[\r\n\0]/.test(value))
    throw invalid(
      'secrets',
      `'${name}' holds a line break`,
      'Give the value alone, without the end of a line',
    );
}

/** For everybody's eyes: of addresses neither query nor password. */
export function locationOf(from: SourceLocation, secrets: SourceSecrets): string {
  if (from.kind === 'path') return from.path;
  if (from.kind === 's3') return from.url;
  const url = URL.parse(from.kind === 'http' ? from.url : (secrets.url ?? ''));
  return url ? `${url.protocol}//${url.host}${url.pathname}` : from.kind;
}

/** No message repeats a secret, wherever it came from. */
export function masked(text: string, secrets: SourceSecrets): string {
  const password = URL.parse(secrets.url ?? '')?.password ?? '';
  const parts = [...Object.values(secrets), password, decoded(password)]
    .flatMap((secret) => [secret, secret.slice(secret.indexOf(':') + 1)])
    .filter((secret) => secret.length >= 4)
    .sort((a, b) => b.length - a.length);
  return parts.reduce((masking, secret) => masking.replaceAll(secret, '***'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether every value of `from` is one of `to` too. */
export const fits = (from: Column['type'], to: Column['type']): boolean =>
  from === to || (from === 'integer' && to === 'double') || (from === 'date' && to === 'timestamp');

/** The narrowest type that holds the values of both. */
export function widened(a: Column['type'], b: Column['type']): Column['type'] {
  if (fits(a, b)) return b;
  return fits(b, a) ? a : 'text';
}

/** How columns differ by name and type; null when they do not. Their order says nothing. */
export function compareColumns(
  against: string,
  before: readonly Column[],
  after: readonly Column[],
): SchemaChange | null {
  const [old, now] = [before, after].map((columns) => new Map(columns.map(({ name, type }) => [name, type])));
  const change = {
    against,
    added: after.filter(({ name }) => !old?.has(name)).map(toColumn),
    removed: before.filter(({ name }) => !now?.has(name)).map(toColumn),
    retyped: before.flatMap(({ name, type }) => {
      const found = now?.get(name);
      return found && found !== type ? [{ name, before: type, after: found }] : [];
    }),
  };
  return change.added.length + change.removed.length + change.retyped.length > 0 ? change : null;
}

const toColumn = ({ name, type }: Column): Column => ({ name, type });

/** Those of `before` in their order, then what is new; types of `after` where both have a column. */
export function unionOfColumns(before: readonly Column[], after: readonly Column[]): Column[] {
  const found = new Map(after.map(({ name, type }) => [name, type]));
  const kept = before.map(({ name, type }) => ({ name, type: widened(type, found.get(name) ?? type) }));
  return [...kept, ...after.filter(({ name }) => !before.some((each) => each.name === name)).map(toColumn)];
}

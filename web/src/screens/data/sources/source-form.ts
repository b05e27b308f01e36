import type { SourceKind, SourceLocation } from '@tidemill/sdk';
import type { InputOf } from '../../../lib/client.ts';

export interface Fields {
  readonly name: string;
  readonly kind: SourceKind;
  /** Path, address or query. */
  readonly place: string;
  readonly endpoint: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly dataset: string;
  readonly cursor: string;
  readonly key: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly mapping: string;
}

export const emptyFields: Fields = {
  ...{ name: '', kind: 'http', place: '', endpoint: '', secrets: {} },
  ...{ dataset: '', cursor: '', key: '', cron: '', timeZone: '', mapping: '' },
};

export const kindsOfSource: Readonly<
  Record<SourceKind, { readonly title: string; readonly label: string; readonly placeholder: string }>
> = {
  http: { title: 'Web address', label: 'Address', placeholder: 'https://example.org/prices.csv' },
  postgres: { title: 'PostgreSQL', label: 'Query', placeholder: 'select * from orders' },
  s3: { title: 'S3', label: 'Address', placeholder: 's3://bucket/prices/*.csv' },
  path: { title: 'Files of the server', label: 'Path', placeholder: '/data/prices/*.csv' },
};

interface Secret {
  readonly name: string;
  readonly label: string;
  readonly placeholder: string;
}

const secrets: Readonly<Record<SourceKind, readonly Secret[]>> = {
  path: [],
  http: [
    { name: 'bearer', label: 'Bearer token', placeholder: 'none' },
    { name: 'basic', label: 'User and password', placeholder: 'user:password' },
  ],
  s3: [
    { name: 'accessKeyId', label: 'Access key', placeholder: 'none: a public bucket' },
    { name: 'secretAccessKey', label: 'Secret key', placeholder: 'none' },
  ],
  postgres: [{ name: 'url', label: 'Database', placeholder: 'postgres://user:password@host:5432/db' }],
};

export const secretsOf = (kind: SourceKind): readonly Secret[] => secrets[kind];

function toLocation({ kind, place, endpoint }: Fields): SourceLocation {
  const text = place.trim();
  if (kind === 'path') return { kind, path: text };
  if (kind === 'postgres') return { kind, query: text };
  if (kind === 'http') return { kind, url: text };
  return { kind, url: text, ...(endpoint.trim() && { endpoint: endpoint.trim() }) };
}

/** Only what was filled in is sent. */
export function toDefinition(fields: Fields): InputOf<'sources', 'create'> {
  const [name, dataset, cursor, key, cron, timeZone, mapping] = [
    ...[fields.name, fields.dataset, fields.cursor, fields.key],
    ...[fields.cron, fields.timeZone, fields.mapping],
  ].map((text) => text.trim());
  const given = Object.entries(fields.secrets).filter(([, value]) => value !== '');
  return {
    name: name ?? '',
    from: toLocation(fields),
    ...(dataset && { dataset }),
    ...(cursor && { cursor: { column: cursor } }),
    ...(key && { key }),
    ...(cron && { schedule: { cron, ...(timeZone && { timeZone }) } }),
    ...(mapping && { mapping }),
    ...(given.length > 0 && { secrets: Object.fromEntries(given) }),
  };
}

/** What a client calls the source of its data, where that is a dataset version of ours. */
import { fileExtensions } from '@tidemill/contract';
import { isName } from '../../base/references.ts';

export interface NamedVersion {
  readonly name: string;
  /** A number, `latest` or a tag. */
  readonly version: string;
}

/** Words under which MLflow's kinds of sources keep their place. */
const places = ['url', 'uri', 'path'] as const;

/**
 * Reads `prices@3`, `dataset:prices@latest`, our own address `http://host/api/v1/datasets/prices/versions/3.parquet`, and
 * MLflow's JSON around any of them. Null for everything else: a source is a remark, never an error.
 * An address is ours when its host is `ownHost`, the one that the client itself has called.
 */
export function findNamedVersion(source: string, ownHost: string | undefined): NamedVersion | null {
  for (const text of [source, ...listPlaces(source)]) {
    const found = findReference(text) ?? findAddress(text, ownHost);
    if (found) return found;
  }
  return null;
}

function listPlaces(source: string): string[] {
  if (!source.startsWith('{')) return [];
  try {
    const fields = JSON.parse(source) as Readonly<Record<string, unknown>>;
    return places.flatMap((place) => {
      const text = fields[place];
      return typeof text === 'string' ? [text] : [];
    });
  } catch {
    return [];
  }
}

function findReference(text: string): NamedVersion | null {
  const groups = /^(?:dataset:)?(?<name>[^@:/]+)@(?<version>[^@:/]+)$/.exec(text)?.groups;
  return toNamedVersion(groups?.name, groups?.version);
}

const addressPath = new RegExp(
  String.raw`/api/v1/datasets/(?<name>[^/]+)/versions/(?<version>[^/]+?)(?:\.(?:${fileExtensions.join('|')})|/data(?:\.[a-z]+)?)?$`,
);

function findAddress(text: string, ownHost: string | undefined): NamedVersion | null {
  if (!/^https?:/.test(text) || !URL.canParse(text)) return null;
  const { host, pathname } = new URL(text);
  if (ownHost === undefined || !isSameServer(host, ownHost)) return null;
  const groups = addressPath.exec(pathname)?.groups;
  try {
    return toNamedVersion(decodeURIComponent(groups?.name ?? ''), decodeURIComponent(groups?.version ?? ''));
  } catch {
    return null;
  }
}

const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])(?=:|$)/;

const isSameServer = (a: string, b: string): boolean =>
  a.replace(loopback, 'localhost') === b.toLowerCase().replace(loopback, 'localhost');

const toNamedVersion = (name: string | undefined, version: string | undefined): NamedVersion | null =>
  name && version && isName(name) && version.length <= 128 ? { name, version } : null;

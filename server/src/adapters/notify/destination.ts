import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { errors } from '../../base/errors.ts';
import { kindOfAddress } from './addresses.ts';
import type { DestinationPolicy } from './notify.ts';

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** An address as it was judged: the request goes to these machines and to no other. */
export interface Destination {
  readonly url: URL;
  readonly addresses: readonly LookupAddress[];
}

export const resolveByDns: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** Query strings and passwords of webhook addresses are secrets; messages show neither. */
export function shown(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : 'an address that is no URL';
}

/**
 * Looks the host up once and judges every address it has; a name may say another thing the next time it is asked.
 * @throws notificationUrlRefused, notificationHostUnknown
 */
export async function openDestination(
  text: string,
  policy: DestinationPolicy,
  resolve: Resolve,
): Promise<Destination> {
  const refused = (reason: string) => errors.notificationUrlRefused({ url: shown(text), reason });
  const url = URL.parse(text);
  if (!url) throw refused('it cannot be read');
  if (!policy.schemes.some((scheme) => url.protocol === `${scheme}:`))
    throw refused(`only ${policy.schemes.join(' and ')} addresses can be called`);
  if (url.username || url.password) throw refused('it holds a user or a password');
  const addresses = await addressesOf(url, resolve);
  for (const { address } of addresses) {
    const kind = kindOfAddress(address);
    if (kind === 'never') throw refused(`${address} is no address of a receiver`);
    if (kind === 'private' && !policy.allowPrivate) throw refused(`${address} is private`);
  }
  return { url, addresses };
}

/** The URL's own parser has made one spelling of `127.1`, `0x7f.1` and `2130706433`. */
async function addressesOf(url: URL, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const found = await resolve(host).catch((cause: unknown) => {
    throw errors.notificationHostUnknown({ host, reason: codeOf(cause) }, cause);
  });
  if (found.length === 0) throw errors.notificationHostUnknown({ host, reason: 'it has no address' });
  return found;
}

const codeOf = (cause: unknown): string => {
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : String(cause);
};

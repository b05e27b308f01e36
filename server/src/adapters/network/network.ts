/**
 * Where a request of ours may go, as whoever can enter an address could otherwise reach what only this machine can.
 * A name is looked up once, every address it has is judged, and the request goes to those and to no other.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { kindOfAddress } from './addresses.ts';

export { kindOfAddress };

export interface DestinationPolicy {
  readonly schemes: readonly ('http' | 'https')[];
  /** Also this machine and private networks. Addresses of cloud metadata are refused even so. */
  readonly allowPrivate: boolean;
}

export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** An address as it was judged: the request goes to these machines and to no other. */
export interface Destination {
  readonly url: URL;
  readonly addresses: readonly LookupAddress[];
}

/** The catalogue's words of whoever asks. */
export interface Refusals {
  /** `url` as it may be shown. */
  refused(url: string, reason: string): Error;
  unknown(host: string, reason: string, cause?: unknown): Error;
}

export const resolveByDns: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** Query strings and passwords of addresses are secrets; messages show neither. */
export function shown(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.protocol}//${parsed.host}${parsed.pathname}` : 'an address that is no URL';
}

/**
 * Looks the host up once and judges every address it has; a name may say another thing the next time it is asked.
 * @throws what `refusals` make of it
 */
export async function openDestination(
  text: string,
  policy: DestinationPolicy,
  resolve: Resolve,
  refusals: Refusals,
): Promise<Destination> {
  const refused = (reason: string) => refusals.refused(shown(text), reason);
  const url = URL.parse(text);
  if (!url) throw refused('it cannot be read');
  if (!policy.schemes.some((scheme) => url.protocol === `${scheme}:`))
    throw refused(`only ${policy.schemes.join(' and ')} addresses can be called`);
  if (url.username || url.password) throw refused('it holds a user or a password');
  return { url, addresses: await judgeHost(url.hostname, policy, resolve, { ...refusals, refused }) };
}

/** The addresses of a host, all of them allowed. @throws what `refusals` make of it */
export async function judgeHost(
  hostname: string,
  policy: Pick<DestinationPolicy, 'allowPrivate'>,
  resolve: Resolve,
  refusals: { refused(reason: string): Error; unknown: Refusals['unknown'] },
): Promise<readonly LookupAddress[]> {
  const addresses = await addressesOf(hostname, resolve, refusals.unknown);
  for (const { address } of addresses) {
    const kind = kindOfAddress(address);
    if (kind === 'never') throw refusals.refused(`${address} is no address of a receiver`);
    if (kind === 'private' && !policy.allowPrivate) throw refusals.refused(`${address} is private`);
  }
  return addresses;
}

/** The URL's own parser has made one spelling of `127.1`, `0x7f.1` and `2130706433`. */
async function addressesOf(
  hostname: string,
  resolve: Resolve,
  unknown: Refusals['unknown'],
): Promise<readonly LookupAddress[]> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const found = await resolve(host).catch((cause: unknown) => {
    throw unknown(host, codeOf(cause), cause);
  });
  if (found.length === 0) throw unknown(host, 'it has no address');
  return found;
}

/** Answers with what was judged, whatever the name means by now. */
export const pinnedTo =
  (addresses: readonly LookupAddress[]): LookupFunction =>
  (_host, options, answer) => {
    if (options.all) return answer(null, [...addresses]);
    const [first] = addresses;
    return answer(null, first?.address ?? '', first?.family);
  };

const codeOf = (cause: unknown): string => {
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : String(cause);
};

/** For agents that look names up by themselves: answers with addresses that were judged just now. */
export const judgedLookup =
  (
    policy: Pick<DestinationPolicy, 'allowPrivate'>,
    resolve: Resolve,
    refusals: { refused(reason: string): Error; unknown: Refusals['unknown'] },
  ): LookupFunction =>
  (host, options, answer) => {
    judgeHost(host, policy, resolve, refusals).then(
      (addresses) => pinnedTo(addresses)(host, options, answer),
      (error: Error) => answer(error, []),
    );
  };

import { BlockList, isIP, isIPv4 } from 'node:net';

/**
 * `private` is what an owner may mean on purpose: this machine, the company's network. `never` is what no receiver of
 * messages lives at: link-local (cloud metadata), multicast, unassigned, or an address that hides another one.
 */
export type AddressKind = 'public' | 'private' | 'never';

const list = (subnets: readonly string[], family: 'ipv4' | 'ipv6'): BlockList => {
  const blocks = new BlockList();
  for (const subnet of subnets) {
    const [address = '', prefix = ''] = subnet.split('/');
    blocks.addSubnet(address, Number(prefix), family);
  }
  return blocks;
};

// IANA's registries of special-purpose addresses.
const never4 = list(
  [
    ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24'],
    ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
    '100.100.100.200/32', // metadata of a cloud, within shared address space
  ],
  'ipv4',
);
const private4 = list(
  ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'],
  'ipv4',
);
const global6 = list(['2000::/3'], 'ipv6');
const never6 = list(
  [
    ...['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
    ...['fd00:ec2::254/128', 'fd20:ce::254/128'], // metadata of clouds, within unique local addresses
  ],
  'ipv6',
);
const private6 = list(['::1/128', 'fc00::/7'], 'ipv6');

/** What kind of address a resolved one is; anything that is no address is `never`. */
export function kindOfAddress(address: string): AddressKind {
  if (isIPv4(address)) return kindOf4(address);
  // A zone (`fe80::1%eth0`) belongs to link-local addresses only.
  if (isIP(address) !== 6 || address.includes('%')) return 'never';
  const embedded = embedded4(groupsOf(address));
  return embedded === null ? kindOf6(address) : kindOf4(embedded);
}

function kindOf4(address: string): AddressKind {
  if (never4.check(address)) return 'never';
  return private4.check(address) ? 'private' : 'public';
}

function kindOf6(address: string): AddressKind {
  if (never6.check(address, 'ipv6')) return 'never';
  if (private6.check(address, 'ipv6')) return 'private';
  return global6.check(address, 'ipv6') ? 'public' : 'never';
}

/** The IPv4 address that `::ffff:a.b.c.d` and `64:ff9b::a.b.c.d` (NAT64) really reach. */
function embedded4(groups: readonly number[]): string | null {
  const prefix = groups.slice(0, 6).join();
  if (prefix !== [0, 0, 0, 0, 0, 0xffff].join() && prefix !== [0x64, 0xff9b, 0, 0, 0, 0].join()) return null;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** The eight numbers of an IPv6 address, however it is written. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical.split('::').map((half) =>
    half
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16)),
  );
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

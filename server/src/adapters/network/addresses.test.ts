import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressKind, kindOfAddress } from './addresses.ts';

const table: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    ...[
      '1.1.1.1',
      '8.8.8.8',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
    ],
    ...['128.0.0.1', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255'],
    ...['192.169.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255'],
    ...['2606:4700:4700::1111', '2a00:1450:4001::1', '2001:4860:4860::8888'],
    ...['::ffff:8.8.8.8', '::ffff:808:808', '64:ff9b::8.8.8.8', '64:ff9b::808:808'],
  ],
  private: [
    ...['10.0.0.0', '10.255.255.255', '127.0.0.1', '127.255.255.255', '172.16.0.0', '172.31.255.255'],
    ...['192.168.0.1', '192.168.255.255', '100.64.0.0', '100.127.255.255', '198.18.0.1', '198.19.255.255'],
    ...['::1', '0:0:0:0:0:0:0:1', 'fc00::1', 'fd12:3456::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:10.0.0.1', '64:ff9b::192.168.1.1'],
  ],
  never: [
    ...['0.0.0.0', '0.1.2.3', '169.254.169.254', '169.254.0.1', '192.0.0.8', '192.0.2.1', '192.88.99.1'],
    ...['198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...['100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'],
    ...['::', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', '2001:db8::1', '3fff::1'],
    ...[
      '2001::1',
      '2002:7f00:1::',
      '2002:a9fe:a9fe::1',
      '100::1',
      '4000::1',
      '5f00::1',
      '::127.0.0.1',
      '::7f00:1',
    ],
    ...[
      '::ffff:169.254.169.254',
      '::ffff:a9fe:a9fe',
      '64:ff9b::169.254.169.254',
      '64:ff9b:1::1',
      '::ffff:0.0.0.0',
    ],
    ...['', 'localhost', '127.1', '1.2.3.4.5', '0x7f000001', '2130706433', 'fe80', '1:2'],
  ],
};

describe('kindOfAddress', () => {
  const rows = Object.entries(table).flatMap(([kind, addresses]) =>
    addresses.map((address) => [address, kind] as const),
  );
  test.each(rows)('%s is %s', (address, kind) => {
    expect(kindOfAddress(address)).toBe(kind);
  });

  test('an IPv4 address is judged alike, however IPv6 dresses it', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        const kind = kindOfAddress(address);
        for (const prefix of ['::ffff:', '64:ff9b::', '0:0:0:0:0:FFFF:', '0064:FF9B::']) {
          expect(kindOfAddress(`${prefix}${address}`)).toBe(kind);
          expect(kindOfAddress(`${prefix}${hex}`)).toBe(kind);
        }
      }),
    );
  });

  test('any IPv6 address has a kind', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(['public', 'private', 'never']).toContain(kindOfAddress(address));
      }),
    );
  });
});

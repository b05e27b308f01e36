import type { LookupAddress } from 'node:dns';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testIdentity } from '../../testing/tls-identity.ts';
import { type DestinationPolicy, openDestination as openJudged, type Resolve } from '../network/network.ts';
import { notificationRefusals, webhookNotifier } from './webhook.ts';

const strict: DestinationPolicy = { schemes: ['https'], allowPrivate: false };
const open: DestinationPolicy = { schemes: ['http', 'https'], allowPrivate: true };
const at = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const openDestination = (url: string, policy: DestinationPolicy, resolve: Resolve) =>
  openJudged(url, policy, resolve, notificationRefusals);
const message = { event: 'x', body: { a: 1 }, deliveryId: 'd1' };

describe('openDestination', () => {
  test.each([
    ['http://hooks.example.org/', 'only https addresses'],
    ['ftp://hooks.example.org/', 'only https addresses'],
    ['file:///etc/passwd', 'only https addresses'],
    ['https://mira:swordfish@hooks.example.org/', 'a user or a password'],
    ['https://', 'it cannot be read'],
    ['hooks.example.org', 'it cannot be read'],
    ['https://127.0.0.1/', '127.0.0.1 is private'],
    ['https://127.1/', '127.0.0.1 is private'],
    ['https://0177.0.0.1/', '127.0.0.1 is private'],
    ['https://0x7f000001/', '127.0.0.1 is private'],
    ['https://2130706433/', '127.0.0.1 is private'],
    ['https://１２７.0.0.1/', '127.0.0.1 is private'],
    ['https://[::1]/', '::1 is private'],
    ['https://[::ffff:10.0.0.1]/', '::ffff:a00:1 is private'],
    ['https://169.254.169.254/latest/meta-data', '169.254.169.254 is no address of a receiver'],
    ['https://[::ffff:169.254.169.254]/', 'is no address of a receiver'],
    ['https://[64:ff9b::a9fe:a9fe]/', 'is no address of a receiver'],
    ['https://0.0.0.0/', '0.0.0.0 is no address of a receiver'],
  ])('refuses %s', async (url, reason) => {
    const opening = openDestination(url, strict, async () => at('1.1.1.1'));
    await expect(opening).rejects.toMatchObject({ code: 'notificationUrlRefused', status: 400 });
    await expect(opening).rejects.toThrow(reason);
    await expect(opening).rejects.not.toThrow('swordfish');
    await expect(opening).rejects.not.toThrow('null');
  });

  test.each([
    [['1.1.1.1', '10.0.0.1'], '10.0.0.1 is private'],
    [['2606:4700::1', 'fe80::1'], 'fe80::1 is no address'],
    [['::ffff:127.0.0.1'], '::ffff:127.0.0.1 is private'],
  ])('judges every address of a name: %j', async (addresses, reason) => {
    const opening = openDestination('https://hooks.example.org/', strict, async () => at(...addresses));
    await expect(opening).rejects.toThrow(reason);
  });

  test('metadata stays refused where private addresses are allowed', async () => {
    const toMetadata = openDestination('http://metadata/', open, async () => at('169.254.169.254'));
    await expect(toMetadata).rejects.toThrow('is no address of a receiver');
    expect((await openDestination('http://intra/', open, async () => at('10.1.1.1'))).addresses).toEqual(
      at('10.1.1.1'),
    );
  });

  test('says that a name has no address', async () => {
    const missing = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });
    const opening = openDestination('https://nowhere.example.org/', strict, () => Promise.reject(missing));
    await expect(opening).rejects.toMatchObject({ code: 'notificationHostUnknown', status: 400 });
    await expect(opening).rejects.toThrow("'nowhere.example.org' cannot be found: ENOTFOUND");
    await expect(openDestination('https://x.org/', strict, async () => [])).rejects.toThrow('has no address');
  });
});

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('webhookNotifier', () => {
  test('a name that moves to a private address between entering and sending gets nothing', async () => {
    const heard: string[] = [];
    const port = await listen(createHttp((request) => heard.push(request.url ?? '')));
    const answers = [at('1.1.1.1'), at('127.0.0.1')];
    const destinations: DestinationPolicy = { schemes: ['http'], allowPrivate: false };
    const resolve = async () => answers.shift() ?? at('127.0.0.1');
    const notifier = webhookNotifier({ destinations, resolve });
    const url = `http://rebound.example.org:${port}/`;
    await notifier.assertAllowed(url);
    expect(await notifier.attempt({ ...message, url })).toEqual({
      isDelivered: false,
      status: null,
      reason: '127.0.0.1 is private',
      isWorthRepeating: false,
      retryAfterMs: null,
    });
    expect(heard).toEqual([]);
  });

  test('the name is asked once for each attempt, and Host and certificate are those of the name', async () => {
    const heard: (string | undefined)[] = [];
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      heard.push(request.headers.host);
      response.writeHead(204).end();
    };
    const { host, key, cert } = testIdentity;
    const port = await listen(createHttps({ key, cert }, answer));
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return at('127.0.0.1');
    };
    const notifier = webhookNotifier({ destinations: open, resolve, ca: cert });
    const sent = await notifier.attempt({ ...message, url: `https://${host}:${port}/hook` });
    expect(sent).toEqual({ isDelivered: true, status: 204 });
    expect(heard).toEqual([`${host}:${port}`]);
    expect(asked).toBe(1);
    const impostor = await notifier.attempt({ ...message, url: `https://other.example.test:${port}/hook` });
    expect(impostor).toMatchObject({ isDelivered: false, status: null });
    expect(JSON.stringify(impostor)).toContain('does not match certificate');
    const untrusting = webhookNotifier({ destinations: open, resolve });
    const untrusted = await untrusting.attempt({ ...message, url: `https://${host}:${port}/hook` });
    expect(JSON.stringify(untrusted)).toContain('self-signed certificate');
    expect(heard).toHaveLength(1);
  });

  test('a reply is not read: neither an endless body nor an endless header', async () => {
    let written = 0;
    const flood = createHttp((_request, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
        response.once('drain', more);
      };
      more();
    });
    const notifier = webhookNotifier({ destinations: open, timeoutMs: 5000 });
    const url = `http://127.0.0.1:${await listen(flood)}/`;
    expect(await notifier.attempt({ ...message, url })).toEqual({ isDelivered: true, status: 200 });
    expect(written).toBeLessThan(20_000_000);

    const endless = createTcp((socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = () => {
        while (!socket.destroyed && socket.write(`X-Filler: ${'x'.repeat(1000)}\r\n`));
        socket.once('drain', more);
      };
      more();
    });
    const tried = await notifier.attempt({ ...message, url: `http://127.0.0.1:${await listen(endless)}/` });
    expect(tried).toMatchObject({ isDelivered: false, status: null });
  });

  test('a name server that does not answer is asked by few at once', async () => {
    let [asking, most] = [0, 0];
    const resolve = async () => {
      asking += 1;
      most = Math.max(most, asking);
      await new Promise((answer) => setTimeout(answer, 5));
      asking -= 1;
      return at('10.0.0.1');
    };
    const notifier = webhookNotifier({ destinations: strict, resolve });
    const urls = Array.from({ length: 10 }, (_, n) => `https://h${n}.example.org/`);
    const tried = await Promise.all(urls.map((url) => notifier.attempt({ ...message, url })));
    expect(tried.every(({ status }) => status === null)).toBe(true);
    expect(most).toBe(2);
  });

  test('a name that takes for ever to look up ends in time', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    const notifier = webhookNotifier({ destinations: strict, resolve, timeoutMs: 30 });
    const url = 'https://slow.example.org/';
    await expect(notifier.assertAllowed(url)).rejects.toMatchObject({ code: 'notificationHostUnknown' });
    expect(await notifier.attempt({ ...message, url })).toMatchObject({ reason: 'no answer within 0.03 s' });
  });
});

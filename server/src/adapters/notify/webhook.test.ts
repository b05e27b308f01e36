import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DestinationPolicy } from '../network/network.ts';
import type { Notification } from './notify.ts';
import { webhookNotifier } from './webhook.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let url: string;
let received: Received[];
/** The statuses to answer with, the last one for ever; 0 never answers. */
let answers: number[];
let headers: Record<string, string>;

beforeEach(async () => {
  received = [];
  answers = [204];
  headers = {};
  server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    received.push({ headers: request.headers, body });
    const status = answers.length > 1 ? answers.shift() : answers[0];
    if (status) response.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const destinations: DestinationPolicy = { schemes: ['http', 'https'], allowPrivate: true };
const notifier = webhookNotifier({
  destinations,
  firstDelayMs: 1,
  longestDelayMs: 5,
  timeoutMs: 2000,
  concurrency: 2,
});
const message = (change: Partial<Notification> = {}): Notification => ({
  url: `${url}?token=hidden`,
  event: 'alert.opened',
  body: { name: 'drift', value: 0.3 },
  deliveryId: 'delivery-1',
  ...change,
});

describe('webhookNotifier', () => {
  it('posts JSON with a signature the receiver can check', async () => {
    expect(await notifier.send(message({ secret: 'swordfish' }))).toEqual({ status: 204 });
    const [{ headers: sent, body } = { headers: {}, body: '' }] = received;
    expect(JSON.parse(body)).toEqual({
      event: 'alert.opened',
      id: 'delivery-1',
      data: { name: 'drift', value: 0.3 },
    });
    expect(sent).toMatchObject({ 'x-tidemill-event': 'alert.opened', 'webhook-id': 'delivery-1' });
    const signed = `delivery-1.${sent['webhook-timestamp']}.${body}`;
    const expected = createHmac('sha256', 'swordfish').update(signed).digest('base64');
    expect(sent['webhook-signature']).toBe(`v1,${expected}`);
    await notifier.send(message());
    expect(received[1]?.headers['webhook-signature']).toBeUndefined();
  });

  it('tries again on 429 and 5xx, with the same id', async () => {
    answers = [503, 429, 200];
    headers = { 'retry-after': '3600' };
    expect(await notifier.send(message())).toEqual({ status: 200 });
    expect(received.map((one) => one.headers['webhook-id'])).toEqual([
      'delivery-1',
      'delivery-1',
      'delivery-1',
    ]);
  });

  it('gives up after its attempts and shows no secret of the address', async () => {
    answers = [500];
    const failure = await notifier.send(message()).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'notificationFailed' });
    expect((failure as Error).message).toContain(`${url} failed: it answers 500`);
    expect((failure as Error).message).not.toContain('hidden');
    expect(received).toHaveLength(4);
  });

  it.each([400, 404, 410])('does not repeat what is answered with %i', async (status) => {
    answers = [status];
    await expect(notifier.send(message())).rejects.toThrow(`it answers ${status}`);
    expect(received).toHaveLength(1);
  });

  it('does not follow redirects', async () => {
    answers = [302, 200];
    headers = { location: url };
    await expect(notifier.send(message())).rejects.toThrow('it redirects (302)');
    expect(received).toHaveLength(1);
  });

  it('reports silence and unreachable addresses', async () => {
    answers = [0];
    const hasty = webhookNotifier({ destinations, attempts: 2, firstDelayMs: 1, timeoutMs: 30 });
    await expect(hasty.send(message())).rejects.toThrow('no answer within 0.03 s');
    await expect(hasty.send(message({ url: 'http://127.0.0.1:1/x' }))).rejects.toThrow('failed: ');
    await expect(hasty.send(message({ url: 'file:///etc/passwd' }))).rejects.toThrow('only http and https');
    await expect(hasty.send(message({ url: 'nonsense' }))).rejects.toThrow('an address that is no URL');
  });

  it('stops at its signal', async () => {
    answers = [0];
    const stop = new AbortController();
    const sending = notifier.send(message({ signal: stop.signal }));
    stop.abort(new Error('shutting down'));
    await expect(sending).rejects.toThrow('shutting down');
  });

  it('delivers many, a few at a time', async () => {
    const replies = await Promise.all(Array.from({ length: 20 }, () => notifier.send(message())));
    expect(replies).toHaveLength(20);
  });
});

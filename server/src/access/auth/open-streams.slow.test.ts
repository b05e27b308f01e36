// A stream of events outlives the request that was let in: it ends when its caller would be refused.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

let platform: TestPlatform;
let url = '';
const password = 'a long enough password';

beforeAll(async () => {
  platform = await createTestPlatform({ host: '0.0.0.0', trustedProxies: ['127.0.0.1'] });
  url = await platform.http.listen({ host: '127.0.0.1', port: 0 });
  await platform.services.users.create({ name: 'eve', role: 'viewer', password }, platform.caller);
}, 30_000);
afterAll(() => platform.close());

async function open(authorization: string) {
  const reply = await fetch(`${url}/api/v1/events`, { headers: { authorization } });
  expect(reply.status).toBe(200);
  const reader = reply.body?.getReader();
  if (!reader) throw new Error('no body');
  await reader.read();
  const state = { isOpen: true };
  const ended = (async () => {
    while (!(await reader.read()).done);
    state.isOpen = false;
  })();
  // One that is open to the end is cut off with the server.
  ended.catch(() => undefined);
  return { state, ended };
}

test('of a revoked token, of a disabled user and of one left with a single thing; another goes on', {
  timeout: 30_000,
}, async () => {
  const { auth, users } = platform.services;
  const make = (name: string) => auth.createToken({ name, role: 'viewer' }, platform.caller);
  const [revoked, kept] = [await make('revoked'), await make('kept')];
  const basicOf = (name: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const basic = basicOf('eve');
  const { grants } = platform.services;
  await users.create({ name: 'ann', password }, platform.caller);
  const all = await grants.add({ to: 'user:ann', role: 'viewer' }, platform.caller);
  await grants.add({ to: 'user:ann', role: 'viewer', resource: 'endpoint:one' }, platform.caller);
  const streams = {
    revoked: await open(`Bearer ${revoked.secret}`),
    kept: await open(`Bearer ${kept.secret}`),
    eve: await open(basic),
    ann: await open(basicOf('ann')),
  };
  await pause(2_500);
  expect(Object.values(streams).map(({ state }) => state.isOpen)).toEqual([true, true, true, true]);
  await auth.revokeToken({ id: revoked.token.id }, platform.caller);
  await users.update({ name: 'eve', disabled: true }, platform.caller);
  await grants.remove({ id: all.id }, platform.caller);
  await Promise.all([streams.revoked.ended, streams.eve.ended, streams.ann.ended]);
  expect(streams.kept.state.isOpen).toBe(true);
});

test('where a request is from is what a listed proxy says, of the nearest that is not one', async () => {
  await platform.services.users.create({ name: 'pia', role: 'admin', password }, platform.caller);
  const login = async (forwarded?: string) => {
    const reply = await fetch(`${url}/api/v1/login`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
      },
      body: JSON.stringify({ name: 'pia', password }),
    });
    expect(reply.status).toBe(200);
    const { items } = await platform.services.users.listSessions({ name: 'pia' }, platform.caller);
    return items.map(({ address }) => address);
  };
  expect(await login()).toContain('127.0.0.1');
  expect(await login('203.0.113.7')).toContain('203.0.113.7');
  // What the client itself wrote before the proxy's word counts for nothing.
  const seen = await login('198.51.100.1, 203.0.113.9');
  expect(seen).toContain('203.0.113.9');
  expect(seen).not.toContain('198.51.100.1');
});

import { contract, type Endpoint, type Permission, type Role } from '@tidemill/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';
import { mayRole } from '../grants/service.ts';

const roles: Role[] = ['none', 'viewer', 'editor', 'approver', 'operator', 'admin', 'invoker'];

describe('access', () => {
  let platform: TestPlatform;
  const secrets = new Map<Role, string>();

  beforeAll(async () => {
    platform = await createTestPlatform({ host: '0.0.0.0' });
    for (const role of roles) {
      const { secret } = await platform.services.auth.createToken({ name: role, role }, platform.caller);
      secrets.set(role, secret);
    }
  });
  afterAll(() => platform.close());

  const call = (endpoint: Endpoint, authorization?: string) =>
    platform.http.inject({
      method: endpoint.method,
      url: endpoint.path.replace(/:\w+/g, 'no-such-thing'),
      headers: { host: 'localhost', ...(authorization && { authorization }) },
      ...(endpoint.body && { payload: {} }),
    });
  const list = Object.entries(contract).flatMap(([domain, endpoints]) =>
    Object.entries(endpoints as Record<string, Endpoint>).map(([name, endpoint]) => ({
      name: `${domain}.${name}`,
      endpoint,
    })),
  );

  it('has no endpoint that answers without a permission, or without a token, but those that log in', async () => {
    const open = list.filter(({ endpoint }) => endpoint.permission === 'public').map(({ name }) => name);
    expect(open).toEqual(['account.login', 'account.acceptInvitation']);
    for (const { name, endpoint } of list.filter((each) => !open.includes(each.name))) {
      expect(endpoint.permission, name).not.toBe('public');
      expect((await call(endpoint)).statusCode, name).toBe(401);
    }
  });

  it('lets each role call exactly what its permissions allow', async () => {
    const streams = new Set(['system.events']);
    for (const { name, endpoint } of list.filter((entry) => !streams.has(entry.name))) {
      for (const role of roles) {
        const { statusCode } = await call(endpoint, `Bearer ${secrets.get(role)}`);
        const isAllowed = mayRole(role, endpoint.permission as Permission);
        if (isAllowed) expect([401, 403], `${role} ${name}`).not.toContain(statusCode);
        else expect(statusCode, `${role} ${name}`).toBe(403);
      }
    }
  });

  it('takes a token as the password of basic auth', async () => {
    const basic = Buffer.from(`anybody:${secrets.get('viewer')}`).toString('base64');
    const reply = await call(contract.access.whoami, `Basic ${basic}`);
    expect(reply.json()).toEqual({
      ...{ actor: 'token:viewer', role: 'viewer', workspace: 'default', via: 'token' },
      ...{ resource: null, grants: [] },
    });
  });

  it('refuses a revoked, an expired and an unknown token, saying which', async () => {
    const { auth } = platform.services;
    const { token, secret } = await auth.createToken({ name: 'short', role: 'viewer' }, platform.caller);
    expect((await call(contract.access.whoami, `Bearer ${secret}`)).statusCode).toBe(200);
    await auth.revokeToken({ id: token.id }, platform.caller);
    expect((await call(contract.access.whoami, `Bearer ${secret}`)).json().error.message).toContain(
      'revoked',
    );
    const expired = await auth.createToken(
      { name: 'old', role: 'viewer', expiresInDays: 1e-9 },
      platform.caller,
    );
    expect((await call(contract.access.whoami, `Bearer ${expired.secret}`)).json().error.message).toContain(
      'expired',
    );
    expect((await call(contract.access.whoami, 'Bearer tdm_nothing')).json().error.message).toContain(
      'unknown',
    );
  });

  it('gives a token of a user no more than the user may', async () => {
    const { auth } = platform.services;
    await platform.services.users.create({ name: 'ada', role: 'editor' }, platform.caller);
    const create = (role: Role) => auth.createToken({ name: 'hers', role, user: 'ada' }, platform.caller);
    await expect(create('admin')).rejects.toMatchObject({ code: 'tokenRoleTooWide' });
    expect((await create('viewer')).token).toMatchObject({ actor: 'user:ada', role: 'viewer' });
    await expect(
      auth.createToken({ name: 'x', role: 'viewer', user: 'nobody' }, platform.caller),
    ).rejects.toMatchObject({ code: 'userNotFound' });
  });

  it('never stores or lists a secret', async () => {
    const rows = await platform.database.db.selectFrom('tokens').selectAll().execute();
    const text =
      JSON.stringify(rows) + JSON.stringify(await platform.services.auth.listTokens({}, platform.caller));
    for (const secret of secrets.values()) expect(text).not.toContain(secret);
  });

  it('writes who did it into the audit', async () => {
    const headers = { host: 'localhost', authorization: `Bearer ${secrets.get('admin')}` };
    await platform.http.inject({
      method: 'POST',
      url: '/api/v1/users',
      headers,
      payload: { name: 'mira', role: 'editor' },
    });
    const { items } = await platform.services.audit.list({ subject: 'user:mira' }, platform.caller);
    expect(items).toMatchObject([
      { actor: 'token:admin', action: 'user.created', subject: 'user:mira', detail: { role: 'editor' } },
    ]);
  });
});

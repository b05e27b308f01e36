// Every endpoint that says what it is about, asked by somebody who has one role on one thing and none elsewhere.
import { contract, type Endpoint, type Permission, type Role } from '@tidemill/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestPlatform, type TestPlatform } from '../../testing/platform.ts';

/** As docs/access.md has it, written out once more: the table of the code is what is tested. */
const mayByRole: Readonly<Record<Role, readonly Permission[]>> = {
  none: [],
  viewer: ['read'],
  editor: ['read', 'write', 'invoke', 'comment'],
  approver: ['read', 'write', 'invoke', 'approve', 'comment'],
  operator: ['read', 'operate', 'invoke', 'comment'],
  invoker: ['invoke'],
  admin: ['read', 'write', 'invoke', 'approve', 'operate', 'admin', 'comment'],
};
/** The role that gives nothing cannot be granted. */
const roles = (Object.keys(mayByRole) as Role[]).filter((role) => role !== 'none');
const kinds = ['model', 'endpoint', 'dataset'] as const;

const endpoints = Object.entries(contract)
  .flatMap(([domain, list]) =>
    Object.entries(list as Record<string, Endpoint>).map(([name, endpoint]) => ({
      ...{ name: `${domain}.${name}`, endpoint },
    })),
  )
  .filter(({ endpoint }) => !['public', 'self'].includes(endpoint.permission));
const templatesOf = ({ resource }: Endpoint) => (resource === undefined ? [] : [resource].flat());

let platform: TestPlatform;
beforeAll(async () => {
  platform = await createTestPlatform({ host: '0.0.0.0' });
});
afterAll(() => platform.close());

async function secretOf(role: Role, kind: string): Promise<string> {
  const { auth, grants } = platform.services;
  const name = `${role}-of-${kind}`;
  const { secret } = await auth.createToken({ name, role: 'none' }, platform.caller);
  await grants.add({ to: `token:${name}`, role, resource: `${kind}:mine` }, platform.caller);
  return secret;
}

/** What stands in the path for the thing itself is `mine` or `other`; the rest is a word that is nowhere. */
async function call({ method, path, body }: Endpoint, thing: string, secret: string): Promise<number> {
  const url = path
    .replace(/:(?:name|endpoint)\b/, thing)
    .replaceAll(/:\w+\(([^|)]*)[^)]*\)/g, '$1')
    .replaceAll(/:\w+/g, '1');
  const reply = await platform.http.inject({
    ...{ method, url, headers: { host: 'localhost', authorization: `Bearer ${secret}` } },
    ...(body && { payload: {} }),
  });
  return reply.statusCode;
}

test.each(kinds)(
  'a role on one %s opens what is about that one, as far as the role goes, and nothing else',
  {
    timeout: 120_000,
  },
  async (kind) => {
    const wrong: string[] = [];
    let opened = 0;
    for (const role of roles) {
      const secret = await secretOf(role, kind);
      for (const { name, endpoint } of endpoints) {
        const templates = templatesOf(endpoint);
        const isAbout =
          templates.length > 0 &&
          templates.every((each) => /^(\w+):\{(name|endpoint)\}$/.exec(each)?.[1] === kind);
        // In the body, where this empty one names nothing.
        const isInPath = /:(?:name|endpoint)\b/.test(endpoint.path);
        const may = isAbout && isInPath && mayByRole[role].includes(endpoint.permission);
        const mine = await call(endpoint, 'mine', secret);
        if (may === (mine === 403) || mine === 401 || mine === 500)
          wrong.push(`${role} ${name} mine: ${mine}`);
        const other = await call(endpoint, 'other', secret);
        if (other !== 403) wrong.push(`${role} ${name} other: ${other}`);
        opened += Number(may);
      }
    }
    expect(wrong).toEqual([]);
    expect(opened).toBeGreaterThan(20);
  },
);

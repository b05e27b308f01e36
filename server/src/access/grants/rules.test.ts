import type { Permission, Role } from '@tidemill/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, isWithin, mayRole, widestRole } from './rules.ts';

const roles: Role[] = ['none', 'viewer', 'editor', 'approver', 'operator', 'invoker', 'admin'];
const permissions: Permission[] = ['read', 'write', 'invoke', 'approve', 'operate', 'admin', 'comment'];
const things = ['model:a', 'model:b', 'endpoint:a', 'dataset:a'];

const role = fc.constantFrom(...roles);
const thing = fc.constantFrom(...things);
const roleOn = fc.record({ role, resource: fc.option(thing) });
const list = fc.array(roleOn, { maxLength: 5 });
const permission = fc.constantFrom(...permissions);
const about = fc.array(thing, { maxLength: 3 });

const isAllowed = (...words: Parameters<typeof decide>) => decide(...words) === 'allowed';

test('roles add up: a call is allowed just if each of its things has a role with that permission, there or in the workspace', () => {
  fc.assert(
    fc.property(list, permission, about, (rights, asked, on) => {
      const has = (each: string | null) =>
        rights.some((r) => mayRole(r.role, asked) && (r.resource === null || r.resource === each));
      const expected = has(null) || (on.length > 0 && on.every(has));
      expect(isAllowed([rights], asked, on)).toBe(expected);
    }),
  );
});

test('a further role takes nothing away, and a wider one gives at least as much', () => {
  fc.assert(
    fc.property(list, roleOn, role, permission, about, (rights, more, wider, asked, on) => {
      if (isAllowed([rights], asked, on)) expect(isAllowed([[...rights, more]], asked, on)).toBe(true);
      if (isWithin(more.role, wider) && isAllowed([[...rights, more]], asked, on))
        expect(isAllowed([[...rights, { ...more, role: wider }]], asked, on)).toBe(true);
    }),
  );
});

test('of several lists each must allow it: a token of a user may no more than both', () => {
  fc.assert(
    fc.property(list, list, permission, about, (token, user, asked, on) => {
      expect(isAllowed([token, user], asked, on)).toBe(
        isAllowed([token], asked, on) && isAllowed([user], asked, on),
      );
    }),
  );
});

test('denied says that no thing whatever would help, elsewhere that another one would', () => {
  fc.assert(
    fc.property(list, list, permission, about, (token, user, asked, on) => {
      const verdict = decide([token, user], asked, on);
      const holds = (rights: typeof token) => rights.some((r) => mayRole(r.role, asked));
      if (verdict !== 'allowed') expect(verdict === 'elsewhere').toBe(holds(token) && holds(user));
    }),
  );
  expect(decide([], 'read', [])).toBe('denied');
  expect(decide([[]], 'self', [])).toBe('allowed');
});

test('the role that is shown is one that holds in all of the workspace', () => {
  fc.assert(
    fc.property(list, (rights) => {
      const shown = widestRole(rights);
      const whole = rights.filter(({ resource }) => resource === null).map((r) => r.role);
      expect(whole.length === 0 ? shown === 'none' : whole.includes(shown) || shown === 'none').toBe(true);
      if (whole.includes('admin')) expect(shown).toBe('admin');
    }),
  );
});

import { expect, test } from 'vitest';
import { readInvitation, readNext } from './login-address.ts';

const at = (rest: string) => new URL(`http://127.0.0.1:4600/ui/login${rest}`);

test('a login leads back to the screen that asked for it, and nowhere else', () => {
  const next = (to: string) => readNext(at(`?next=${encodeURIComponent(to)}`));
  expect(next('/ui/models/prices?tab=gate')).toBe('/ui/models/prices?tab=gate');
  for (const to of [
    ...['https://evil.example/ui/', '//evil.example/ui/', '/\\evil.example/ui', 'javascript:alert(1)'],
    ...['/api/v1/whoami', '/uix', '/ui/../api', '/ui/login', '', 'http://127.0.0.1:4601/ui/'],
  ])
    expect([to, next(to)]).toEqual([to, '/ui/']);
  expect(readNext(at(''))).toBe('/ui/');
});

test('an invitation stands behind the #, which no server sees', () => {
  expect(readInvitation(at('#invitation=tdm_inv_abc'))).toBe('tdm_inv_abc');
  expect(readInvitation(at('#other'))).toBeNull();
});

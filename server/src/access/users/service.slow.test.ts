import { beforeAll, expect, test } from 'vitest';
import type { DatabaseHandle } from '../../adapters/db/db.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { owner } from '../../testing/platform.ts';
import { createAudit, createChanges } from '../audit/service.ts';
import { createAuth } from '../auth/service.ts';
import { createGrants } from '../grants/service.ts';
import { createAccount } from './account.ts';
import { createUsers } from './service.ts';

const password = 'correct horse battery';
const other = 'another staple please';
const place = { address: '10.0.0.1', agent: 'test', isSecure: false, setCookie: (..._text: string[]) => {} };
const bad = { ...place, address: '10.0.0.9' };

/** One server of several on one database. */
function createServer({ db }: DatabaseHandle, clock: { now: () => number }) {
  const changes = createChanges({
    db,
    clock,
    events: createEvents({ db, clock, logger: createLogger('silent') }),
  });
  const grants = createGrants({
    db,
    clock,
    changes,
    isUser: (tx, workspace, name) => users.isUser(tx, workspace, name),
  });
  const users = createUsers({
    ...{ db, clock, changes, grants },
    endTokens: (tx, workspace, actor) => auth.endTokens(tx, workspace, actor),
  });
  const account = createAccount({ db, users, grants });
  const auth = createAuth({
    ...{ db, clock, changes, users, grants, trustLocal: false },
    isOfJob: async () => false,
  });
  return {
    db,
    grants,
    users,
    account,
    auth,
    audit: createAudit({ db, clock, logger: createLogger('silent') }),
  };
}

const cookieOf = async (login: (from: typeof place) => Promise<unknown>): Promise<string> => {
  const set: string[] = [];
  await login({ ...place, setCookie: (...text: string[]) => void set.push(...text) });
  return set[0]?.split(';')[0] ?? '';
};

describeEachDatabase('users', (open) => {
  let server: ReturnType<typeof createServer>;
  let second: ReturnType<typeof createServer>;
  let now = Date.now();
  const clock = { now: () => now };

  beforeAll(async () => {
    server = createServer(await open(), clock);
    second = createServer(await open(), clock);
  });

  const ask = (input: { authorization?: string; cookie?: string; change?: boolean }, at = server) =>
    at.auth.authenticate(
      { ...input, address: '10.0.0.1', mayChangeByCookie: !input.change, where: 'GET /x' },
      'self',
    );
  const basic = (name: string, text: string) => ({
    authorization: `Basic ${Buffer.from(`${name}:${text}`).toString('base64')}`,
  });
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: { code?: string }) => error.code ?? String(error),
    );

  test('choose a password by an invitation, once', async () => {
    const { invitation } = await server.users.create({ name: 'mira', role: 'editor' }, owner);
    const secret = invitation?.secret ?? '';
    expect(await codeOf(server.account.login({ name: 'mira', password }, place))).toBe('loginRefused');
    const accept = (text: string) =>
      codeOf(server.account.acceptInvitation({ invitation: secret, password: text }, place));
    expect(await accept('short')).toBe('passwordWeak');
    expect((await Promise.all([accept(password), accept(other)])).sort()).toEqual([
      'done',
      'invitationInvalid',
    ]);
    await server.users.setPassword({ name: 'mira', password }, owner);
    const { invitation: old } = await server.users.create({ name: 'late' }, owner);
    now += 73 * 3_600_000;
    const late = { invitation: old?.secret ?? '', password };
    expect(await codeOf(server.account.acceptInvitation(late, place))).toBe('invitationInvalid');
    const again = await server.users.invite({ name: 'late' }, owner);
    expect(await codeOf(server.account.acceptInvitation({ invitation: again.secret, password }, place))).toBe(
      'done',
    );
  });

  test('log in, are known by the cookie, and no longer after they left', async () => {
    const cookie = await cookieOf((p) => server.account.login({ name: 'mira', password }, p));
    expect(cookie).toMatch(/^tidemill_session=tdm_ses_[\w-]{43}$/);
    const caller = await ask({ cookie });
    expect(caller).toMatchObject({ actor: 'user:mira', role: 'editor', via: 'session' });
    expect(await codeOf(ask({ cookie, change: true }))).toBe('crossSiteRefused');
    const { items } = await server.account.listSessions({}, caller);
    expect(items.filter(({ current }) => current)).toHaveLength(1);
    await server.account.logout(caller, place);
    expect(await codeOf(ask({ cookie }))).toBe('unauthenticated');
    const { items: rows } = await server.audit.list({ subject: 'user:mira', limit: 2 }, owner);
    expect(rows.map(({ actor, action }) => [actor, action])).toEqual([
      ['user:mira', 'user.loggedOut'],
      ['user:mira', 'user.loggedIn'],
    ]);
  });

  test('are logged out when idle, and at the end of a week in any case', async () => {
    const login = () => cookieOf((p) => server.account.login({ name: 'mira', password }, p));
    const cookie = await login();
    for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
      now += 11 * 3_600_000;
      if (hours < 7 * 24 - 22) expect(await codeOf(ask({ cookie }))).toBe('done');
    }
    now += 11 * 3_600_000;
    expect(await codeOf(ask({ cookie }))).toBe('unauthenticated');
    const idle = await login();
    now += 12.1 * 3_600_000;
    expect(await codeOf(ask({ cookie: idle }))).toBe('unauthenticated');
  });

  test('send name and password with each request, which is checked once a minute', async () => {
    expect(await ask(basic('mira', password))).toMatchObject({ actor: 'user:mira', via: 'password' });
    const begun = performance.now();
    for (let i = 0; i < 200; i++) await ask(basic('mira', password));
    // One check takes tens of milliseconds.
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(await codeOf(ask(basic('mira', other)))).toBe('loginRefused');
    expect(await codeOf(ask(basic('nobody', other)))).toBe('loginRefused');
    await server.users.setPassword({ name: 'mira', password: other }, owner);
    expect(await codeOf(ask(basic('mira', password)))).toBe('loginRefused');
    expect(await codeOf(ask(basic('mira', other)))).toBe('done');
    await server.users.setPassword({ name: 'mira', password }, owner);
  });

  test('are refused for a while after wrong passwords from one place, and others are not', async () => {
    now += 3_600_000;
    const from = (where: typeof place, text: string) =>
      codeOf(server.account.login({ name: 'mira', password: text }, where));
    for (let i = 0; i < 5; i++) expect(await from(bad, 'wrong')).toBe('loginRefused');
    expect(await from(bad, password)).toBe('loginThrottled');
    expect(await from(place, password)).toBe('done');
    now += 31_000;
    expect(await from(bad, password)).toBe('done');
  });

  test('change their own password, which ends their other sessions', async () => {
    const login = () => cookieOf((p) => server.account.login({ name: 'mira', password }, p));
    const [here, elsewhere] = [await login(), await login()];
    const caller = await ask({ cookie: here });
    const change = (current: string, next: string) =>
      codeOf(server.account.changePassword({ current, password: next }, caller, place));
    expect(await change('wrong', other)).toBe('loginRefused');
    expect(await change(password, 'mira')).toBe('passwordWeak');
    const answers = await Promise.all([change(password, other), change(password, `${other} 2`)]);
    expect(answers.sort()).toEqual(['done', 'loginRefused']);
    await server.users.invite({ name: 'mira' }, owner);
    expect([await codeOf(ask({ cookie: here })), await codeOf(ask({ cookie: elsewhere }))]).toEqual([
      'done',
      'unauthenticated',
    ]);
    await server.users.setPassword({ name: 'mira', password }, owner);
    expect(await codeOf(ask({ cookie: here }))).toBe('unauthenticated');
  });

  test('are out at once when disabled: cookie, password and token; elsewhere within five seconds', async () => {
    const cookie = await cookieOf((p) => server.account.login({ name: 'mira', password }, p));
    const { secret } = await server.auth.createToken({ name: 'hers', role: 'viewer', user: 'mira' }, owner);
    const ways = [{ cookie }, basic('mira', password), { authorization: `Bearer ${secret}` }];
    const tryAll = async (at = server) => {
      const answers: string[] = [];
      for (const way of ways) answers.push(await codeOf(ask(way, at)));
      return answers;
    };
    expect([await tryAll(), await tryAll(second)]).toEqual([Array(3).fill('done'), Array(3).fill('done')]);
    await server.users.update({ name: 'mira', disabled: true }, owner);
    expect(await tryAll()).toEqual(['unauthenticated', 'userDisabled', 'userDisabled']);
    now += 5_001;
    expect(await tryAll(second)).toEqual(['unauthenticated', 'userDisabled', 'userDisabled']);
    await server.users.update({ name: 'mira', disabled: false }, owner);
    expect(await tryAll()).toEqual(['unauthenticated', 'done', 'done']);
  });

  test('of a token may no more than the user does now', async () => {
    const { secret } = await server.auth.createToken({ name: 'hers', role: 'editor', user: 'mira' }, owner);
    const write = () =>
      codeOf(
        server.auth.authenticate(
          { authorization: `Bearer ${secret}`, address: '', mayChangeByCookie: true, where: 'POST /x' },
          'write',
        ),
      );
    expect(await write()).toBe('done');
    await server.users.update({ name: 'mira', role: 'viewer' }, owner);
    expect(await write()).toBe('permissionDenied');
    await server.users.update({ name: 'mira', role: 'editor' }, owner);
    await server.users.delete({ name: 'mira' }, owner);
    await server.users.create({ name: 'mira', role: 'editor', password }, owner);
    expect(await write()).toBe('unauthenticated');
  });

  test('two admins who remove each other leave one', async () => {
    const first = { ...owner, actor: 'user:ada' };
    await server.users.create({ name: 'ada', role: 'admin', password }, owner);
    await server.users.create({ name: 'bo', role: 'admin', password }, owner);
    const both = () =>
      Promise.all([
        codeOf(server.users.delete({ name: 'bo' }, first)),
        codeOf(second.users.update({ name: 'ada', disabled: true }, { ...owner, actor: 'user:bo' })),
      ]);
    expect((await both()).sort()).toEqual(['done', 'lastAdmin']);
    const { items } = await server.users.list({}, owner);
    const left = items.filter(({ role, disabledAt }) => role === 'admin' && disabledAt === null);
    expect(left).toHaveLength(1);
    const name = left[0]?.name ?? '';
    for (const work of [
      () => server.users.delete({ name }, owner),
      () => server.users.update({ name, role: 'viewer' }, owner),
      () => server.users.update({ name, disabled: true }, owner),
    ])
      expect(await codeOf(work())).toBe('lastAdmin');
  });

  test('keep no password, invitation or secret anywhere', async () => {
    const cookie = await cookieOf((p) => server.account.login({ name: 'mira', password }, p));
    const { secret } = await server.users.invite({ name: 'mira' }, owner);
    const tables = await Promise.all([
      server.db.selectFrom('users').selectAll().execute(),
      server.db.selectFrom('sessions').selectAll().execute(),
      server.db.selectFrom('audit').selectAll().execute(),
      server.db.selectFrom('outbox').selectAll().execute(),
    ]);
    const said = JSON.stringify([tables, await server.users.list({}, owner)]);
    expect(tables.every((rows) => rows.length > 0)).toBe(true);
    for (const text of [password, other, cookie.split('=')[1] ?? '?', secret])
      expect(said).not.toContain(text);
    expect(JSON.stringify(await server.users.get({ name: 'mira' }, owner))).not.toContain('argon2');
    const hashes = tables[0].map((row) => row.password_hash).filter((hash) => hash !== null);
    for (const hash of hashes)
      expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  });
});

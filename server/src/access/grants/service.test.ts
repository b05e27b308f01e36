import { beforeAll, expect, test } from 'vitest';
import type { Db } from '../../adapters/db/db.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { owner } from '../../testing/platform.ts';
import { createAudit, createChanges } from '../audit/service.ts';
import { createGrants } from './service.ts';

describeEachDatabase('grants', (open) => {
  let db: Db;
  let grants: ReturnType<typeof createGrants>;

  beforeAll(async () => {
    ({ db } = await open());
    let now = 1_000_000;
    const clock = { now: () => now++ };
    const events = createEvents({ db, clock, logger: createLogger('silent') });
    const isUser = async (_tx: Db, _workspace: string, name: string) => ['mira', 'ada'].includes(name);
    grants = createGrants({ db, clock, changes: createChanges({ db, clock, events }), isUser });
  });

  const rolesOf = async (actor: string, workspace = 'default') =>
    (await grants.rolesOf(workspace, actor))
      .map(({ role, resource }) => `${role} ${resource ?? 'all'}`)
      .sort();

  test('hold for whom they are given to, for the members of a group, and in one workspace', async () => {
    const { groups } = grants;
    await groups.create({ name: 'risk' }, owner);
    await groups.addMember({ name: 'risk', member: 'user:mira' }, owner);
    await groups.addMember({ name: 'risk', member: 'token:ci' }, owner);
    await grants.add({ to: 'group:risk', role: 'approver', resource: 'model:prices' }, owner);
    await grants.add({ to: 'user:mira', role: 'viewer' }, owner);
    expect(await rolesOf('user:mira')).toEqual(['approver model:prices', 'viewer all']);
    expect(await rolesOf('token:ci')).toEqual(['approver model:prices']);
    expect([await rolesOf('user:ada'), await rolesOf('user:mira', 'other')]).toEqual([[], []]);
    expect(await grants.groupsOf('default', 'user:mira')).toEqual(['risk']);
    await groups.removeMember({ name: 'risk', member: 'user:mira' }, owner);
    expect(await rolesOf('user:mira')).toEqual(['viewer all']);
    await groups.delete({ name: 'risk' }, owner);
    expect(await rolesOf('token:ci')).toEqual([]);
    await groups.create({ name: 'risk' }, owner);
    expect((await groups.get({ name: 'risk' }, owner)).members).toEqual([]);
  });

  test.each([
    [{ to: 'mira', role: 'viewer' }, 'granteeInvalid'],
    [{ to: 'user:nobody', role: 'viewer' }, 'userNotFound'],
    [{ to: 'group:nobody', role: 'viewer' }, 'groupNotFound'],
    [{ to: 'user:mira', role: 'none' }, 'grantInvalid'],
    [{ to: 'user:mira', role: 'viewer', resource: 'run:4f' }, 'grantInvalid'],
    [{ to: 'user:mira', role: 'viewer', resource: 'endpoint:Not a name' }, 'grantInvalid'],
    [{ to: 'user:mira', role: 'viewer', resource: 'job:job_1' }, 'grantInvalid'],
    [{ to: 'user:mira', role: 'viewer' }, 'grantExists'],
  ] as const)('%o is refused: %s', async (input, code) => {
    await expect(grants.add(input, owner)).rejects.toMatchObject({ code });
  });

  test('of a project file are given and taken where that is not so already, and recorded one by one', async () => {
    const editor = { role: 'editor', resource: 'model:prices' } as const;
    const invoker = { role: 'invoker', resource: 'endpoint:forecast' } as const;
    await grants.set('user:ada', { give: [editor], take: [] }, owner);
    await grants.set('user:ada', { give: [invoker, editor], take: [] }, owner);
    await grants.set('user:ada', { give: [], take: [editor] }, owner);
    await grants.set('user:ada', { give: [invoker], take: [editor] }, owner);
    expect(await rolesOf('user:ada')).toEqual(['invoker endpoint:forecast']);
    const { items } = await createAudit({
      db,
      clock: { now: Date.now },
      logger: createLogger('silent'),
    }).list({ subject: 'user:ada' }, owner);
    expect(items.map(({ actor, action, detail }) => [actor, action, detail.role])).toEqual([
      ['user:owner', 'grant.removed', 'editor'],
      ['user:owner', 'grant.added', 'invoker'],
      ['user:owner', 'grant.added', 'editor'],
    ]);
  });

  test('given twice at once: one is told', async () => {
    const add = () =>
      grants.add({ to: 'token:shop', role: 'invoker', resource: 'endpoint:a' }, owner).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
    expect((await Promise.all([add(), add()])).sort()).toEqual(['done', 'grantExists']);
    const { items } = await grants.list({ to: 'token:shop' }, owner);
    expect(items).toHaveLength(1);
    await grants.remove({ id: items[0]?.id ?? '' }, owner);
    await expect(grants.remove({ id: items[0]?.id ?? '' }, owner)).rejects.toMatchObject({
      code: 'grantNotFound',
    });
  });

  test('a list has pages', async () => {
    for (const name of ['a', 'b', 'c'])
      await grants.add({ to: 'token:pages', role: 'viewer', resource: `model:${name}` }, owner);
    const first = await grants.list({ to: 'token:pages', limit: 2 }, owner);
    const rest = await grants.list({ to: 'token:pages', limit: 2, cursor: first.nextCursor ?? '' }, owner);
    expect([...first.items, ...rest.items].map(({ resource }) => resource)).toEqual([
      'model:a',
      'model:b',
      'model:c',
    ]);
    expect(rest.nextCursor).toBeNull();
  });
});

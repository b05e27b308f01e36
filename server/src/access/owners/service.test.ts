import { describe, expect, test } from 'vitest';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { systemClock } from '../../base/clock.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestPlatform } from '../../testing/platform.ts';
import { createAudit, createChanges } from '../audit/service.ts';
import { createOwners } from './service.ts';

const logger = createLogger('silent');
const clock = systemClock;
let workspaces = 0;

function openOwners(db: Db) {
  const caller: Caller = { actor: 'user:ada', role: 'editor', workspace: `owned${workspaces++}` };
  const events = createEvents({ db, clock, logger });
  const changes = createChanges({ db, clock, events });
  const subjects = {
    model: async (name: string) => `model:${name}`,
    endpoint: async (name: string) => `endpoint:${name}`,
  };
  const owners = createOwners({ db, clock, logger, changes, subjects });
  return { owners, changes, caller, audit: createAudit({ db, clock, logger }) };
}

describeEachDatabase('owners', (open) => {
  test('a thing has an owner and consumers; what is not given stays, and the audit says what was', async () => {
    const { owners, caller, audit } = openOwners((await open()).db);
    expect(await owners.get({ subject: 'model:m' }, caller)).toMatchObject({ owner: null, consumers: [] });
    await owners.put({ subject: 'model:m', owner: 'prices team' }, caller);
    await owners.put({ subject: 'model:m', consumers: ['shop', 'shop', 'user:ben'] }, caller);
    const found = await owners.get({ subject: 'model:m' }, caller);
    expect(found).toMatchObject({
      owner: 'prices team',
      consumers: ['shop', 'user:ben'],
      updatedBy: 'user:ada',
    });
    await owners.put({ subject: 'model:m', owner: 'prices team' }, caller);
    await owners.put({ subject: 'model:m', owner: null }, caller);
    expect(await owners.ownerOf(caller.workspace, 'model:m')).toBeNull();
    const { items } = await audit.list({ action: 'owner.changed' }, caller);
    expect(items).toHaveLength(3);
    expect(items[0]?.detail).toMatchObject({ owner: null, was: { owner: 'prices team' } });
    await expect(owners.put({ subject: 'run:1', owner: 'x' }, caller)).rejects.toMatchObject({
      code: 'ownerSubjectInvalid',
    });
  });

  test('of two who write over one state one wins and the other is told', async () => {
    const { owners, caller } = openOwners((await open()).db);
    const tries = await Promise.allSettled(
      ['a', 'b', 'c'].map((owner) => owners.put({ subject: 'endpoint:e', owner, since: null }, caller)),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of tries)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'ownerChanged' });
  });

  test('they are found by owner, consumer and kind, in pages', async () => {
    const { owners, caller } = openOwners((await open()).db);
    for (const name of ['a', 'b', 'c'])
      await owners.put({ subject: `model:${name}`, owner: 'team 1', consumers: ['shop'] }, caller);
    await owners.put({ subject: 'endpoint:z', owner: 'team 1', consumers: ['say "shop"', 'shop 2'] }, caller);
    await owners.put({ subject: 'model:d', owner: 'team 2' }, caller);
    const names = async (filter: object) =>
      (await owners.list(filter, caller)).items.map(({ subject }) => subject);
    expect(await names({ owner: 'team 1' })).toEqual(['endpoint:z', 'model:a', 'model:b', 'model:c']);
    expect(await names({ owner: 'team 1', kind: 'endpoint' })).toEqual(['endpoint:z']);
    expect(await names({ consumer: 'shop' })).toEqual(['model:a', 'model:b', 'model:c']);
    expect(await names({ consumer: 'say "shop"' })).toEqual(['endpoint:z']);
    const first = await owners.list({ limit: 3 }, caller);
    const rest = await owners.list({ limit: 3, cursor: first.nextCursor ?? '' }, caller);
    expect([...first.items, ...rest.items]).toHaveLength(5);
    expect(rest.nextCursor).toBeNull();
  });

  test('who calls an endpoint is counted, over restarts', async () => {
    const { db } = await open();
    const { owners, caller } = openOwners(db);
    const shop = { ...caller, actor: 'token:shop' };
    for (let n = 0; n < 3; n += 1) owners.noteCall('forecast', shop);
    owners.noteCall('other', caller);
    await owners.stop();
    owners.noteCall('forecast', caller);
    owners.noteCall('forecast', shop);
    const { callers } = await owners.get({ subject: 'endpoint:forecast' }, caller);
    expect(callers.map(({ actor, requests }) => [actor, requests]).sort()).toEqual([
      ['token:shop', 4],
      ['user:ada', 1],
    ]);
    expect((await owners.get({ subject: 'model:forecast' }, caller)).callers).toEqual([]);
  });

  test('calls that could not be written down are counted with the next ones', async () => {
    const { db } = await open();
    const { owners, caller } = openOwners(db);
    owners.noteCall('forecast', caller);
    await db.schema.alterTable('endpoint_callers').renameTo('endpoint_callers_away').execute();
    const flushed = owners.get({ subject: 'endpoint:forecast' }, caller);
    owners.noteCall('forecast', caller);
    await expect(flushed).rejects.toThrow(/endpoint_callers/);
    await db.schema.alterTable('endpoint_callers_away').renameTo('endpoint_callers').execute();
    await owners.stop();
    const { callers } = await owners.get({ subject: 'endpoint:forecast' }, caller);
    expect(callers).toMatchObject([{ actor: 'user:ada', requests: 2 }]);
  });

  test('a renamed model keeps its owner', async () => {
    const { owners, changes, caller } = openOwners((await open()).db);
    await owners.put({ subject: 'model:old', owner: 'me' }, caller);
    await changes.run(caller, (tx) => owners.renameIn(tx, caller.workspace, 'old', 'new'));
    expect(await owners.ownerOf(caller.workspace, 'model:new')).toBe('me');
  });
});

describe('owners', () => {
  test('by HTTP only what is there has one, and a model’s card shows it', async () => {
    const platform = await createTestPlatform();
    const { services, caller } = platform;
    const put = (payload: object) =>
      platform.http.inject({
        method: 'PUT',
        url: '/api/v1/ownership',
        payload,
        headers: { host: 'localhost' },
      });
    try {
      await services.registry.create({ name: 'my model' }, caller);
      expect((await put({ subject: 'model:"my model"', owner: 'prices team' })).json()).toMatchObject({
        owner: 'prices team',
      });
      expect((await services.cards.getText({ name: 'my model' }, caller)).owner).toBe('prices team');
      await services.cards.putText({ name: 'my model', owner: 'prices team', limits: 'few' }, caller);
      await put({ subject: 'model:"my model"', owner: 'user:ben' });
      expect((await services.cards.getText({ name: 'my model' }, caller)).owner).toBe('user:ben');
      expect((await put({ subject: 'model:none', owner: 'x' })).json().error.code).toBe('modelNotFound');
      expect((await put({ subject: 'endpoint:none', owner: 'x' })).json().error.code).toBe(
        'endpointNotFound',
      );
      expect((await put({ subject: 'model:"my model"', owner: ' ' })).json().error.code).toBe(
        'requestInvalid',
      );
    } finally {
      await platform.close();
    }
  });
});

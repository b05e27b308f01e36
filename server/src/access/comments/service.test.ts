import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { systemClock } from '../../base/clock.ts';
import { createLogger } from '../../base/logger.ts';
import { createEvents } from '../../platform/events/service.ts';
import { describeEachDatabase } from '../../testing/each-database.ts';
import { createTestPlatform } from '../../testing/platform.ts';
import { createAudit, createChanges } from '../audit/service.ts';
import { mentionsOf } from './rules.ts';
import { createComments } from './service.ts';

const logger = createLogger('silent');
let workspaces = 0;

function openComments(db: Db) {
  const workspace = `talk${workspaces++}`;
  const by = (actor: string, role: Caller['role'] = 'editor'): Caller => ({ actor, role, workspace });
  const events = createEvents({ db, clock: systemClock, logger });
  const changes = createChanges({ db, clock: systemClock, events });
  const comments = createComments({
    ...{ db, clock: systemClock, changes },
    subjects: { model: async (reference) => `model:${reference.replace('@champion', '@2')}` },
  });
  const audit = createAudit({ db, clock: systemClock, logger });
  return { comments, changes, by, audit, ada: by('user:ada'), ben: by('user:ben') };
}

describeEachDatabase('comments', (open) => {
  test('a thread is read in pages, oldest first, whatever reference names the thing', async () => {
    const { comments, ada, ben } = openComments((await open()).db);
    for (let n = 0; n < 5; n += 1)
      await comments.create({ subject: 'model:m@champion', text: `no. ${n}` }, n % 2 ? ada : ben);
    await comments.create({ subject: 'model:m@3', text: 'elsewhere' }, ada);
    const first = await comments.list({ subject: 'model:m@2', limit: 3 }, ada);
    const rest = await comments.list({ subject: 'model:m@2', limit: 3, cursor: first.nextCursor ?? '' }, ada);
    expect([...first.items, ...rest.items].map(({ text }) => text)).toEqual(
      [0, 1, 2, 3, 4].map((n) => `no. ${n}`),
    );
    expect(rest.nextCursor).toBeNull();
    const other = openComments((await open()).db);
    expect((await other.comments.list({ subject: 'model:m@2' }, other.ada)).items).toEqual([]);
    await expect(comments.create({ subject: 'run:1', text: 'no' }, ada)).rejects.toThrow(/no thread.*model/);
  });

  test('its author edits and deletes it, an admin deletes it, nobody else', async () => {
    const { comments, by, ada, ben } = openComments((await open()).db);
    const admin = by('user:root', 'admin');
    const write = (text: string) => comments.create({ subject: 'model:m@1', text }, ada);
    const comment = await write('hm, @ben?');
    expect(comment.mentions).toEqual(['ben']);
    const { id } = comment;
    for (const other of [ben, admin])
      await expect(comments.update({ id, text: 'mine' }, other)).rejects.toMatchObject({
        code: 'commentNotYours',
      });
    await expect(comments.delete({ id }, ben)).rejects.toMatchObject({ code: 'commentNotYours' });
    expect(await comments.update({ id, text: 'better' }, ada)).toMatchObject({
      text: 'better',
      revision: 2,
      mentions: [],
    });
    expect(await comments.delete({ id }, ada)).toMatchObject({ text: '', deletedBy: 'user:ada' });
    expect(await comments.delete({ id: (await write('again')).id }, admin)).toMatchObject({
      deletedBy: 'user:root',
    });
    await expect(comments.update({ id, text: 'back' }, ada)).rejects.toMatchObject({
      code: 'commentNotFound',
    });
    const { items } = await comments.list({ subject: 'model:m@1' }, ben);
    expect(items.map(({ text, deletedAt }) => [text, deletedAt !== null])).toEqual([
      ['', true],
      ['', true],
    ]);
  });

  test('of two edits of one text one wins and the other is told', async () => {
    const { comments, ada } = openComments((await open()).db);
    const { id } = await comments.create({ subject: 'model:m@1', text: 'a' }, ada);
    const edits = await Promise.allSettled(
      ['b', 'c', 'd'].map((text) => comments.update({ id, text, revision: 1 }, ada)),
    );
    expect(edits.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const edit of edits)
      if (edit.status === 'rejected') expect(edit.reason).toMatchObject({ code: 'commentChanged' });
  });

  test('the audit says who wrote about what, not what, so that a deleted text is gone', async () => {
    const { comments, audit, ada } = openComments((await open()).db);
    const { id } = await comments.create({ subject: 'model:m@1', text: 'secret words' }, ada);
    await comments.update({ id, text: 'other words' }, ada);
    await comments.delete({ id }, ada);
    const { items } = await audit.list({ subject: 'model:m@1' }, ada);
    expect(items.map(({ action }) => action)).toEqual([
      'comment.deleted',
      'comment.edited',
      'comment.created',
    ]);
    expect(JSON.stringify(items)).not.toContain('words');
  });

  test('a renamed model keeps its threads', async () => {
    const { comments, changes, ada } = openComments((await open()).db);
    await comments.create({ subject: 'model:old@1', text: 'one' }, ada);
    await comments.create({ subject: 'model:older@1', text: 'another model' }, ada);
    await changes.run(ada, (tx) => comments.renameIn(tx, ada.workspace, 'old', 'new'));
    const texts = async (subject: string) =>
      (await comments.list({ subject }, ada)).items.map(({ text }) => text);
    expect(await texts('model:new@1')).toEqual(['one']);
    expect(await texts('model:old@1')).toEqual([]);
    expect(await texts('model:older@1')).toEqual(['another model']);
  });
});

describe('comments', () => {
  test('mentions are names behind an @, not addresses and not code', () => {
    expect(mentionsOf('@ada and @user:ben, see @ada. Not a@b.c, `@code` or ```\n@more\n```')).toEqual([
      'ada',
      'ben',
    ]);
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const name of mentionsOf(text))
          expect(text).toMatch(new RegExp(`@(user:)?${name.replaceAll('.', '\\.')}`));
      }),
    );
  });

  test('by HTTP only what is there has a thread', async () => {
    const platform = await createTestPlatform();
    const post = (subject: string, text = 'hello') =>
      platform.http.inject({
        method: 'POST',
        url: '/api/v1/comments',
        payload: { subject, text },
        headers: { host: 'localhost' },
      });
    try {
      expect((await post('model:nothing@1')).json().error.code).toBe('modelNotFound');
      expect((await post('endpoint:nothing')).json().error.code).toBe('endpointNotFound');
      expect((await post('alert:nothing')).json().error.code).toBe('alertNotFound');
      expect((await post('dataset:prices@1')).json().error.code).toBe('commentSubjectInvalid');
      expect((await post('__proto__:x')).statusCode).toBe(400);
      expect((await post('model:m@1', '  ')).json().error.code).toBe('requestInvalid');
    } finally {
      await platform.close();
    }
  });
});

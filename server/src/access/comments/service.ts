import type { Comment, commentsEndpoints, Input, Page } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { digestOf } from '../../base/digest-of.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { parseUri, toUri } from '../../base/references.ts';
import type { Changes } from '../audit/service.ts';
import { mayDelete, mayEdit, mentionsOf } from './rules.ts';
import { commentStore } from './store.ts';

/** Says the uri that a reference of a kind stands for (`champion` is a version), or fails as its domain does. */
export type ResolveSubject = (reference: string, caller: Caller) => Promise<string>;

export interface CommentsDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly changes: Changes;
  /** By kind of uri: what can be commented on. */
  readonly subjects: Readonly<Record<string, ResolveSubject>>;
}

type Contract = typeof commentsEndpoints;

/** A thread for each thing that people talk about. The audit keeps that somebody wrote, and the digest of what, not the text. */
export function createComments({ db, clock, changes, subjects }: CommentsDependencies) {
  async function resolve(uri: string, caller: Caller): Promise<string> {
    const { kind, reference } = parseUri(uri);
    const known = Object.hasOwn(subjects, kind) ? subjects[kind] : undefined;
    if (!known) throw errors.commentSubjectInvalid({ subject: uri, kinds: Object.keys(subjects).join(', ') });
    return known(reference, caller);
  }

  async function get(id: string, { workspace }: Caller): Promise<Comment> {
    const found = await commentStore(db).find(workspace, id);
    if (!found || found.deletedAt !== null) throw errors.commentNotFound({ id });
    return found;
  }

  return {
    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<Comment>> {
      const { cursor, limit = defaultPageSize } = input;
      const subject = await resolve(input.subject, caller);
      const after = cursor === undefined ? undefined : decodeCursor(cursor, isText);
      const rows = await commentStore(db).list(caller.workspace, subject, { after, limit: limit + 1 });
      return toPage(rows, limit, ({ id }) => id);
    },

    /** @throws commentSubjectInvalid, and what says that the thing is not there */
    async create({ text, ...input }: Input<Contract['create']>, caller: Caller): Promise<Comment> {
      const subject = await resolve(input.subject, caller);
      const comment: Comment = {
        ...{ id: newId('comment'), subject, author: caller.actor, text },
        ...{ mentions: mentionsOf(text), revision: 1, createdAt: clock.now() },
        ...{ editedAt: null, deletedAt: null, deletedBy: null },
      };
      await changes.run(caller, async (tx, record) => {
        await commentStore(tx).insert(caller.workspace, comment);
        record({ action: 'comment.created', subject, detail: detailOf(comment) });
      });
      return comment;
    },

    /** @throws commentNotFound, commentNotYours, commentChanged */
    async update(input: Input<Contract['update']>, caller: Caller): Promise<Comment> {
      const { id, text, revision } = input;
      const before = await get(id, caller);
      if (!mayEdit(before, caller)) throw errors.commentNotYours({ id, author: before.author });
      const comment = {
        ...{ ...before, text, mentions: mentionsOf(text) },
        ...{ revision: (revision ?? before.revision) + 1, editedAt: clock.now() },
      };
      await changes.run(caller, async (tx, record) => {
        if (!(await commentStore(tx).edit(caller.workspace, comment))) throw errors.commentChanged({ id });
        record({ action: 'comment.edited', subject: comment.subject, detail: detailOf(comment) });
      });
      return comment;
    },

    /** @throws commentNotFound, commentNotYours */
    async delete({ id }: Input<Contract['delete']>, caller: Caller): Promise<Comment> {
      const before = await get(id, caller);
      if (!mayDelete(before, caller)) throw errors.commentNotYours({ id, author: before.author });
      const at = clock.now();
      await changes.run(caller, async (tx, record) => {
        if (!(await commentStore(tx).clear(caller.workspace, id, at, caller.actor)))
          throw errors.commentNotFound({ id });
        const detail = { comment: id, author: before.author };
        record({ action: 'comment.deleted', subject: before.subject, detail });
      });
      return { ...before, text: '', mentions: [], deletedAt: at, deletedBy: caller.actor };
    },

    /** A renamed model keeps its threads. */
    renameIn: (tx: Db, workspace: string, name: string, to: string): Promise<void> =>
      commentStore(tx).moveSubjects(workspace, `${toUri('model', name)}@`, `${toUri('model', to)}@`),
  };
}

export type Comments = ReturnType<typeof createComments>;

const detailOf = ({ id, text, mentions, revision }: Comment) => ({
  comment: id,
  revision,
  mentions,
  sha256: digestOf(text),
});

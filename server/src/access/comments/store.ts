import type { Comment } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { AccessTables } from '../../adapters/db/tables/access.ts';

/** Above every character that a uri may hold. */
const beyond = '\u{10ffff}';

export const commentStore = (db: Db) => {
  const ofWorkspace = (workspace: string) =>
    db.selectFrom('comments').selectAll().where('workspace', '=', workspace);
  const change = (workspace: string, id: string) =>
    db.updateTable('comments').where('workspace', '=', workspace).where('id', '=', id);

  return {
    async insert(workspace: string, comment: Comment): Promise<void> {
      const { id, subject, author, text, mentions, revision, createdAt } = comment;
      await db
        .insertInto('comments')
        .values({
          ...{ id, workspace, subject, author, text, revision },
          mentions: json(mentions),
          created_at: createdAt,
          edited_at: null,
          deleted_at: null,
          deleted_by: null,
        })
        .execute();
    },

    async find(workspace: string, id: string): Promise<Comment | null> {
      const row = await ofWorkspace(workspace).where('id', '=', id).executeTakeFirst();
      return row ? toComment(row) : null;
    },

    /** Oldest first: ids grow with time. */
    async list(
      workspace: string,
      subject: string,
      { after, limit }: { readonly after?: string | undefined; readonly limit: number },
    ): Promise<Comment[]> {
      let query = ofWorkspace(workspace).where('subject', '=', subject);
      if (after !== undefined) query = query.where('id', '>', after);
      return (await query.orderBy('id').limit(limit).execute()).map(toComment);
    },

    /** False when it was edited or deleted since that revision. */
    async edit(workspace: string, { id, text, mentions, revision, editedAt }: Comment): Promise<boolean> {
      const { numUpdatedRows } = await change(workspace, id)
        .set({ text, mentions: json(mentions), revision, edited_at: editedAt })
        .where('revision', '=', revision - 1)
        .where('deleted_at', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    /** Its text goes; false when it was gone. */
    async clear(workspace: string, id: string, at: number, by: string): Promise<boolean> {
      const { numUpdatedRows } = await change(workspace, id)
        .set({ text: '', mentions: '[]', deleted_at: at, deleted_by: by })
        .where('deleted_at', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    /** What is about versions of one model is about those of another name. */
    async moveSubjects(workspace: string, before: string, after: string): Promise<void> {
      const rows = await db
        .selectFrom('comments')
        .select('subject')
        .distinct()
        .where('workspace', '=', workspace)
        .where('subject', '>=', before)
        .where('subject', '<', before + beyond)
        .execute();
      for (const { subject } of rows)
        await db
          .updateTable('comments')
          .set({ subject: after + subject.slice(before.length) })
          .where('workspace', '=', workspace)
          .where('subject', '=', subject)
          .execute();
    },
  };
};

const toComment = (row: Selectable<AccessTables['comments']>): Comment => ({
  id: row.id,
  subject: row.subject,
  author: row.author,
  text: row.text,
  mentions: parseJson(row.mentions),
  revision: row.revision,
  createdAt: row.created_at,
  editedAt: row.edited_at,
  deletedAt: row.deleted_at,
  deletedBy: row.deleted_by,
});

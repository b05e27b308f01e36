import type { EventSink } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { StoredSink } from './rules.ts';

export const sinkStore = (db: Db) => ({
  async put({ workspace, endpoint, url, mode, content, hasSecret, ...when }: StoredSink): Promise<void> {
    const changing = {
      ...{ url, mode, content, has_secret: Number(hasSecret) },
      ...{ updated_at: when.updatedAt, updated_by: when.updatedBy },
    };
    await db
      .insertInto('event_sinks')
      .values({ workspace, endpoint, created_at: when.createdAt, ...changing })
      .onConflict((conflict) => conflict.columns(['workspace', 'endpoint']).doUpdateSet(changing))
      .execute();
  },

  async listAll(): Promise<StoredSink[]> {
    const rows = await db.selectFrom('event_sinks').selectAll().execute();
    return rows.map((row) => ({
      ...{ workspace: row.workspace, endpoint: row.endpoint, url: row.url, hasSecret: row.has_secret === 1 },
      mode: row.mode as EventSink['mode'],
      content: row.content as EventSink['content'],
      ...{ createdAt: row.created_at, updatedAt: row.updated_at, updatedBy: row.updated_by },
    }));
  },

  async find(workspace: string, endpoint: string): Promise<StoredSink | null> {
    const all = await this.listAll();
    return all.find((sink) => sink.workspace === workspace && sink.endpoint === endpoint) ?? null;
  },

  async delete(workspace: string, endpoint: string): Promise<boolean> {
    const { numDeletedRows } = await db
      .deleteFrom('event_sinks')
      .where('workspace', '=', workspace)
      .where('endpoint', '=', endpoint)
      .executeTakeFirst();
    return numDeletedRows > 0n;
  },
});

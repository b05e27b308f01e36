import { type Db, insertRows, json, lockOutbox, parseJson, type Tx } from '../../adapters/db/db.ts';

export interface StoredEvent {
  readonly id: number;
  readonly workspace: string;
  readonly kind: string;
  readonly subject: string;
  readonly actor: string;
  readonly payload: Record<string, unknown>;
  readonly createdAt: number;
}

export type NewEvent = Omit<StoredEvent, 'id'>;

export const eventStore = (db: Db) => ({
  async append(events: readonly NewEvent[]): Promise<void> {
    if (events.length === 0) return;
    await lockOutbox(db as Tx);
    const rows = events.map(({ workspace, kind, subject, actor, payload, createdAt }) => [
      workspace,
      kind,
      subject,
      actor,
      json(payload),
      createdAt,
    ]);
    await insertRows(db, 'insert into outbox (workspace, kind, subject, actor, payload, created_at)', rows);
  },

  async listAfter(id: number, limit: number): Promise<StoredEvent[]> {
    const rows = await db
      .selectFrom('outbox')
      .selectAll()
      .where('id', '>', id)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      workspace: row.workspace,
      kind: row.kind,
      subject: row.subject,
      actor: row.actor,
      payload: parseJson(row.payload),
      createdAt: row.created_at,
    }));
  },

  async lastId(): Promise<number> {
    const row = await db.selectFrom('outbox').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
    return row?.id ?? 0;
  },

  async findCursor(listener: string): Promise<number | null> {
    const row = await db
      .selectFrom('event_cursors')
      .select('last_id')
      .where('listener', '=', listener)
      .executeTakeFirst();
    return row?.last_id ?? null;
  },

  async saveCursor(listener: string, id: number, now: number): Promise<void> {
    await db
      .insertInto('event_cursors')
      .values({ listener, last_id: id, updated_at: now })
      .onConflict((conflict) => conflict.column('listener').doUpdateSet({ last_id: id, updated_at: now }))
      .execute();
  },
});

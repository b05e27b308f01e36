import type { AuditEntry } from '@tidemill/contract';
import { type Db, insertRows, json, parseJson } from '../../adapters/db/db.ts';

export interface NewAuditEntry {
  readonly workspace: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Record<string, unknown>;
  readonly at: number;
}

export const auditStore = (db: Db) => ({
  async append(entries: readonly NewAuditEntry[]): Promise<void> {
    const rows = entries.map(({ workspace, actor, action, subject, detail, at }) => [
      workspace,
      actor,
      action,
      subject,
      json(detail),
      at,
    ]);
    await insertRows(db, 'insert into audit (workspace, actor, action, subject, detail, created_at)', rows);
  },

  async list(filter: {
    workspace: string;
    subject?: string | undefined;
    action?: string | undefined;
    before?: number | undefined;
    limit: number;
  }): Promise<AuditEntry[]> {
    let query = db.selectFrom('audit').selectAll().where('workspace', '=', filter.workspace);
    if (filter.subject) query = query.where('subject', '=', filter.subject);
    if (filter.action) query = query.where('action', '=', filter.action);
    if (filter.before !== undefined) query = query.where('id', '<', filter.before);
    const rows = await query.orderBy('id', 'desc').limit(filter.limit).execute();
    return rows.map((row) => ({
      id: row.id,
      at: row.created_at,
      actor: row.actor,
      action: row.action,
      subject: row.subject,
      detail: parseJson(row.detail),
    }));
  },
});

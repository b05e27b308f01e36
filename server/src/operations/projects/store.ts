import type { ProjectDefinition } from '@tidemill/contract';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';

export const projectStore = (db: Db) => ({
  async find(workspace: string, name: string): Promise<ProjectDefinition | null> {
    const row = await db
      .selectFrom('projects')
      .select('definition')
      .where('workspace', '=', workspace)
      .where('name', '=', name)
      .executeTakeFirst();
    return row ? parseJson(row.definition) : null;
  },

  async save(workspace: string, definition: ProjectDefinition, now: number, actor: string): Promise<void> {
    const row = { definition: json(definition), applied_at: now, applied_by: actor };
    await db
      .insertInto('projects')
      .values({ workspace, name: definition.name, ...row })
      .onConflict((conflict) => conflict.columns(['workspace', 'name']).doUpdateSet(row))
      .execute();
  },

  /** Oldest first. */
  async list(workspace: string): Promise<ProjectDefinition[]> {
    const rows = await db
      .selectFrom('projects')
      .select('definition')
      .where('workspace', '=', workspace)
      .orderBy('name')
      .execute();
    return rows.map((row) => parseJson(row.definition));
  },
});

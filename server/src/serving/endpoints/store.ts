import type { EndpointRevision } from '@tidemill/contract';
import type { Selectable } from 'kysely';
import { type Db, json, parseJson } from '../../adapters/db/db.ts';
import type { EndpointRevisionsTable, EndpointsTable } from '../../adapters/db/tables/endpoints.ts';
import { formatReference, toUri } from '../../base/references.ts';
import { completed, type Definition, type Forced } from './rules.ts';

export interface StoredEndpoint {
  readonly workspace: string;
  readonly name: string;
  readonly liveRevision: number;
  readonly forced: Forced | null;
  readonly isDeleted: boolean;
}

export const endpointStore = (db: Db) => {
  const revisions = (workspace: string, endpoint: string) =>
    db
      .selectFrom('endpoint_revisions')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('endpoint', '=', endpoint);

  return {
    async find(workspace: string, name: string): Promise<StoredEndpoint | null> {
      const row = await db
        .selectFrom('endpoints')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .executeTakeFirst();
      return row ? toEndpoint(row) : null;
    },

    async listAll(): Promise<StoredEndpoint[]> {
      const rows = await db.selectFrom('endpoints').selectAll().where('deleted_at', 'is', null).execute();
      return rows.map(toEndpoint);
    },

    async list(workspace: string, after: string | undefined, limit: number): Promise<StoredEndpoint[]> {
      let query = db
        .selectFrom('endpoints')
        .selectAll()
        .where('workspace', '=', workspace)
        .where('deleted_at', 'is', null);
      if (after !== undefined) query = query.where('name', '>', after);
      return (await query.orderBy('name').limit(limit).execute()).map(toEndpoint);
    },

    async findRevision(workspace: string, endpoint: string, revision: number, live: number) {
      const row = await revisions(workspace, endpoint).where('revision', '=', revision).executeTakeFirst();
      return row ? toRevision(row, live) : null;
    },

    async listRevisions(
      workspace: string,
      endpoint: string,
      options: { live: number; before?: number | undefined; limit: number },
    ): Promise<EndpointRevision[]> {
      let query = revisions(workspace, endpoint);
      if (options.before !== undefined) query = query.where('revision', '<', options.before);
      const rows = await query.orderBy('revision', 'desc').limit(options.limit).execute();
      return rows.map((row) => toRevision(row, options.live));
    },

    /** Numbers go on counting, also over a deletion. */
    async insertRevision(revision: {
      workspace: string;
      endpoint: string;
      definition: Definition;
      reason: string;
      now: number;
      actor: string;
    }): Promise<EndpointRevision> {
      const last = await revisions(revision.workspace, revision.endpoint)
        .clearSelect()
        .select((select) => select.fn.max('revision').as('last'))
        .executeTakeFirst();
      const row = {
        workspace: revision.workspace,
        endpoint: revision.endpoint,
        revision: Number(last?.last ?? 0) + 1,
        definition: json(revision.definition),
        reason: revision.reason,
        created_at: revision.now,
        created_by: revision.actor,
      };
      await db.insertInto('endpoint_revisions').values(row).execute();
      return toRevision(row, row.revision);
    },

    async setLive(workspace: string, name: string, revision: number, now: number): Promise<void> {
      await db
        .insertInto('endpoints')
        .values({
          workspace,
          name,
          live_revision: revision,
          fallback_forced: 0,
          fallback_reason: null,
          fallback_step: 0,
          created_at: now,
          deleted_at: null,
        })
        .onConflict((conflict) =>
          conflict.columns(['workspace', 'name']).doUpdateSet({ live_revision: revision, deleted_at: null }),
        )
        .execute();
    },

    async setForced(workspace: string, name: string, forced: Forced | null): Promise<void> {
      await db
        .updateTable('endpoints')
        .set({
          fallback_forced: forced === null ? 0 : 1,
          fallback_reason: forced?.reason ?? null,
          fallback_step: forced?.step ?? 0,
        })
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .execute();
    },

    async delete(workspace: string, name: string, now: number): Promise<void> {
      await db
        .updateTable('endpoints')
        .set({ deleted_at: now, fallback_forced: 0, fallback_reason: null })
        .where('workspace', '=', workspace)
        .where('name', '=', name)
        .execute();
    },
  };
};

const toEndpoint = (row: Selectable<EndpointsTable>): StoredEndpoint => ({
  workspace: row.workspace,
  name: row.name,
  liveRevision: row.live_revision,
  forced: row.fallback_forced === 1 ? { reason: row.fallback_reason ?? '', step: row.fallback_step } : null,
  isDeleted: row.deleted_at !== null,
});

const toRevision = (row: Selectable<EndpointRevisionsTable>, live: number): EndpointRevision => ({
  ...completed(parseJson<Definition>(row.definition)),
  endpoint: row.endpoint,
  revision: row.revision,
  uri: toUri('endpoint', formatReference(row.endpoint, row.revision)),
  live: row.revision === live,
  reason: row.reason,
  createdAt: row.created_at,
  createdBy: row.created_by,
});

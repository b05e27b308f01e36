import type { LineageEdge } from '@tidemill/contract';
import { type Db, insertRows } from '../../adapters/db/db.ts';
import { groupsOf } from '../../base/in-parallel.ts';

export interface LineageNode {
  readonly workspace: string;
  readonly uri: string;
  readonly kind: string;
  readonly digest: string | null;
  readonly location: string | null;
}

interface Step {
  readonly via: string;
  readonly uri: string;
  readonly relation: string;
  readonly inUse: boolean;
}

export const lineageStore = (db: Db) => ({
  async saveNode(node: LineageNode, now: number): Promise<void> {
    const { workspace, uri, kind, digest, location } = node;
    await insertRows(
      db,
      'insert into lineage_nodes (workspace, uri, kind, digest, location, created_at)',
      [[workspace, uri, kind, digest, location, now]],
      `on conflict (workspace, uri) do update
        set digest = excluded.digest, location = excluded.location, deleted_at = null`,
    );
  },

  async findNode(workspace: string, uri: string): Promise<LineageNode | null> {
    const row = await db
      .selectFrom('lineage_nodes')
      .select(['workspace', 'uri', 'kind', 'digest', 'location'])
      .where('workspace', '=', workspace)
      .where('uri', '=', uri)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    return row ?? null;
  },

  /** What was recorded in a time, deleted since or not, in the order of their uris behind one. */
  async listNodes(
    workspace: string,
    { after, from, to }: { readonly after: string; readonly from: number; readonly to?: number | undefined },
    limit: number,
  ): Promise<{ readonly uri: string; readonly kind: string; readonly createdAt: number }[]> {
    let query = db
      .selectFrom('lineage_nodes')
      .select(['uri', 'kind', 'created_at as createdAt'])
      .where('workspace', '=', workspace)
      .where('uri', '>', after)
      .where('created_at', '>=', from);
    if (to !== undefined) query = query.where('created_at', '<=', to);
    return query.orderBy('uri').limit(limit).execute();
  },

  /** Of these, what was there once and is no more. */
  async listDeleted(workspace: string, uris: readonly string[]): Promise<string[]> {
    if (uris.length === 0) return [];
    const rows = await db
      .selectFrom('lineage_nodes')
      .select('uri')
      .where('workspace', '=', workspace)
      .where('uri', 'in', uris)
      .where('deleted_at', 'is not', null)
      .execute();
    return rows.map((row) => row.uri);
  },

  async deleteNodes(workspace: string, uris: readonly string[], now: number): Promise<void> {
    for (const some of groupsOf(uris, 500))
      await db
        .updateTable('lineage_nodes')
        .set({ deleted_at: now })
        .where('workspace', '=', workspace)
        .where('uri', 'in', some)
        .execute();
  },

  async saveEdges(
    workspace: string,
    edges: readonly Omit<LineageEdge, 'createdAt'>[],
    now: number,
  ): Promise<void> {
    if (edges.length === 0) return;
    await db
      .insertInto('lineage_edges')
      .values(
        edges.map((edge) => ({
          workspace,
          from_uri: edge.from,
          to_uri: edge.to,
          relation: edge.relation,
          created_at: now,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  },

  async listEdges(
    workspace: string,
    side: 'from_uri' | 'to_uri',
    uris: readonly string[],
    limit = 10_000,
  ): Promise<LineageEdge[]> {
    if (uris.length === 0) return [];
    const rows = await db
      .selectFrom('lineage_edges')
      .selectAll()
      .where('workspace', '=', workspace)
      .where(side, 'in', uris)
      .orderBy('created_at')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      from: row.from_uri,
      to: row.to_uri,
      relation: row.relation,
      createdAt: row.created_at,
    }));
  },

  /** One step downward: what came of the things, and who relies on them, in the order of the index: at most so many of each. */
  async listDependents(workspace: string, uris: readonly string[], limit: number): Promise<Step[]> {
    const came = await db
      .selectFrom('lineage_edges')
      .select(['to_uri as uri', 'from_uri as via', 'relation'])
      .where('workspace', '=', workspace)
      .where('from_uri', 'in', uris)
      .orderBy('from_uri')
      .orderBy('to_uri')
      .limit(limit)
      .execute();
    const rely = await db
      .selectFrom('lineage_holds')
      .select(['user_uri as uri', 'used_uri as via', 'reason as relation'])
      .where('workspace', '=', workspace)
      .where('used_uri', 'in', uris)
      .orderBy('used_uri')
      .orderBy('user_uri')
      .limit(limit)
      .execute();
    return [
      ...rely.map((step) => ({ ...step, inUse: true })),
      ...came.map((step) => ({ ...step, inUse: false })),
    ];
  },

  async saveHold(
    hold: { workspace: string; userUri: string; usedUri: string; reason: string },
    now: number,
  ): Promise<void> {
    await db
      .insertInto('lineage_holds')
      .values({
        workspace: hold.workspace,
        user_uri: hold.userUri,
        used_uri: hold.usedUri,
        reason: hold.reason,
        created_at: now,
      })
      .onConflict((conflict) =>
        conflict.columns(['workspace', 'user_uri', 'used_uri']).doUpdateSet({ reason: hold.reason }),
      )
      .execute();
  },

  async deleteHolds(workspace: string, userUri: string): Promise<void> {
    await db
      .deleteFrom('lineage_holds')
      .where('workspace', '=', workspace)
      .where('user_uri', '=', userUri)
      .execute();
  },

  async findUsed(
    workspace: string,
    uris: readonly string[],
    passing: readonly string[],
  ): Promise<Map<string, string>> {
    if (uris.length === 0) return new Map();
    const holds = await db
      .selectFrom('lineage_holds')
      .select(['used_uri as uri', 'user_uri as user'])
      .where('workspace', '=', workspace)
      .where('used_uri', 'in', uris)
      .execute();
    const edges = await db
      .selectFrom('lineage_edges')
      .innerJoin('lineage_nodes', (join) =>
        join
          .onRef('lineage_nodes.workspace', '=', 'lineage_edges.workspace')
          .onRef('lineage_nodes.uri', '=', 'lineage_edges.to_uri'),
      )
      .select(['from_uri as uri', 'to_uri as user', 'kind'])
      .where('lineage_edges.workspace', '=', workspace)
      .where('from_uri', 'in', uris)
      .where('deleted_at', 'is', null)
      .execute();
    const lasting = edges.filter(({ kind }) => !passing.includes(kind));
    return new Map([...lasting, ...holds].map(({ uri, user }) => [uri, user]));
  },

  /** Who holds any of the things, at most so many. */
  async listUsers(workspace: string, uris: readonly string[], limit: number): Promise<string[]> {
    const rows = await db
      .selectFrom('lineage_holds')
      .select('user_uri')
      .distinct()
      .where('workspace', '=', workspace)
      .where('used_uri', 'in', uris)
      .orderBy('user_uri')
      .limit(limit)
      .execute();
    return rows.map((row) => row.user_uri);
  },

  /** Models that are there, registered from a run that read any of the things, at most so many. */
  async listRegistered(workspace: string, uris: readonly string[], limit: number): Promise<string[]> {
    const rows = await db
      .selectFrom('lineage_edges as read')
      .innerJoin('lineage_edges as made', (join) =>
        join.onRef('made.workspace', '=', 'read.workspace').onRef('made.from_uri', '=', 'read.to_uri'),
      )
      .innerJoin('lineage_nodes as model', (join) =>
        join.onRef('model.workspace', '=', 'made.workspace').onRef('model.uri', '=', 'made.to_uri'),
      )
      .select('model.uri')
      .distinct()
      .where('read.workspace', '=', workspace)
      .where('read.from_uri', 'in', uris)
      .where('read.relation', '=', 'input')
      .where('made.relation', '=', 'registered')
      .where('model.deleted_at', 'is', null)
      .orderBy('model.uri')
      .limit(limit)
      .execute();
    return rows.map((row) => row.uri);
  },

  /** Holds on the thing itself and, for a name without version, on every version of it. */
  async listHolds(workspace: string, usedUri: string): Promise<{ userUri: string; usedUri: string }[]> {
    const upper = `${usedUri}A`; // '@' + 1: the range of everything that begins with `uri@`
    const rows = await db
      .selectFrom('lineage_holds')
      .select(['user_uri', 'used_uri'])
      .where('workspace', '=', workspace)
      .where((e) =>
        e.or([
          e('used_uri', '=', usedUri),
          e.and([e('used_uri', '>=', `${usedUri}@`), e('used_uri', '<', upper)]),
        ]),
      )
      .limit(20)
      .execute();
    return rows.map((row) => ({ userUri: row.user_uri, usedUri: row.used_uri }));
  },
});

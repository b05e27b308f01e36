import type { LineageEdge } from '@tidemill/contract';
import { type Db, lockKey, type Tx } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { groupsOf } from '../../base/in-parallel.ts';
import { parseUri } from '../../base/references.ts';
import { findImpact } from './impact.ts';
import { nameOf } from './rules.ts';
import { type LineageNode, lineageStore } from './store.ts';

const defaultDepth = 6;
/** Of some hundred things. */
const mostEdges = 100_000;

interface Use {
  readonly uri: string;
  readonly reason: string;
}

interface UsersOptions {
  readonly limit: number;
  /** 1 = only who holds the thing itself. */
  readonly depth?: number;
  readonly skip?: ReadonlySet<string>;
}

/**
 * The directory of everything that has a uri: what it came from, what came of it and who uses it now.
 * Domains write to it in their own transactions, downward; resolving and deleting ask it.
 */
export function createLineage({ db, clock }: { readonly db: Db; readonly clock: Clock }) {
  /** Walks one direction level by level; a thing met twice is not walked twice. */
  async function walk(
    workspace: string,
    uri: string,
    side: 'from_uri' | 'to_uri',
    depth: number,
  ): Promise<LineageEdge[]> {
    const found: LineageEdge[] = [];
    const met = new Set([uri]);
    let level = [uri];
    for (let i = 0; i < depth && level.length > 0; i++) {
      const edges = await lineageStore(db).listEdges(workspace, side, level);
      found.push(...edges);
      level = [...new Set(edges.map((edge) => (side === 'to_uri' ? edge.from : edge.to)))].filter(
        (next) => !met.has(next),
      );
      for (const next of level) met.add(next);
    }
    return found;
  }

  /** In the order of names, so that of two who want the same none waits for the other; then those that are gone. */
  async function lockAll(tx: Db, workspace: string, uris: readonly string[]): Promise<string[]> {
    for (const name of [...new Set(uris.map(nameOf))].sort()) await lockUses(tx, workspace, name);
    return lineageStore(tx).listDeleted(workspace, uris);
  }

  async function holdAll(tx: Db, workspace: string, userUri: string, uses: readonly Use[]): Promise<void> {
    for (const { uri, reason } of uses)
      await lineageStore(tx).saveHold({ workspace, userUri, usedUri: uri, reason }, clock.now());
  }

  return {
    recordNode: (tx: Db, node: LineageNode) => lineageStore(tx).saveNode(node, clock.now()),
    recordEdges: (tx: Db, workspace: string, edges: readonly Omit<LineageEdge, 'createdAt'>[]) =>
      lineageStore(tx).saveEdges(workspace, edges, clock.now()),
    /** Of what is deleted at the same time it may be one of nothing: whoever looked a thing up says `holdThere`. */
    hold: (tx: Db, hold: { workspace: string; userUri: string; usedUri: string; reason: string }) =>
      lineageStore(tx).saveHold(hold, clock.now()),
    /**
     * Holds of one user on things that must be there; until this transaction ends, none of them is deleted.
     * @throws usedGone naming what was deleted since it was looked up
     */
    async holdThere(tx: Db, workspace: string, userUri: string, uses: readonly Use[]): Promise<void> {
      const [gone] = await lockAll(
        tx,
        workspace,
        uses.map(({ uri }) => uri),
      );
      if (gone !== undefined) throw errors.usedGone({ what: gone, user: userUri });
      await holdAll(tx, workspace, userUri, uses);
    },
    /** The same for a user who can do without: of what was deleted there is no hold. */
    async holdIfThere(tx: Db, workspace: string, userUri: string, uses: readonly Use[]): Promise<void> {
      const gone = await lockAll(
        tx,
        workspace,
        uses.map(({ uri }) => uri),
      );
      await holdAll(
        tx,
        workspace,
        userUri,
        uses.filter(({ uri }) => !gone.includes(uri)),
      );
    },
    release: (tx: Db, workspace: string, userUri: string) => lineageStore(tx).deleteHolds(workspace, userUri),
    /** They are gone as things to be found; what they came from and what came of them stays told. */
    deleteNodes: (tx: Db, workspace: string, uris: readonly string[]) =>
      lineageStore(tx).deleteNodes(workspace, uris, clock.now()),
    /** Those of the things that somebody holds, or that something came of which is still there, each with one user.
     * What came of it counts unless it is of a kind that passes as it does. */
    findUsed: (tx: Db, workspace: string, uris: readonly string[], passing: readonly string[] = []) =>
      lineageStore(tx).findUsed(workspace, uris, passing),
    listNodes: (
      workspace: string,
      range: { readonly after: string; readonly from: number; readonly to?: number | undefined },
      limit: number,
    ) => lineageStore(db).listNodes(workspace, range, limit),
    listEdges: (workspace: string, side: 'from_uri' | 'to_uri', uris: readonly string[]) =>
      lineageStore(db).listEdges(workspace, side, uris, mostEdges),
    findNode: (workspace: string, uri: string) => lineageStore(db).findNode(workspace, uri),

    /** Whoever comes with `holdThere` waits. @throws inUse naming who holds the thing, or any version of it */
    async assertUnheld(tx: Db, workspace: string, uri: string): Promise<void> {
      await lockUses(tx, workspace, nameOf(uri));
      const holds = await lineageStore(tx).listHolds(workspace, uri);
      if (holds.length === 0) return;
      throw errors.inUse({ what: uri, users: [...new Set(holds.map((hold) => hold.userUri))].join(', ') });
    },

    /** Who holds this very thing, as the transaction sees it; at most 20. */
    async holdersIn(tx: Db, workspace: string, uri: string): Promise<string[]> {
      const holds = await lineageStore(tx).listHolds(workspace, uri);
      return holds.filter(({ usedUri }) => usedUri === uri).map(({ userUri }) => userUri);
    },

    /**
     * Who holds the thing, which models were registered from a run that read it, who holds those, and so on: all who
     * would notice, at most `limit` of them. Nothing is followed through what is to be skipped.
     */
    async users(
      workspace: string,
      uri: string,
      { limit, depth = 20, skip = new Set() }: UsersOptions,
    ): Promise<{ users: string[]; truncated: boolean }> {
      const met = new Set([uri]);
      let level = [uri];
      for (let i = 0; i < depth && level.length > 0 && met.size <= limit + 1; i++) {
        const fresh = new Set<string>();
        for (const group of groupsOf(level, 500)) {
          const holders = await lineageStore(db).listUsers(workspace, group, limit + 1);
          const models = await lineageStore(db).listRegistered(workspace, group, limit + 1);
          for (const user of [...holders, ...models]) if (!met.has(user) && !skip.has(user)) fresh.add(user);
        }
        for (const user of fresh) met.add(user);
        level = [...fresh];
      }
      const users = [...met].slice(1);
      return { users: users.slice(0, limit), truncated: users.length > limit };
    },

    impact: (input: { uri: string; limit?: number | undefined }, caller: Caller) =>
      findImpact(db, { ...input, uri: typed(input.uri) }, caller.workspace),

    async lineage(input: { uri: string; depth?: number | undefined }, caller: Caller) {
      const depth = input.depth ?? defaultDepth;
      typed(input.uri);
      return {
        uri: input.uri,
        upstream: await walk(caller.workspace, input.uri, 'to_uri', depth),
        downstream: await walk(caller.workspace, input.uri, 'from_uri', depth),
      };
    },
  };
}

/** Of `prices@3` nothing is recorded: that nothing depends on it would be believed. @throws referenceInvalid */
function typed(uri: string): string {
  parseUri(uri);
  return uri;
}

const lockUses = (tx: Db, workspace: string, name: string): Promise<void> =>
  lockKey(tx as Tx, `uses/${workspace}/${name}`);

export type Lineage = ReturnType<typeof createLineage>;

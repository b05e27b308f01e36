import type { AliasMove } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { formatReference, toUri } from '../../base/references.ts';
import { aliasStore } from './alias-store.ts';
import { holdersOf } from './lifecycle-rules.ts';
import { lifecycleStore } from './lifecycle-store.ts';
import { assertAlias } from './limits.ts';
import { describeAliases, getFacts, getModel } from './lookup.ts';
import { modelStore } from './model-store.ts';
import { isReservedAlias } from './rules.ts';

export interface AliasesDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly assertMayEnter: AssertMayEnter;
}

/** Governance's word on whether a version may be given an alias or a stage, in the transaction that gives it. */
export type AssertMayEnter = (
  tx: Db,
  workspace: string,
  version: { readonly model: string; readonly version: number },
  aliasOrStage: string,
) => Promise<void>;

export interface AliasKey {
  readonly name: string;
  readonly alias: string;
}

export interface AliasWish extends AliasKey {
  readonly version: number;
  readonly reason?: string | undefined;
  /** Where it must point now, for who means to move it from there. */
  readonly expected?: number | null;
}

function movedMeanwhile({ name, alias }: AliasKey, now: number | null): Error {
  const to = now === null ? 'nothing' : formatReference(name, now);
  return errors.aliasUnreverted({ model: name, alias, reason: `somebody moved it meanwhile, to ${to}` });
}

/** Names for versions. An alias bound to an endpoint follows its promotions and is set by them only. */
export function createAliases({ db, changes, clock, assertMayEnter }: AliasesDependencies) {
  async function assertUnbound(tx: Db, workspace: string, model: string, alias: string): Promise<void> {
    const endpoint = await aliasStore(tx).findBinding(workspace, model, alias);
    if (endpoint) throw errors.aliasBound({ model, alias, endpoint });
  }

  /** Who goes back from where it points must find it there. @throws aliasUnreverted */
  async function assertStill(
    tx: Db,
    workspace: string,
    { name, alias }: AliasKey,
    expected: number | null | undefined,
  ): Promise<void> {
    if (expected === undefined) return;
    const now = await aliasStore(tx).findAlias(workspace, name, alias);
    if (now !== expected) throw movedMeanwhile({ name, alias }, now);
  }

  /** For promotions, which write the audit row. Gives the version it pointed at before. */
  async function setAliasIn(
    tx: Db,
    workspace: string,
    model: string,
    alias: string,
    version: number,
    caller: Caller,
    reason = '',
  ): Promise<{ previous: number | null }> {
    assertAlias(alias);
    if (isReservedAlias(alias)) throw errors.aliasReserved({ alias });
    const store = aliasStore(tx);
    const { state } = await getFacts(tx, workspace, model, version);
    if (state === 'retired')
      throw errors.modelRetired({
        model: formatReference(model, version),
        what: `it cannot get the alias '${alias}'`,
      });
    const previous = await store.findAlias(workspace, model, alias);
    const move = { alias, number: version, reason, actor: caller.actor, at: clock.now() };
    if (previous !== version) await lifecycleStore(tx).insertMove(workspace, model, move);
    await store.saveAlias({
      workspace,
      model,
      alias,
      number: version,
      actor: caller.actor,
      now: clock.now(),
    });
    return { previous };
  }

  /** False when there was none. @throws aliasBound */
  async function removeAlias({ name, alias }: AliasKey, caller: Caller): Promise<boolean> {
    const { workspace } = caller;
    return changes.run(caller, async (tx, record) => {
      await modelStore(tx).lockModel(workspace, name);
      await getModel(tx, name, workspace);
      await assertUnbound(tx, workspace, name, alias);
      const version = await aliasStore(tx).findAlias(workspace, name, alias);
      if (version === null) return false;
      await aliasStore(tx).deleteAlias(workspace, name, alias);
      const move = { alias, number: null, reason: '', actor: caller.actor, at: clock.now() };
      await lifecycleStore(tx).insertMove(workspace, name, move);
      const detail = { name, alias, version: String(version) };
      record({ action: 'model.aliasDeleted', subject: toUri('model', name, version), detail });
      return true;
    });
  }

  return {
    setAliasIn,
    removeAlias,

    /** Where the alias points, and the endpoint it follows. */
    async findAlias({ name, alias }: AliasKey, workspace: string) {
      const store = aliasStore(db);
      return {
        number: await store.findAlias(workspace, name, alias),
        endpointUri: await store.findBinding(workspace, name, alias),
      };
    },

    /** From now on the alias follows this endpoint. @throws aliasBound when it follows another one */
    async bindAlias(
      tx: Db,
      workspace: string,
      model: string,
      alias: string,
      endpointUri: string,
    ): Promise<void> {
      if (isReservedAlias(alias)) throw errors.aliasReserved({ alias });
      const store = aliasStore(tx);
      await store.saveBinding({ workspace, model, alias, endpointUri });
      const bound = await store.findBinding(workspace, model, alias);
      if (bound !== endpointUri) throw errors.aliasBound({ model, alias, endpoint: bound ?? endpointUri });
    },

    /** Frees every alias that followed the endpoint; they keep pointing where they do. */
    unbindAliases: (tx: Db, workspace: string, endpointUri: string): Promise<void> =>
      aliasStore(tx).deleteBindings(workspace, endpointUri),

    /** @throws aliasBound when an endpoint moves it; governance asks for that */
    async setAlias(wish: AliasWish, caller: Caller): Promise<void> {
      const { name, alias, version, reason = '', expected } = wish;
      await changes.run(caller, async (tx, record) => {
        await modelStore(tx).lockModel(caller.workspace, name);
        await assertUnbound(tx, caller.workspace, name, alias);
        await assertStill(tx, caller.workspace, wish, expected);
        await assertMayEnter(tx, caller.workspace, { model: name, version }, alias);
        const { previous } = await setAliasIn(tx, caller.workspace, name, alias, version, caller, reason);
        const detail = { name, alias, version: String(version), previous, ...(reason && { reason }) };
        record({ action: 'model.aliasSet', subject: toUri('model', name, version), detail });
      });
    },

    /** The version it pointed at before, and where it points now. @throws aliasUnreverted */
    async findPrevious({ name, alias, from }: AliasKey & { from?: number | undefined }, workspace: string) {
      const model = await getModel(db, name, workspace);
      const current = model.aliases.find((each) => each.alias === alias)?.number ?? null;
      const holders = holdersOf(await lifecycleStore(db).listMoves(workspace, name, alias));
      if (from !== undefined && from !== current) throw movedMeanwhile({ name, alias }, current);
      const previous = holders.find((number) => number !== current);
      const refuse = (reason: string) => errors.aliasUnreverted({ model: name, alias, reason });
      if (previous === undefined) throw refuse('it has pointed at no other version');
      const found = await lifecycleStore(db).findStanding({ workspace, model: name, number: previous });
      if (!found || found.state === 'retired') {
        const before = formatReference(name, previous);
        const fate = found ? 'is retired' : 'was deleted';
        throw refuse(
          `${before}, where it pointed before, ${fate}; point it elsewhere: tidemill models alias set`,
        );
      }
      return { previous, current };
    },

    /** Newest first. */
    async listAliasMoves({ name, alias }: AliasKey, workspace: string): Promise<AliasMove[]> {
      await getModel(db, name, workspace);
      const moves = await lifecycleStore(db).listMoves(workspace, name, alias);
      return moves.map(({ number, at, ...move }) => ({ ...move, version: number, createdAt: at }));
    },

    /** @throws aliasNotFound */
    async deleteAlias(input: AliasKey, caller: Caller): Promise<Record<string, never>> {
      if (await removeAlias(input, caller)) return {};
      const model = await getModel(db, input.name, caller.workspace);
      throw errors.aliasNotFound({ model: input.name, alias: input.alias, known: describeAliases(model) });
    },
  };
}

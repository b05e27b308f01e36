import type { Input, RegisteredModel, registryEndpoints } from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { formatReference, toUri } from '../../base/references.ts';
import { describeAliases, findStored, getModel } from './lookup.ts';
import { isReservedAlias } from './rules.ts';
import { registryStore } from './store.ts';

export interface AliasesDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
}

type Contract = typeof registryEndpoints;

/** Names for versions. An alias bound to an endpoint follows its promotions and is set by them only. */
export function createAliases({ db, changes, clock }: AliasesDependencies) {
  async function assertUnbound(tx: Db, workspace: string, model: string, alias: string): Promise<void> {
    const endpoint = await registryStore(tx).findBinding(workspace, model, alias);
    if (endpoint) throw errors.aliasBound({ model, alias, endpoint });
  }

  /** For promotions: no audit row of its own, as the promotion writes one. Gives the version it pointed at before. */
  async function setAliasIn(
    tx: Db,
    workspace: string,
    model: string,
    alias: string,
    version: number,
    caller: Caller,
  ): Promise<{ previous: number | null }> {
    if (isReservedAlias(alias)) throw errors.aliasReserved({ alias });
    const store = registryStore(tx);
    await findStored(tx, formatReference(model, version), workspace);
    const previous = await store.findAlias(workspace, model, alias);
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

  return {
    setAliasIn,

    /** From now on the alias follows this endpoint. @throws aliasBound when it follows another one */
    async bindAlias(
      tx: Db,
      workspace: string,
      model: string,
      alias: string,
      endpointUri: string,
    ): Promise<void> {
      if (isReservedAlias(alias)) throw errors.aliasReserved({ alias });
      const store = registryStore(tx);
      await store.saveBinding({ workspace, model, alias, endpointUri });
      const bound = await store.findBinding(workspace, model, alias);
      if (bound !== endpointUri) throw errors.aliasBound({ model, alias, endpoint: bound ?? endpointUri });
    },

    /** Frees every alias that followed the endpoint; they keep pointing where they do. */
    unbindAliases: (tx: Db, workspace: string, endpointUri: string): Promise<void> =>
      registryStore(tx).deleteBindings(workspace, endpointUri),

    async setAlias(input: Input<Contract['setAlias']>, caller: Caller): Promise<RegisteredModel> {
      const { name, alias, version } = input;
      await changes.run(caller, async (tx, record) => {
        await assertUnbound(tx, caller.workspace, name, alias);
        const { previous } = await setAliasIn(tx, caller.workspace, name, alias, version, caller);
        record({
          action: 'model.aliasSet',
          subject: toUri('model', name, version),
          detail: { alias, previous },
        });
      });
      return getModel(db, name, caller.workspace);
    },

    async deleteAlias(input: Input<Contract['deleteAlias']>, caller: Caller): Promise<Record<string, never>> {
      const { name, alias } = input;
      await changes.run(caller, async (tx, record) => {
        const model = await getModel(tx, name, caller.workspace);
        await assertUnbound(tx, caller.workspace, name, alias);
        const version = model.aliases[alias];
        if (version === undefined) {
          throw errors.aliasNotFound({ model: name, alias, known: describeAliases(model) });
        }
        await registryStore(tx).deleteAlias(caller.workspace, name, alias);
        record({ action: 'model.aliasDeleted', subject: toUri('model', name, version), detail: { alias } });
      });
      return {};
    },
  };
}

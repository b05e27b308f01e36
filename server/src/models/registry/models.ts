import type { Input, RegisteredModel, registryEndpoints } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { toUri } from '../../base/references.ts';
import { aliasStore } from './alias-store.ts';
import { assertDescription, assertKey, assertModelName, assertTags, lastByKey } from './limits.ts';
import { getModel } from './lookup.ts';
import { modelStore } from './model-store.ts';
import { type StoredModel, toRegisteredModel, toTexts } from './rules.ts';
import { versionStore } from './version-store.ts';

export interface ModelsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges' | 'deleteNodes' | 'assertUnheld' | 'release'>;
  readonly clock: Clock;
  /** What else is kept under a model's name moves with it. */
  readonly renamed: (tx: Db, workspace: string, name: string, to: string) => Promise<void>;
}

type Contract = typeof registryEndpoints;
type Recorder = (change: Change) => void;

/** Registered models as a whole: made, described, renamed, deleted. */
export function createModels({ db, changes, lineage, clock, renamed }: ModelsDependencies) {
  /** Changes an existing model, alone with its name. */
  const change = (
    name: string,
    caller: Caller,
    work: (tx: Db, record: Recorder, model: StoredModel) => Promise<void>,
  ): Promise<void> =>
    changes.run(caller, async (tx, record) => {
      await modelStore(tx).lockModel(caller.workspace, name);
      await work(tx, record, await getModel(tx, name, caller.workspace));
    });

  const getStored = (name: string, workspace: string): Promise<StoredModel> => getModel(db, name, workspace);
  const get = async ({ name }: { name: string }, caller: Caller): Promise<RegisteredModel> =>
    toRegisteredModel(await getStored(name, caller.workspace));

  async function create(
    input: { name: string; description?: string | undefined; tags?: readonly KeyValue[] },
    caller: Caller,
  ): Promise<StoredModel> {
    const { name, description = '' } = input;
    const tags = lastByKey(input.tags ?? []);
    assertModelName(name);
    assertDescription(description);
    assertTags(tags);
    await changes.run(caller, async (tx, record) => {
      const store = modelStore(tx);
      await store.lockModel(caller.workspace, name);
      const isNew = await store.insert({ workspace: caller.workspace, name, description, now: clock.now() });
      if (!isNew) throw errors.modelExists({ name });
      await store.saveTags(caller.workspace, name, tags);
      const detail = { name, description, tags: toTexts(tags) };
      record({ action: 'model.created', subject: toUri('model', name), detail });
    });
    return getStored(name, caller.workspace);
  }

  /** An alias is set and a prediction logged by name: while an endpoint serves the model, its name stays. */
  async function assertFree(tx: Db, workspace: string, name: string): Promise<void> {
    const uri = toUri('model', name);
    const endpoint = await aliasStore(tx).findAnyBinding(workspace, name);
    if (endpoint) throw errors.inUse({ what: uri, users: endpoint });
    await lineage.assertUnheld(tx, workspace, uri);
  }

  async function moveLineage(tx: Db, workspace: string, name: string, to: string): Promise<void> {
    for (const number of await versionStore(tx).listNumbers(workspace, to)) {
      const uri = toUri('model', to, number);
      await lineage.recordNode(tx, { workspace, uri, kind: 'model', digest: null, location: null });
      const before = toUri('model', name, number);
      await lineage.recordEdges(tx, workspace, [{ from: before, to: uri, relation: 'renamed' }]);
    }
  }

  /** A name that other versions went by before stays theirs; taking a rename back is free. */
  async function assertNotRetired(tx: Db, workspace: string, name: string, from: string): Promise<void> {
    const retired = await modelStore(tx).findRetired(workspace, name);
    if (!retired || retired.last_version === 0) return;
    if (retired.renamed_to !== from) throw errors.modelNameRetired({ name, last: retired.last_version });
    await modelStore(tx).unretire(workspace, name);
  }

  return {
    get,
    getStored,
    create,

    async update(input: Input<Contract['update']>, caller: Caller): Promise<void> {
      const { name, description } = input;
      assertDescription(description);
      await change(name, caller, async (tx, record) => {
        await modelStore(tx).update(caller.workspace, name, { description, updated_at: clock.now() });
        record({ action: 'model.updated', subject: toUri('model', name), detail: { name, description } });
      });
    },

    /** With everything that is kept under its name. @throws inUse, modelExists, modelNameRetired */
    async rename({ name, newName }: Input<Contract['rename']>, caller: Caller): Promise<void> {
      assertModelName(newName);
      const { workspace } = caller;
      await changes.run(caller, async (tx, record) => {
        const store = modelStore(tx);
        for (const each of [name, newName].sort()) await store.lockModel(workspace, each);
        await getModel(tx, name, workspace);
        if (await store.exists(workspace, newName)) throw errors.modelExists({ name: newName });
        await assertFree(tx, workspace, name);
        await assertNotRetired(tx, workspace, newName, name);
        await store.retire(workspace, name, newName);
        await store.rename(workspace, name, newName, clock.now());
        await moveLineage(tx, workspace, name, newName);
        await renamed(tx, workspace, name, newName);
        const detail = { name, newName };
        record({ action: 'model.renamed', subject: toUri('model', newName), detail });
      });
    },

    /** With all versions, aliases and tags. @throws inUse naming the endpoints that serve one of them */
    async delete({ name }: { name: string }, caller: Caller): Promise<void> {
      const { workspace } = caller;
      await change(name, caller, async (tx, record) => {
        await assertFree(tx, workspace, name);
        const numbers = await versionStore(tx).listNumbers(workspace, name);
        const uris = numbers.map((number) => toUri('model', name, number));
        for (const uri of uris) await lineage.release(tx, workspace, uri);
        await lineage.deleteNodes(tx, workspace, uris);
        await modelStore(tx).retire(workspace, name, null);
        await modelStore(tx).delete(workspace, name);
        const detail = { name, versions: numbers.map(String) };
        record({ action: 'model.deleted', subject: toUri('model', name), detail });
      });
    },

    async setTag({ name, ...tag }: { name: string } & KeyValue, caller: Caller): Promise<void> {
      assertTags([tag]);
      await change(name, caller, async (tx, record) => {
        await modelStore(tx).saveTags(caller.workspace, name, [tag]);
        record({ action: 'model.tagged', subject: toUri('model', name), detail: { name, ...tag } });
      });
    },

    /** False when there was none. */
    async deleteTag({ name, key }: { name: string; key: string }, caller: Caller): Promise<boolean> {
      assertKey(key);
      let found = false;
      await change(name, caller, async (tx, record) => {
        found = await modelStore(tx).deleteTag(caller.workspace, name, key);
        if (found) record({ action: 'model.untagged', subject: toUri('model', name), detail: { name, key } });
      });
      return found;
    },
  };
}

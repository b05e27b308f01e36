import type { ModelStage } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { formatReference, toUri } from '../../base/references.ts';
import { aliasStore } from './alias-store.ts';
import type { AssertMayEnter } from './aliases.ts';
import type { Lifecycle } from './lifecycle.ts';
import { lifecycleStore } from './lifecycle-store.ts';
import {
  assertDescription,
  assertKey,
  assertModelName,
  assertTags,
  assertText,
  lastByKey,
} from './limits.ts';
import { getFacts, getModel } from './lookup.ts';
import { modelStore } from './model-store.ts';
import {
  type FolderContent,
  isPrompt,
  type NewVersion,
  type StoredVersion,
  toTexts,
  type VersionFacts,
  type VersionLabels,
} from './rules.ts';
import { createVersionSources, type VersionSourceDependencies } from './version-source.ts';
import { type NumberRange, versionStore } from './version-store.ts';

export interface VersionsDependencies extends VersionSourceDependencies {
  readonly changes: Changes;
  readonly lineage: Pick<
    Lineage,
    'recordNode' | 'recordEdges' | 'holdIfThere' | 'release' | 'deleteNodes' | 'assertUnheld'
  >;
  readonly clock: Clock;
  readonly lifecycle: Pick<Lifecycle, 'followStageIn'>;
  readonly assertMayEnter: AssertMayEnter;
  readonly experiments: VersionSourceDependencies['experiments'] & {
    /** Tells a logged model what was made of it. */
    recordRegistration(
      tx: Db,
      modelId: string,
      version: { name: string; version: string; workspace: string },
    ): Promise<void>;
  };
}

export interface VersionRequest {
  readonly name: string;
  readonly source: string;
  readonly runId?: string | undefined;
  readonly loggedModel?: string | undefined;
  readonly runLink?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: readonly KeyValue[];
}

export interface VersionKey {
  readonly name: string;
  readonly number: number;
}

export interface DescribedVersion extends VersionFacts, VersionLabels {}

type Recorder = (change: Change) => void;

const longestLink = 2048;

/** Versions of registered models: made from a source, labelled, staged, deleted. What they hold never changes. */
export function createVersions(deps: VersionsDependencies) {
  const { db, changes, lineage, clock } = deps;
  const sources = createVersionSources(deps);

  const change = (
    { name, number }: VersionKey,
    caller: Caller,
    work: (tx: Db, record: Recorder, version: VersionFacts) => Promise<void>,
  ): Promise<void> =>
    changes.run(caller, async (tx, record) => {
      await modelStore(tx).lockModel(caller.workspace, name);
      await work(tx, record, await getFacts(tx, caller.workspace, name, number));
    });

  async function describe(facts: VersionFacts, workspace: string): Promise<DescribedVersion> {
    return (await describeAll([facts], workspace))[0] as DescribedVersion;
  }

  async function describeAll<F extends VersionFacts>(
    list: readonly F[],
    workspace: string,
  ): Promise<(F & VersionLabels)[]> {
    const names = [...new Set(list.map((version) => version.model))];
    const aliases = await aliasStore(db).listOfModels(workspace, names);
    const tags = Map.groupBy(await versionStore(db).listTags(workspace, names, rangeOf(list)), keyOf);
    return list.map((version) => ({
      ...version,
      aliases: (aliases.get(version.model) ?? [])
        .filter(({ number }) => number === version.number)
        .map(({ alias }) => alias),
      tags: (tags.get(keyOf(version)) ?? []).map(({ key, value }) => ({ key, value })),
    }));
  }

  /** Takes a number and writes the version; `tx` holds the lock of the model. */
  async function insert(
    tx: Db,
    record: Recorder,
    fresh: NewVersion,
    tags: readonly KeyValue[],
    caller: Caller,
  ): Promise<StoredVersion> {
    const { workspace, model } = fresh;
    const now = clock.now();
    const number = await modelStore(tx).takeNumber(workspace, model, now);
    const created: StoredVersion = {
      ...fresh,
      number,
      approval: 'none',
      stage: 'None',
      state: 'candidate',
      createdAt: now,
      updatedAt: now,
      createdBy: caller.actor,
    };
    await versionStore(tx).insert(created);
    await versionStore(tx).saveTags(workspace, model, number, tags);
    await recordLineage(tx, fresh, toUri('model', model, number));
    if (fresh.loggedModel !== null) {
      const version = { name: model, version: String(number), workspace };
      await deps.experiments.recordRegistration(tx, fresh.loggedModel, version);
    }
    const { source, runId, description, digest, loggedModel } = fresh;
    record({
      action: 'model.registered',
      subject: toUri('model', model, number),
      detail: {
        ...{ name: model, version: String(number), reference: formatReference(model, number) },
        ...{ source, runId, loggedModel, description, tags: toTexts(tags), digest },
      },
    });
    return created;
  }

  async function recordLineage(tx: Db, fresh: NewVersion, uri: string): Promise<void> {
    const { workspace, runId, loggedModel, trainingSet, digest } = fresh;
    await lineage.recordNode(tx, { workspace, uri, kind: 'model', digest, location: null });
    if (loggedModel !== null) {
      const logged = toUri('logged-model', loggedModel);
      await lineage.recordEdges(tx, workspace, [{ from: logged, to: uri, relation: 'registered' }]);
    }
    if (runId === null) return;
    const run = toUri('run', runId);
    await lineage.recordEdges(tx, workspace, [{ from: run, to: uri, relation: 'registered' }]);
    if (trainingSet === null) return;
    await lineage.recordEdges(tx, workspace, [{ from: trainingSet, to: run, relation: 'trained' }]);
    // What a model learned from may be gone by the time it is registered: that is no reason to lose the model.
    await lineage.holdIfThere(tx, workspace, uri, [{ uri: trainingSet, reason: 'trained on it' }]);
  }

  return {
    describeAll,
    sources,
    insert,

    getDescribed: async ({ name, number }: VersionKey, workspace: string): Promise<DescribedVersion> =>
      describe(await getFacts(db, workspace, name, number), workspace),

    /** A further version of a model that is there, of any source. @throws modelNotFound, modelSourceInvalid */
    async createVersion(request: VersionRequest, caller: Caller): Promise<DescribedVersion> {
      const { name, source, description = '' } = request;
      const { workspace } = caller;
      const tags = lastByKey(request.tags ?? []);
      assertModelName(name);
      assertDescription(description);
      assertText('run_link', request.runLink ?? '', longestLink);
      assertText('run_id', request.runId ?? '', 256);
      assertText('model_id', request.loggedModel ?? '', 256);
      assertTags(tags);
      await getModel(db, name, workspace);
      const claim = { source, runId: request.runId || null, loggedModel: request.loggedModel || null };
      const found = await sources.read(claim, isPrompt(tags), caller);
      const fresh = {
        ...pickContent(found),
        workspace,
        model: name,
        description,
        runLink: request.runLink || null,
      };
      const created = await changes.run(caller, async (tx, record) => {
        await modelStore(tx).lockModel(workspace, name);
        await getModel(tx, name, workspace);
        return insert(tx, record, fresh, tags, caller);
      });
      return describe(created, workspace);
    },

    async updateVersion(key: VersionKey, description: string, caller: Caller): Promise<void> {
      assertDescription(description);
      await change(key, caller, async (tx, record, { model, number }) => {
        const updated_at = clock.now();
        await versionStore(tx).update(caller.workspace, model, number, { description, updated_at });
        record({ action: 'model.versionUpdated', ...about(key), detail: { ...nameOf(key), description } });
      });
    },

    /** Its number is never given again. @throws inUse naming the endpoints that serve it */
    async deleteVersion(key: VersionKey, caller: Caller): Promise<void> {
      const { workspace } = caller;
      const { name, number } = key;
      await change(key, caller, async (tx, record) => {
        const { subject } = about(key);
        await lineage.assertUnheld(tx, workspace, subject);
        await lineage.release(tx, workspace, subject);
        await lineage.deleteNodes(tx, workspace, [subject]);
        for (const { alias, number: at } of (await aliasStore(tx).listOfModels(workspace, [name])).get(
          name,
        ) ?? [])
          if (at === number) {
            const move = { alias, number: null, reason: `${subject} was deleted`, actor: caller.actor };
            await lifecycleStore(tx).insertMove(workspace, name, { ...move, at: clock.now() });
          }
        await aliasStore(tx).deleteAliasesOf(workspace, name, number);
        await versionStore(tx).delete(workspace, name, number);
        await modelStore(tx).update(workspace, name, { updated_at: clock.now() });
        record({ action: 'model.versionDeleted', subject, detail: nameOf(key) });
      });
    },

    /** `Archived` retires, and any other stage brings a retired version back. @throws transitionRefused, modelStageNotActive when others are to be archived from a stage that many may have */
    async setStage(
      key: VersionKey,
      stage: ModelStage,
      archiveExisting: boolean,
      caller: Caller,
    ): Promise<void> {
      if (archiveExisting && stage !== 'Staging' && stage !== 'Production')
        throw errors.modelStageNotActive({ stage });
      const { workspace } = caller;
      const { name, number } = key;
      await change(key, caller, async (tx, record, { stage: previous }) => {
        if (stage !== previous)
          await deps.assertMayEnter(tx, workspace, { model: name, version: number }, stage);
        const now = clock.now();
        const store = versionStore(tx);
        const archived = archiveExisting
          ? await store.archiveOthers(workspace, name, number, stage, now)
          : [];
        const { followStageIn } = deps.lifecycle;
        for (const other of archived)
          await followStageIn(tx, record, { model: name, version: other }, 'Archived', caller);
        await followStageIn(tx, record, { model: name, version: number }, stage, caller);
        await store.update(workspace, name, number, { stage, updated_at: now });
        await modelStore(tx).update(workspace, name, { updated_at: now });
        const detail = { ...nameOf(key), stage, previous, archived: archived.map(String) };
        record({ action: 'model.stageChanged', ...about(key), detail });
      });
    },

    async setVersionTag(key: VersionKey, tag: KeyValue, caller: Caller): Promise<void> {
      assertTags([tag]);
      await change(key, caller, async (tx, record) => {
        await versionStore(tx).saveTags(caller.workspace, key.name, key.number, [tag]);
        record({ action: 'model.versionTagged', ...about(key), detail: { ...nameOf(key), ...tag } });
      });
    },

    /** False when there was none. */
    async deleteVersionTag(key: VersionKey, tagKey: string, caller: Caller): Promise<boolean> {
      assertKey(tagKey);
      let found = false;
      await change(key, caller, async (tx, record) => {
        found = await versionStore(tx).deleteTag(caller.workspace, key.name, key.number, tagKey);
        if (found)
          record({ action: 'model.versionUntagged', ...about(key), detail: { ...nameOf(key), key: tagKey } });
      });
      return found;
    },

    /** Per model and stage the version with the highest number. */
    async listLatest(workspace: string, names: readonly string[]): Promise<DescribedVersion[]> {
      return describeAll(await versionStore(db).listLatest(workspace, names), workspace);
    },
  };
}

/** A page of one model's versions needs not the tags of all others. */
const rangeOf = (list: readonly VersionFacts[]): NumberRange =>
  list.reduce<NumberRange>(
    ({ first, last }, { number }) => ({ first: Math.min(first, number), last: Math.max(last, number) }),
    { first: Number.MAX_SAFE_INTEGER, last: 0 },
  );

const keyOf = (version: { readonly model: string; readonly number: number }): string =>
  `${version.number}/${version.model}`;
const about = ({ name, number }: VersionKey) => ({ subject: toUri('model', name, number) });
const nameOf = ({ name, number }: VersionKey) => ({ name, version: String(number) });

/** A copy of a version is a new one: of the old only its content and origin are taken. */
function pickContent(
  found: FolderContent & Omit<NewVersion, 'workspace' | 'model' | 'description' | 'runLink'>,
) {
  const { source, location, runId, loggedModel, artifactPath } = found;
  const { digest, files, inputs, outputs, flavors, trainingRange, trainingSet, recipe, metrics } = found;
  return {
    ...{ source, location, runId, loggedModel, artifactPath },
    ...{ digest, files, inputs, outputs, flavors, trainingRange, trainingSet, recipe, metrics },
  };
}

export type Versions = ReturnType<typeof createVersions>;

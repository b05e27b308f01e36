import type { Readable } from 'node:stream';
import type {
  Approval,
  Download,
  Input,
  ModelVersion,
  Page,
  RegisteredModel,
  registryEndpoints,
} from '@tidemill/contract';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isNumber, toPage } from '../../base/page.ts';
import { formatReference, toUri } from '../../base/references.ts';
import type { Events } from '../../platform/events/service.ts';
import { type AssertMayEnter, createAliases } from './aliases.ts';
import { createLifecycle } from './lifecycle.ts';
import { findStored, getFileOf, getModel } from './lookup.ts';
import { onnxPathOf } from './model-folder.ts';
import { createModels, type ModelsDependencies } from './models.ts';
import { createRegistrations, type RegistrationsDependencies } from './registrations.ts';
import { type StoredVersion, toModelVersion, toRegisteredModel } from './rules.ts';
import { createSearches, type PageRequest } from './searches.ts';
import { versionStore } from './version-store.ts';
import { createVersions, type VersionKey } from './versions.ts';

export type { AliasWish } from './aliases.ts';
export type { MLmodelFile, ModelFile } from './rules.ts';
export { digestFiles } from './rules.ts';

export interface RegistryDependencies
  extends Omit<RegistrationsDependencies, 'versions' | 'lifecycle'>,
    Omit<ModelsDependencies, 'lineage'> {
  readonly blobs: Pick<Blobs, 'get' | 'read' | 'localPath' | 'keep'>;
  readonly lineage: Pick<
    Lineage,
    'recordNode' | 'recordEdges' | 'holdIfThere' | 'release' | 'deleteNodes' | 'assertUnheld' | 'holdersIn'
  >;
  readonly events: Pick<Events, 'on'>;
  readonly logger: Logger;
  readonly assertMayEnter: AssertMayEnter;
}

type Contract = typeof registryEndpoints;

/** Models by name: each version is a folder in MLflow's format whose bytes never change, and where it came from. */
export function createRegistry(deps: RegistryDependencies) {
  const { db, blobs } = deps;
  const models = createModels(deps);
  const lifecycle = createLifecycle(deps);
  const versions = createVersions({ ...deps, lifecycle });
  const aliases = createAliases(deps);
  const searches = createSearches(deps);
  const registrations = createRegistrations({ ...deps, versions, lifecycle });

  async function resolve(reference: string, workspace: string): Promise<ModelVersion> {
    return describe(await findStored(db, reference, workspace), workspace);
  }

  async function describe(stored: StoredVersion, workspace: string): Promise<ModelVersion> {
    return (await describeAll([stored], workspace))[0] as ModelVersion;
  }

  async function describeAll(list: readonly StoredVersion[], workspace: string): Promise<ModelVersion[]> {
    const labelled = await versions.describeAll(list, workspace);
    return labelled.map((version) => toModelVersion(version, version));
  }

  /** The version that a path names, by number, `latest` or alias. */
  async function keyOf(input: { name: string; version: string }, workspace: string): Promise<VersionKey> {
    const { model, number } = await findStored(db, formatReference(input.name, input.version), workspace);
    return { name: model, number };
  }

  const register = async (input: Input<Contract['register']>, caller: Caller): Promise<ModelVersion> =>
    describe(await registrations.register(input, caller), caller.workspace);

  const get = models.get;
  const getVersion = (input: { name: string; version: string }, caller: Caller): Promise<ModelVersion> =>
    resolve(formatReference(input.name, input.version), caller.workspace);

  return {
    ...aliases,
    lifecycle,
    /** What the locations of experiments begin with. */
    artifactRoot: deps.experiments.artifactRoot,
    models,
    versions,
    searches,
    resolve,
    register,
    get,
    getVersion,

    /** @throws sweepNotRegistered, trialModelMissing */
    async registerTrial(input: Input<Contract['registerTrial']>, caller: Caller): Promise<ModelVersion> {
      return describe(await registrations.registerTrial(input, caller), caller.workspace);
    },

    /** Blobs of the files of all versions, of every workspace. */
    listBlobs: () => versionStore(db).listBlobs(),
    /** Those of the runs and logged models whose files are a version's, each with one such version. */
    findOwners: (tx: Db, workspace: string, ids: readonly string[]) =>
      versionStore(tx).findOwners(workspace, ids),

    /** The versions that came out of a run, oldest first. */
    async listByRun(runId: string, workspace: string): Promise<string[]> {
      const found = await versionStore(db).listByRun(workspace, runId);
      return found.map((version) => formatReference(version.model, version.number));
    },

    /** All of them, or what a search finds. */
    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<RegisteredModel>> {
      const { items, nextCursor } = await searches.models(toRequest(input), caller.workspace);
      return { items: items.map(toRegisteredModel), nextCursor };
    },

    async searchVersions(
      input: Input<Contract['searchVersions']>,
      caller: Caller,
    ): Promise<Page<ModelVersion>> {
      const { items, nextCursor } = await searches.versions(toRequest(input), caller.workspace);
      return { items: await describeAll(items, caller.workspace), nextCursor };
    },

    async create(input: Input<Contract['create']>, caller: Caller): Promise<RegisteredModel> {
      const tags = Object.entries(input.tags ?? {}).map(([key, value]) => ({ key, value }));
      return toRegisteredModel(await models.create({ ...input, tags }, caller));
    },

    async update(input: Input<Contract['update']>, caller: Caller): Promise<RegisteredModel> {
      await models.update(input, caller);
      return get(input, caller);
    },

    async rename(input: Input<Contract['rename']>, caller: Caller): Promise<RegisteredModel> {
      await models.rename(input, caller);
      return get({ name: input.newName }, caller);
    },

    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      await models.delete(input, caller);
      return {};
    },

    async setTag(input: { name: string } & KeyValue, caller: Caller): Promise<RegisteredModel> {
      await models.setTag(input, caller);
      return get(input, caller);
    },

    async deleteTag(input: { name: string; key: string }, caller: Caller): Promise<Record<string, never>> {
      if (await models.deleteTag(input, caller)) return {};
      throw errors.tagNotFound({ of: toUri('model', input.name), key: input.key });
    },

    async listVersions(input: Input<Contract['listVersions']>, caller: Caller): Promise<Page<ModelVersion>> {
      const { workspace } = caller;
      await getModel(db, input.name, workspace);
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isNumber);
      const filter = { workspace, model: input.name, before, limit: limit + 1 };
      const page = toPage(await versionStore(db).list(filter), limit, (version) => version.number);
      return { ...page, items: await describeAll(page.items, workspace) };
    },

    async updateVersion(input: Input<Contract['updateVersion']>, caller: Caller): Promise<ModelVersion> {
      const key = await keyOf(input, caller.workspace);
      await versions.updateVersion(key, input.description, caller);
      return getVersion(input, caller);
    },

    async deleteVersion(
      input: Input<Contract['deleteVersion']>,
      caller: Caller,
    ): Promise<Record<string, never>> {
      await versions.deleteVersion(await keyOf(input, caller.workspace), caller);
      return {};
    },

    async setStage(input: Input<Contract['setStage']>, caller: Caller): Promise<ModelVersion> {
      const key = await keyOf(input, caller.workspace);
      await versions.setStage(key, input.stage, input.archiveExisting ?? false, caller);
      return getVersion(input, caller);
    },

    async setVersionTag(input: Input<Contract['setVersionTag']>, caller: Caller): Promise<ModelVersion> {
      const { key, value } = input;
      await versions.setVersionTag(await keyOf(input, caller.workspace), { key, value }, caller);
      return getVersion(input, caller);
    },

    async deleteVersionTag(
      input: Input<Contract['deleteVersionTag']>,
      caller: Caller,
    ): Promise<Record<string, never>> {
      const version = await keyOf(input, caller.workspace);
      if (await versions.deleteVersionTag(version, input.key, caller)) return {};
      throw errors.tagNotFound({ of: toUri('model', version.name, version.number), key: input.key });
    },

    async getFile(input: Input<Contract['getFile']>, caller: Caller): Promise<Download> {
      const version = await getVersion(input, caller);
      const file = getFileOf(version, input.path);
      return {
        content: (await blobs.get(file.sha256)) as Readable & AsyncIterable<Uint8Array>,
        mediaType: 'application/octet-stream',
        fileName: file.path.split('/').at(-1) ?? file.path,
        size: file.size,
        etag: file.sha256,
        slice: (first, last) =>
          blobs.get(file.sha256, { first, last }) as Promise<Readable & AsyncIterable<Uint8Array>>,
      };
    },

    /** One file of the model folder, whole. @throws modelFileNotFound */
    readFile: (version: ModelVersion, path: string): Promise<Uint8Array> =>
      blobs.read(getFileOf(version, path).sha256),

    /** A local file with the version's ONNX model, for runtimes. @throws modelUnreadable when it has none */
    async onnxFile(version: ModelVersion): Promise<{ path: string; sha256: string }> {
      const path = await onnxPathOf(deps, version);
      const { sha256 } = getFileOf(version, path);
      return { path: await blobs.localPath(sha256), sha256 };
    },

    /** The folder of a version whose code is Python, file by file, for runtimes. @throws modelUnreadable */
    async pythonModel(version: ModelVersion): Promise<PythonModelFiles> {
      const { digest, files, inputs, reference: model } = version;
      if (digest === null || !version.flavors.includes('python_function')) {
        const flavors = version.flavors.join(', ') || 'none';
        const reason =
          digest === null
            ? `its source ${version.source ?? ''} is no model folder of this server, so there are no files of it here`
            : `it has neither an onnx nor a python_function flavor (its flavors: ${flavors})`;
        throw errors.modelUnreadable({ model, reason });
      }
      const inputNames = inputs.map(({ name }) => name);
      return { model, digest, files, inputNames, localPath: (sha256) => blobs.localPath(sha256) };
    },

    /** Governance's word on a version, written in governance's own transaction. */
    setApprovalIn: (tx: Db, workspace: string, version: ModelVersion, approval: Approval): Promise<void> =>
      versionStore(tx).setApproval(workspace, version.model, version.version, approval),

    /** Reads the approval as the transaction sees it. @throws modelVersionNotFound */
    async approvalIn(tx: Db, workspace: string, reference: string): Promise<Approval> {
      return (await findStored(tx, reference, workspace)).approval;
    },
  };
}

export interface PythonModelFiles {
  readonly model: string;
  readonly digest: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly inputNames: readonly string[];
  readonly localPath: (sha256: string) => Promise<string>;
}

export type Registry = ReturnType<typeof createRegistry>;

const toRequest = (input: Input<Contract['list']>): PageRequest => ({
  filter: input.filter,
  orderBy: input.orderBy?.split(',').map((part) => part.trim()),
  limit: input.limit ?? defaultPageSize,
  cursor: input.cursor,
});

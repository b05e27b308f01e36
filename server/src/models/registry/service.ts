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
import type { Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { TidemillError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isNumber, isText, toPage } from '../../base/page.ts';
import { formatReference, toUri } from '../../base/references.ts';
import type { Events, StoredEvent } from '../../platform/events/service.ts';
import { createAliases } from './aliases.ts';
import { findStored, getFileOf, getModel } from './lookup.ts';
import { type ModelFolderDependencies, onnxPathOf, readModelFolder } from './model-folder.ts';
import { type NewVersion, type StoredVersion, toModelVersion } from './rules.ts';
import { registryStore } from './store.ts';

export type { MLmodelFile, ModelFile } from './rules.ts';
export { digestFiles } from './rules.ts';

export interface RegistryDependencies extends ModelFolderDependencies {
  readonly db: Db;
  readonly blobs: Pick<Blobs, 'get' | 'read' | 'localPath'>;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges' | 'hold'>;
  readonly events: Pick<Events, 'on'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Contract = typeof registryEndpoints;

/** Models by name: each version is a folder in MLflow's format whose bytes never change, and where it came from. */
export function createRegistry(deps: RegistryDependencies) {
  const { db, blobs, changes, events } = deps;
  const aliases = createAliases(deps);

  async function resolve(reference: string, workspace: string): Promise<ModelVersion> {
    return describe(await findStored(db, reference, workspace), workspace);
  }

  async function describe(stored: StoredVersion, workspace: string): Promise<ModelVersion> {
    return (await describeAll([stored], workspace))[0] as ModelVersion;
  }

  async function describeAll(list: readonly StoredVersion[], workspace: string): Promise<ModelVersion[]> {
    const names = [...new Set(list.map((version) => version.model))];
    const found = await registryStore(db).listAliases(workspace, names);
    return list.map((version) =>
      toModelVersion(
        version,
        found
          .filter((alias) => alias.model === version.model && alias.number === version.number)
          .map((alias) => alias.alias),
      ),
    );
  }

  /** The same folder of the same run gives the version that is there. */
  async function register(input: Input<Contract['register']>, caller: Caller): Promise<ModelVersion> {
    const folder = await readModelFolder(deps, input.runId, input.path ?? 'model', caller);
    const fresh: NewVersion = {
      ...folder,
      workspace: caller.workspace,
      model: input.name,
      description: input.description ?? '',
    };
    const stored = await changes.run(caller, async (tx, record) => {
      const store = registryStore(tx);
      await store.lockModel(caller.workspace, input.name);
      const same = await store.findSame(fresh);
      if (same) return same;
      const created = await insertVersion(deps, tx, fresh, caller);
      const reference = formatReference(created.model, created.number);
      record({
        action: 'model.registered',
        subject: toUri('model', created.model, created.number),
        detail: { reference, runId: created.runId, digest: created.digest },
      });
      return created;
    });
    return describe(stored, caller.workspace);
  }

  async function registerFinished(event: StoredEvent): Promise<void> {
    const { register: name, runId, state } = event.payload;
    if (!isText(name) || !isText(runId) || (isText(state) && state !== 'succeeded')) return;
    const caller: Caller = { actor: event.actor, role: 'admin', workspace: event.workspace };
    try {
      await register({ name, runId }, caller);
    } catch (error) {
      // What can never succeed must not hold up the events behind it; it is said instead of tried again.
      if (!(error instanceof TidemillError) || error.status >= 500) throw error;
      deps.logger.warn({ err: error, runId, model: name }, 'a finished run could not be registered');
      await changes.run(caller, async (_tx, record) => {
        const detail = { model: name, code: error.code, reason: error.message };
        record({ action: 'model.registrationRefused', subject: toUri('run', runId), detail });
      });
    }
  }
  events.on('registry', ['job.finished', 'sweep.finished'], registerFinished);

  return {
    ...aliases,
    resolve,
    register,

    /** The versions that came out of a run, oldest first. */
    async listByRun(runId: string, workspace: string): Promise<string[]> {
      const found = await registryStore(db).listByRun(workspace, runId);
      return found.map((version) => formatReference(version.model, version.number));
    },

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<RegisteredModel>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const rows = await registryStore(db).listModels({
        workspace: caller.workspace,
        after,
        limit: limit + 1,
      });
      return toPage(rows, limit, (model) => model.name);
    },

    get: (input: { name: string }, caller: Caller) => getModel(db, input.name, caller.workspace),

    async listVersions(input: Input<Contract['listVersions']>, caller: Caller): Promise<Page<ModelVersion>> {
      const { workspace } = caller;
      await getModel(db, input.name, workspace);
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isNumber);
      const filter = { workspace, model: input.name, before, limit: limit + 1 };
      const page = toPage(await registryStore(db).listVersions(filter), limit, (version) => version.number);
      return { ...page, items: await describeAll(page.items, workspace) };
    },

    getVersion: (input: Input<Contract['getVersion']>, caller: Caller) =>
      resolve(formatReference(input.name, input.version), caller.workspace),

    async getFile(input: Input<Contract['getFile']>, caller: Caller): Promise<Download> {
      const version = await resolve(formatReference(input.name, input.version), caller.workspace);
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

    /** Governance's word on a version, written in governance's own transaction. */
    setApprovalIn: (tx: Db, workspace: string, version: ModelVersion, approval: Approval): Promise<void> =>
      registryStore(tx).setApproval(workspace, version.model, version.version, approval),

    /** Reads the approval as the transaction sees it. @throws modelVersionNotFound */
    async approvalIn(tx: Db, workspace: string, reference: string): Promise<Approval> {
      return (await findStored(tx, reference, workspace)).approval;
    },
  };
}

export type Registry = ReturnType<typeof createRegistry>;

async function insertVersion(
  { lineage, clock }: Pick<RegistryDependencies, 'lineage' | 'clock'>,
  tx: Db,
  fresh: NewVersion,
  caller: Caller,
): Promise<StoredVersion> {
  const { workspace } = caller;
  const now = clock.now();
  const store = registryStore(tx);
  const number = await store.takeNumber(workspace, fresh.model, now);
  const created: StoredVersion = {
    ...fresh,
    number,
    approval: 'none',
    createdAt: now,
    createdBy: caller.actor,
  };
  await store.insertVersion(created);
  const uri = toUri('model', fresh.model, number);
  const run = toUri('run', fresh.runId);
  await lineage.recordNode(tx, { workspace, uri, kind: 'model', digest: fresh.digest, location: null });
  await lineage.recordEdges(tx, workspace, [{ from: run, to: uri, relation: 'registered' }]);
  if (fresh.trainingSet) {
    await lineage.recordEdges(tx, workspace, [{ from: fresh.trainingSet, to: run, relation: 'trained' }]);
    await lineage.hold(tx, { workspace, userUri: uri, usedUri: fresh.trainingSet, reason: 'trained on it' });
  }
  return created;
}

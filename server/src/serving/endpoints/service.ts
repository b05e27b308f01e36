import type {
  EndpointRevision,
  EndpointStatus,
  endpointsEndpoints,
  FeatureView,
  Input,
  ModelVersion,
  Page,
  PredictReply,
} from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { OpenRuntime } from '../../adapters/inference/inference.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { compileExpression } from '../../base/expressions/cel.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeCursor, defaultPageSize, isNumber, isText, toPage } from '../../base/page.ts';
import { parseReference, toUri } from '../../base/references.ts';
import { createTurns } from '../../base/turns.ts';
import type { Predictions } from '../predictions/service.ts';
import { compileEndpoint, runtimesOf } from './live-endpoint.ts';
import { createLiveTraffic } from './live-traffic.ts';
import type { OnlineFeatures } from './predict.ts';
import { assertDefinition, type Definition, isSame, mainVariant, toDefinition } from './rules.ts';
import { createRuntimePool } from './runtime-pool.ts';
import { endpointStore, type StoredEndpoint } from './store.ts';

export type { Definition } from './rules.ts';

export interface EndpointsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges' | 'hold' | 'release' | 'assertUnheld'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: {
    resolve(reference: string, workspace: string): Promise<ModelVersion>;
    onnxFile(version: ModelVersion): Promise<{ path: string }>;
    setAliasIn(
      tx: Db,
      workspace: string,
      model: string,
      alias: string,
      version: number,
      caller: Caller,
    ): Promise<unknown>;
    bindAlias(tx: Db, workspace: string, model: string, alias: string, endpointUri: string): Promise<void>;
    unbindAliases(tx: Db, workspace: string, endpointUri: string): Promise<void>;
  };
  readonly governance: {
    /** Throws modelNotApproved unless every version is approved or overridden. */
    assertReleasable(tx: Db, workspace: string, modelUris: string[]): Promise<void>;
  };
  readonly features: OnlineFeatures & {
    resolveView(reference: string, workspace: string): Promise<FeatureView>;
  };
  readonly predictions: Pick<Predictions, 'openLog'>;
  readonly openRuntime: OpenRuntime;
}

type Contract = typeof endpointsEndpoints;
type Recorder = (change: Change) => void;

export interface ReleaseRequest {
  readonly endpoint: string;
  /** The next definition out of the live one. */
  readonly change: (definition: Definition) => Definition;
  readonly reason: string;
  /** Whether the endpoint's alias moves to the main variant's model; default true. */
  readonly followAlias?: boolean;
  /** More to write in the same transaction. It may run twice, so it touches nothing but `tx`. */
  readonly within?: (tx: Db, record: Recorder, revision: EndpointRevision) => Promise<void>;
}

interface GoLive extends Omit<ReleaseRequest, 'change'> {
  readonly definition: Definition;
  /** Revision that must still be live when this one is written; null when there is none. */
  readonly basis: number | null;
  readonly caller: Caller;
  /** Models whose release was checked before need no second word at 3 a.m. */
  readonly unchecked?: boolean;
}

/** What answers requests: immutable revisions, exactly one live, switched in one write and at once in memory. */
export function createEndpoints(deps: EndpointsDependencies) {
  const { db, changes, lineage, clock, logger, registry, features } = deps;
  const pool = createRuntimePool(
    async (model, isolation) =>
      deps.openRuntime({
        kind: isolation === 'child-process' ? 'onnx-process' : 'onnx',
        model: model.reference,
        path: (await registry.onnxFile(model)).path,
      }),
    (error) => logger.error({ err: error }, 'a runtime could not be closed'),
  );
  const traffic = createLiveTraffic({ online: features, clock, logger });
  const compiling = {
    pool,
    resolveModel: (reference: string, workspace: string) => registry.resolve(reference, workspace),
    resolveView: (reference: string, workspace: string) => features.resolveView(reference, workspace),
    openLog: (workspace: string, endpoint: string) => deps.predictions.openLog(workspace, endpoint),
  };
  const inTurn = createTurns();

  async function getStored(name: string, workspace: string): Promise<StoredEndpoint> {
    const found = await endpointStore(db).find(workspace, name);
    if (!found || found.isDeleted) throw errors.endpointNotFound({ name });
    return found;
  }

  async function getRevision(
    name: string,
    workspace: string,
    number: number,
    live: number,
  ): Promise<EndpointRevision> {
    const found = await endpointStore(db).findRevision(workspace, name, number, live);
    if (!found) throw errors.endpointRevisionNotFound({ name, revision: String(number) });
    return found;
  }

  async function getLive(name: string, workspace: string): Promise<EndpointRevision> {
    const { liveRevision } = await getStored(name, workspace);
    return getRevision(name, workspace, liveRevision, liveRevision);
  }

  /** Names become numbers, once: what is live never changes because an alias does. */
  async function pin(definition: Definition, workspace: string): Promise<Definition> {
    const variants = await Promise.all(
      definition.variants.map(async (variant) => {
        const { reference: model } = await registry.resolve(variant.model, workspace);
        if (variant.view === undefined) return { ...variant, model };
        return { ...variant, model, view: (await features.resolveView(variant.view, workspace)).reference };
      }),
    );
    return { ...definition, variants };
  }

  async function check(name: string, definition: Definition, workspace: string): Promise<Definition> {
    const pinned = await pin(definition, workspace);
    assertDefinition(name, pinned);
    if (pinned.fallback === null) return pinned;
    const unknown = compileExpression(pinned.fallback).names.find(
      (found) => found !== 'record' && found !== 'features',
    );
    if (unknown === undefined) return pinned;
    const reason = `its fallback reads '${unknown}', but knows only record and features`;
    throw errors.endpointDefinitionInvalid({ name, reason });
  }

  /** Models are loaded and warm before the write, so the switch after it is one assignment. */
  async function goLive(request: GoLive): Promise<EndpointRevision> {
    const { endpoint: name, definition, caller } = request;
    const { workspace } = caller;
    const compiled = await compileEndpoint(compiling, { workspace, name, definition, tolerant: false });
    try {
      const revision = await changes.run(caller, (tx, record) => writeRevision(tx, record, request));
      const stored = await getStored(name, workspace);
      traffic.switchTo(compiled, revision.revision, forcedReason(stored));
      return revision;
    } catch (error) {
      for (const variant of [...compiled.live, ...compiled.shadows]) variant.lease?.release();
      throw error;
    }
  }

  async function writeRevision(tx: Db, record: Recorder, request: GoLive): Promise<EndpointRevision> {
    const { endpoint: name, definition, basis, caller, reason } = request;
    const { workspace } = caller;
    const uri = toUri('endpoint', name);
    const store = endpointStore(tx);
    const found = await store.find(workspace, name);
    if ((found && !found.isDeleted ? found.liveRevision : null) !== basis)
      throw errors.endpointChanged({ name });
    const models = [...new Set(definition.variants.map((variant) => `model:${variant.model}`))];
    if (!request.unchecked) await deps.governance.assertReleasable(tx, workspace, models);
    const common = { workspace, endpoint: name, now: clock.now(), actor: caller.actor };
    const revision = await store.insertRevision({ ...common, definition, reason });
    await store.setLive(workspace, name, revision.revision, common.now);
    await writeLineage(tx, workspace, uri, revision, models);
    if (definition.alias !== null && request.followAlias !== false) {
      const main = parseReference(mainVariant(definition).model);
      await registry.bindAlias(tx, workspace, main.name, definition.alias, uri);
      await registry.setAliasIn(tx, workspace, main.name, definition.alias, Number(main.version), caller);
    }
    await request.within?.(tx, record, revision);
    const detail = { endpoint: name, revision: revision.revision, previous: basis, models, reason };
    record({ action: 'endpoint.released', subject: uri, detail });
    return revision;
  }

  async function writeLineage(
    tx: Db,
    workspace: string,
    uri: string,
    revision: EndpointRevision,
    models: readonly string[],
  ): Promise<void> {
    await lineage.recordNode(tx, {
      workspace,
      uri: revision.uri,
      kind: 'endpoint',
      digest: null,
      location: null,
    });
    const views = revision.variants.flatMap((variant) => (variant.view ? [`view:${variant.view}`] : []));
    const used = [...models, ...new Set(views)];
    const edges = used.map((from) => ({ from, to: revision.uri, relation: 'served' }));
    await lineage.recordEdges(tx, workspace, edges);
    await lineage.release(tx, workspace, uri);
    for (const usedUri of used)
      await lineage.hold(tx, { workspace, userUri: uri, usedUri, reason: 'serves it' });
  }

  async function statusOf(name: string, workspace: string): Promise<EndpointStatus> {
    const live = await getLive(name, workspace);
    const { endpoint, forced } = traffic.get(workspace, name);
    return {
      name,
      live,
      fallbackForced: forced !== null,
      fallbackReason: forced === null ? null : forced.slice(forcedPrefix.length),
      runtimes: runtimesOf(endpoint),
    };
  }

  async function load(stored: StoredEndpoint): Promise<void> {
    const { workspace, name, liveRevision } = stored;
    const definition = definitionOf(await getRevision(name, workspace, liveRevision, liveRevision));
    const compiled = await compileEndpoint(compiling, { workspace, name, definition, tolerant: true });
    for (const { problem } of compiled.live) if (problem) logger.error({ endpoint: name }, problem);
    traffic.switchTo(compiled, liveRevision, forcedReason(stored));
  }

  return {
    async put(
      input: Input<Contract['put']>,
      caller: Caller,
    ): Promise<EndpointRevision & { unchanged: boolean }> {
      const { name, reason = '', ...rest } = input;
      return inTurn(`${caller.workspace}/${name}`, async () => {
        const definition = await check(name, toDefinition(rest), caller.workspace);
        const found = await endpointStore(db).find(caller.workspace, name);
        const live = found && !found.isDeleted ? await getLive(name, caller.workspace) : null;
        if (live && isSame(definitionOf(live), definition)) return { ...live, unchanged: true };
        const basis = live?.revision ?? null;
        return { ...(await goLive({ endpoint: name, definition, basis, reason, caller })), unchanged: false };
      });
    },

    /** A new live revision made out of the live one; whatever `within` writes is part of the same transaction. */
    release(request: ReleaseRequest, caller: Caller): Promise<EndpointRevision> {
      const { endpoint: name, change } = request;
      return inTurn(`${caller.workspace}/${name}`, async () => {
        const live = await getLive(name, caller.workspace);
        const before = definitionOf(live);
        const definition = await check(name, change(before), caller.workspace);
        const known = new Set(before.variants.map((variant) => variant.model));
        const unchecked = definition.variants.every((variant) => known.has(variant.model));
        return goLive({ ...request, definition, basis: live.revision, caller, unchecked });
      });
    },

    async rollback(input: Input<Contract['rollback']>, caller: Caller): Promise<EndpointRevision> {
      const { name, reason } = input;
      return inTurn(`${caller.workspace}/${name}`, async () => {
        const live = await getLive(name, caller.workspace);
        const number = input.revision ?? live.revision - 1;
        const definition = definitionOf(await getRevision(name, caller.workspace, number, live.revision));
        const said = `back to revision ${number}: ${reason}`;
        return goLive({
          endpoint: name,
          definition,
          basis: live.revision,
          reason: said,
          caller,
          unchecked: true,
        });
      });
    },

    predict: (input: Input<Contract['predict']>, caller: Caller): Promise<PredictReply> =>
      traffic.predict(input, caller.workspace),

    async forceFallback(input: Input<Contract['forceFallback']>, caller: Caller): Promise<EndpointStatus> {
      const { name, enabled, reason } = input;
      const { workspace } = caller;
      const live = await getLive(name, workspace);
      if (enabled && live.fallback === null) {
        const problem = 'it has no fallback rule to switch to';
        throw errors.endpointDefinitionInvalid({ name, reason: problem });
      }
      await changes.run(caller, async (tx, record) => {
        await endpointStore(tx).setForced(workspace, name, enabled ? reason : null);
        const action = enabled ? 'endpoint.fallbackForced' : 'endpoint.fallbackReleased';
        record({ action, subject: toUri('endpoint', name), detail: { endpoint: name, reason } });
      });
      traffic.setForced(workspace, name, enabled ? `${forcedPrefix}${reason}` : null);
      return statusOf(name, workspace);
    },

    get: (input: { name: string }, caller: Caller): Promise<EndpointStatus> =>
      statusOf(input.name, caller.workspace),

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<EndpointRevision>> {
      const limit = input.limit ?? defaultPageSize;
      const after = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isText);
      const rows = await endpointStore(db).list(caller.workspace, after, limit + 1);
      const page = toPage(rows, limit, (endpoint) => endpoint.name);
      const items = await Promise.all(page.items.map(({ name }) => getLive(name, caller.workspace)));
      return { items, nextCursor: page.nextCursor };
    },

    async listRevisions(
      input: Input<Contract['listRevisions']>,
      caller: Caller,
    ): Promise<Page<EndpointRevision>> {
      const { liveRevision: live } = await getStored(input.name, caller.workspace);
      const limit = input.limit ?? defaultPageSize;
      const before = input.cursor === undefined ? undefined : decodeCursor(input.cursor, isNumber);
      const options = { live, before, limit: limit + 1 };
      const rows = await endpointStore(db).listRevisions(caller.workspace, input.name, options);
      return toPage(rows, limit, (revision) => revision.revision);
    },

    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      const { name } = input;
      const { workspace } = caller;
      const uri = toUri('endpoint', name);
      return inTurn(`${workspace}/${name}`, async () => {
        await getStored(name, workspace);
        await changes.run(caller, async (tx, record) => {
          await lineage.assertUnheld(tx, workspace, uri);
          await lineage.release(tx, workspace, uri);
          await registry.unbindAliases(tx, workspace, uri);
          await endpointStore(tx).delete(workspace, name, clock.now());
          record({ action: 'endpoint.deleted', subject: uri, detail: { endpoint: name } });
        });
        traffic.remove(workspace, name);
        return {};
      });
    },

    /** What is live now, as a definition that can be changed and put again. */
    currentDefinition: async (name: string, workspace: string): Promise<Definition> =>
      definitionOf(await getLive(name, workspace)),

    /** Columns that name the entity; from memory. @throws endpointNotFound */
    entityOf: (name: string, workspace: string): string[] =>
      traffic.get(workspace, name).endpoint.definition.entity,

    /** Shadow predictions left out because too many were waiting. */
    droppedShadows: () => traffic.droppedShadows(),
    /** Resolves when every shadow has predicted. */
    settled: () => traffic.settled(),

    /** Loads what is live. A model that cannot be loaded leaves its endpoint to the rule. */
    async start(): Promise<void> {
      for (const stored of await endpointStore(db).listAll()) await load(stored);
    },

    async stop(): Promise<void> {
      await traffic.close();
      await pool.settled();
    },
  };
}

export type Endpoints = ReturnType<typeof createEndpoints>;

const forcedPrefix = 'switched to the rule: ';

const forcedReason = (stored: StoredEndpoint): string | null =>
  stored.fallbackForced ? `${forcedPrefix}${stored.fallbackReason ?? ''}` : null;

const definitionOf = (revision: EndpointRevision): Definition => ({
  description: revision.description,
  variants: revision.variants,
  entity: revision.entity,
  fallback: revision.fallback,
  timeoutMs: revision.timeoutMs,
  isolation: revision.isolation,
  log: revision.log,
  alias: revision.alias,
});

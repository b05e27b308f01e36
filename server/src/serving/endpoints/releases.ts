/** How a definition becomes the live revision: checked, its models warm, written in one transaction, switched at once. */
import type { EndpointRevision, FeatureView, ModelVersion, PredictReply, Row } from '@tidemill/contract';
import type { Change, Changes } from '../../access/audit/service.ts';
import type { Lineage } from '../../access/lineage/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { OpenRuntime } from '../../adapters/inference/inference.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { compileExpression } from '../../base/expressions/cel.ts';
import type { Logger } from '../../base/logger.ts';
import { parseReference, toUri } from '../../base/references.ts';
import type { Tracer } from '../../base/tracing.ts';
import type { ServiceRead } from '../../data/features/service.ts';
import type { Registry } from '../../models/registry/service.ts';
import type { Predictions } from '../predictions/service.ts';
import { probeModel } from './probe.ts';
import {
  assertDefinition,
  chainOf,
  type Definition,
  definitionOf,
  type Forced,
  forcedText,
  mainVariant,
  pinPrevious,
} from './rules.ts';
import { type ModelFilesOf, toRuntimeSource } from './runtimes/runtime-choice.ts';
import { createRuntimePool } from './runtimes/runtime-pool.ts';
import { endpointStore, type StoredEndpoint } from './store.ts';
import type { ExplainRows } from './traffic/explain.ts';
import {
  type CompileRequest,
  compileEndpoint,
  type LiveEndpoint,
  releaseAll,
  variantsOf,
} from './traffic/live-endpoint.ts';
import type { LiveTraffic, Switched } from './traffic/live-traffic.ts';
import type { OnlineFeatures } from './traffic/online-features.ts';

export interface EndpointsDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly lineage: Pick<Lineage, 'recordNode' | 'recordEdges' | 'holdThere' | 'release' | 'assertUnheld'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: ModelFilesOf & {
    resolve(reference: string, workspace: string): Promise<ModelVersion>;
    setAliasIn(
      tx: Db,
      workspace: string,
      model: string,
      alias: string,
      version: number,
      caller: Caller,
      reason?: string,
    ): Promise<{ previous: number | null }>;
    bindAlias(tx: Db, workspace: string, model: string, alias: string, endpointUri: string): Promise<void>;
    unbindAliases(tx: Db, workspace: string, endpointUri: string): Promise<void>;
    /** Who is served, and who no longer: locked before it is written, told after. */
    readonly lifecycle: Pick<Registry['lifecycle'], 'lockServedIn' | 'noteServedIn'>;
  };
  readonly governance: {
    /** Throws modelNotApproved unless every version is approved or overridden. */
    assertReleasable(tx: Db, workspace: string, modelUris: string[]): Promise<void>;
  };
  readonly features: OnlineFeatures & {
    resolveView(reference: string, workspace: string): Promise<FeatureView>;
    prepareService(reference: string, workspace: string): Promise<ServiceRead>;
  };
  readonly predictions: Pick<Predictions, 'openLog'>;
  readonly openRuntime: OpenRuntime;
  /** Null or absent: predictions are no spans. */
  readonly tracer?: Tracer | null;
  readonly explainRows: ExplainRows;
  /** Told who calls which endpoint. */
  readonly noteCall?: (endpoint: string, caller: Caller) => void;
  /** Where clients reach this server. */
  readonly url?: () => string;
}

export type Recorder = (change: Change) => void;

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

export interface GoLive extends Omit<ReleaseRequest, 'change'> {
  readonly definition: Definition;
  /** Revision that must still be live when this one is written; null when there is none. */
  readonly basis: number | null;
  readonly caller: Caller;
  /** Models whose release was checked before need no second word at 3 a.m. */
  readonly unchecked?: boolean;
}

/** Uris of all models of a revision, shadows too. */
export const modelsOf = (definition: Pick<Definition, 'variants' | 'fallbacks'> | null): string[] => [
  ...new Set([
    ...(definition?.variants ?? []).map((variant) => `model:${variant.model}`),
    ...(definition?.fallbacks ?? []).flatMap((step) =>
      typeof step === 'object' && 'model' in step ? [`model:${step.model}`] : [],
    ),
  ]),
];

/** In words, as answers give it for their reason. */
export const toSwitched = (definition: Definition, forced: Forced | null): Switched | null =>
  forced && { text: forcedText(definition, forced), step: forced.step };

export function createReleases(deps: EndpointsDependencies, traffic: LiveTraffic) {
  const { db, changes, lineage, clock, logger, registry, features } = deps;
  const pool = createRuntimePool(
    async (model, choice) => {
      const onBuild = (tool: string) =>
        logger.info({ model: model.reference, tool }, 'building the Python environment of a model');
      return deps.openRuntime(await toRuntimeSource(registry, model, choice, onBuild));
    },
    {
      onCloseFailed: (error) => logger.error({ err: error }, 'a runtime could not be closed'),
      onBreaker: (served, change) => traffic.noteBreaker(served, change),
    },
  );
  const compiling = {
    pool,
    resolveModel: (reference: string, workspace: string) => registry.resolve(reference, workspace),
    resolveView: (reference: string, workspace: string) => features.resolveView(reference, workspace),
    prepareService: (reference: string, workspace: string) => features.prepareService(reference, workspace),
    openLog: (workspace: string, endpoint: string) => deps.predictions.openLog(workspace, endpoint),
  };

  /** Names become numbers, once: what is live never changes because an alias does. */
  async function pin(definition: Definition, workspace: string): Promise<Definition> {
    const variants = await Promise.all(definition.variants.map((variant) => pinModel(variant, workspace)));
    const fallbacks = await Promise.all(
      definition.fallbacks.map((step) =>
        typeof step === 'object' && 'model' in step ? pinModel(step, workspace) : step,
      ),
    );
    return { ...definition, variants, fallbacks };
  }

  async function pinModel<
    T extends { readonly model: string; readonly view?: string; readonly service?: string },
  >(named: T, workspace: string): Promise<T> {
    const { reference: model } = await registry.resolve(named.model, workspace);
    const { view, service } = named;
    return {
      ...named,
      model,
      ...(view !== undefined && { view: (await features.resolveView(view, workspace)).reference }),
      ...(service !== undefined && {
        service: (await features.prepareService(service, workspace)).service.reference,
      }),
    };
  }

  /** @param before what is live, for the model that answers before this one */
  async function check(
    name: string,
    definition: Definition,
    workspace: string,
    before: Definition | null,
  ): Promise<Definition> {
    const named = await pin(definition, workspace);
    assertDefinition(name, named);
    const pinned = pinPrevious(named, before);
    for (const step of chainOf(pinned)) {
      if (typeof step !== 'object' || !('rule' in step)) continue;
      const unknown = compileExpression(step.rule).names.find(
        (found) => found !== 'record' && found !== 'features',
      );
      if (unknown === undefined) continue;
      const reason = `its fallback reads '${unknown}', but knows only record and features`;
      throw errors.endpointDefinitionInvalid({ name, reason });
    }
    return pinned;
  }

  /** Models are loaded and warm before the write, so the switch after it is one assignment. */
  async function goLive(request: GoLive): Promise<EndpointRevision> {
    const { endpoint: name, definition, caller } = request;
    const { workspace } = caller;
    const compiled = await compileEndpoint(compiling, { workspace, name, definition, tolerant: false });
    try {
      const revision = await changes.run(caller, (tx, record) => writeRevision(tx, record, request));
      const stored = await endpointStore(db).find(workspace, name);
      traffic.switchTo(compiled, revision.revision, toSwitched(definition, stored?.forced ?? null));
      return revision;
    } catch (error) {
      releaseAll(compiled);
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
    const models = modelsOf(definition);
    const before = basis === null ? [] : modelsOf(await store.findRevision(workspace, name, basis, basis));
    const served = { before, after: models };
    await registry.lifecycle.lockServedIn(tx, workspace, served);
    if (!request.unchecked) await deps.governance.assertReleasable(tx, workspace, models);
    const common = { workspace, endpoint: name, now: clock.now(), actor: caller.actor };
    const revision = await store.insertRevision({ ...common, definition, reason });
    await store.setLive(workspace, name, revision.revision, common.now);
    if (definition.alias !== null && request.followAlias !== false)
      await moveAlias(tx, record, request, definition.alias);
    await request.within?.(tx, record, revision);
    // After the lock of the model that an alias takes: whoever deletes a version takes them in this order, too.
    await writeLineage(tx, workspace, uri, revision, models);
    await registry.lifecycle.noteServedIn(tx, record, served, uri, caller);
    const detail = { endpoint: name, revision: revision.revision, previous: basis, models, reason };
    record({ action: 'endpoint.released', subject: uri, detail });
    return revision;
  }

  /** Whoever listens to the model hears of it as of any other move of an alias. */
  async function moveAlias(tx: Db, record: Recorder, request: GoLive, alias: string): Promise<void> {
    const { endpoint, definition, caller, reason } = request;
    const { workspace } = caller;
    const { name, version } = parseReference(mainVariant(definition).model);
    const number = Number(version);
    await registry.bindAlias(tx, workspace, name, alias, toUri('endpoint', endpoint));
    const { previous } = await registry.setAliasIn(tx, workspace, name, alias, number, caller, reason);
    if (previous === number) return;
    const detail = { name, alias, version, previous, endpoint };
    record({ action: 'model.aliasSet', subject: toUri('model', name, number), detail });
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
    const steps = revision.fallbacks.filter((step) => typeof step === 'object' && 'model' in step);
    const views = [...revision.variants, ...steps].flatMap(({ view, service }) => [
      ...(view ? [`view:${view}`] : []),
      ...(service ? [`service:${service}`] : []),
    ]);
    const used = [...models, ...new Set(views)];
    const edges = used.map((from) => ({ from, to: revision.uri, relation: 'served' }));
    await lineage.recordEdges(tx, workspace, edges);
    await lineage.release(tx, workspace, uri);
    await lineage.holdThere(
      tx,
      workspace,
      uri,
      used.map((each) => ({ uri: each, reason: 'serves it' })),
    );
  }

  function tellProblems(endpoint: LiveEndpoint): void {
    for (const { problem } of variantsOf(endpoint))
      if (problem) logger.error({ endpoint: endpoint.name }, problem);
  }

  /** The same revision with all its models, unless another has gone live meanwhile. */
  function loadLater(before: LiveEndpoint, request: CompileRequest, revision: number): void {
    const { workspace, name } = request;
    void compileEndpoint(compiling, request)
      .then((compiled) => {
        tellProblems(compiled);
        const place = traffic.find(workspace, name);
        if (place?.endpoint === before) traffic.switchTo(compiled, revision, traffic.switchedOf(place));
        else releaseAll(compiled);
      })
      .catch((error: unknown) => logger.error({ err: error, endpoint: name }, 'an endpoint was not loaded'));
  }

  return {
    check,
    goLive,

    /**
     * What the database says is live. A model that cannot be loaded leaves its endpoint to the rule; so does one of
     * Python until its worker has started, for which nothing else waits.
     */
    async load(stored: StoredEndpoint): Promise<void> {
      const { workspace, name, liveRevision } = stored;
      const revision = await endpointStore(db).findRevision(workspace, name, liveRevision, liveRevision);
      if (!revision) throw errors.endpointRevisionNotFound({ name, revision: String(liveRevision) });
      const request = { workspace, name, definition: definitionOf(revision), tolerant: true };
      const compiled = await compileEndpoint(compiling, { ...request, isQuick: true });
      traffic.switchTo(compiled, liveRevision, toSwitched(request.definition, stored.forced));
      if (variantsOf(compiled).some(({ isLater }) => isLater)) loadLater(compiled, request, liveRevision);
      else tellProblems(compiled);
    },

    /** @throws modelUnreadable for a model that no endpoint could load */
    probeModel: (model: string, records: readonly Row[], workspace: string): Promise<PredictReply> =>
      probeModel(compiling, { model, records, workspace, at: clock.now() }, features),

    /** Resolves when every runtime that nothing serves any more is closed. */
    settled: () => pool.settled(),
  };
}

import { createHash } from 'node:crypto';
import type {
  Download,
  EndpointRevision,
  EndpointStats,
  EndpointStatus,
  endpointsEndpoints,
  Input,
  Page,
  PredictReply,
} from '@tidemill/contract';
import { mayCaller } from '../../access/grants/service.ts';
import type { Db } from '../../adapters/db/db.ts';
import type { Tensor } from '../../adapters/inference/tensors.ts';
import { type Caller, systemCaller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import { decodeCursor, defaultPageSize, isNumber, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import { createTurns } from '../../base/turns.ts';
import { signatureOf } from './clients/live-signature.ts';
import { toOpenApi } from './clients/openapi.ts';
import { toPython } from './clients/python.ts';
import type { EndpointSignature } from './clients/signature.ts';
import { toTypeScript } from './clients/typescript.ts';
import { loadModels, type ServedVersions, servedVersions, unloadModels } from './loaded-models.ts';
import type { BreakerChange } from './protection/breaker.ts';
import type { Patience } from './protection/deadline.ts';
import {
  createReleases,
  type EndpointsDependencies,
  modelsOf,
  type ReleaseRequest,
  toSwitched,
} from './releases.ts';
import {
  chainOf,
  type Definition,
  definitionOf,
  isSame,
  mainVariant,
  rollbackTarget,
  toDefinition,
} from './rules.ts';
import { endpointStore, type StoredEndpoint } from './store.ts';
import { type LiveEndpoint, runtimesOf } from './traffic/live-endpoint.ts';
import { createLiveTraffic, type PredictOptions } from './traffic/live-traffic.ts';
import { createRecentReplies } from './traffic/recent-replies.ts';
import type { EndpointDescription, InferReply, InferRequest } from './traffic/tensor-traffic.ts';
import { trafficFamilies } from './traffic/traffic-metrics.ts';
import { createTrafficStats } from './traffic/traffic-stats.ts';

export type { EndpointsDependencies, ReleaseRequest } from './releases.ts';
export type { Definition } from './rules.ts';
export { type ColumnScorer, createColumnScorer, inputNames } from './runtimes/column-scorer.ts';
export type { EndpointDescription, InferReply, InferRequest } from './traffic/tensor-traffic.ts';

type Contract = typeof endpointsEndpoints;

/** Revisions looked at for the one to go back to. */
const historyRows = 200;
const mostRevisions = 100_000;
const usualMinutes = 5;

/** Of an answer that others wait for, too: it does not end because the first of them has left. */
const lasting = (patience: Patience | undefined): Patience | undefined =>
  patience?.timeoutMs === undefined ? undefined : { timeoutMs: patience.timeoutMs };

/** What answers requests: immutable revisions, exactly one live, switched in one write and at once in memory. */
export function createEndpoints(deps: EndpointsDependencies) {
  const { db, changes, lineage, clock, logger, registry, features } = deps;
  const stats = createTrafficStats(clock);
  const traffic = createLiveTraffic({
    ...{ online: features, clock, logger, stats, tracer: deps.tracer ?? null },
    explainRows: deps.explainRows,
    onBreaker: (endpoint, change) => void recordBreaker(endpoint, change).catch(noteFailed),
  });
  const noteFailed = (error: unknown) => logger.error({ err: error }, 'a breaker could not be recorded');

  /** In the log and in the outbox: on call one wants to know since when, and webhooks may listen. */
  async function recordBreaker(
    { workspace, name }: LiveEndpoint,
    { variant, model, from, to, reason }: BreakerChange & { variant: string; model: string },
  ): Promise<void> {
    const detail = { endpoint: name, variant, model, from, to, reason };
    logger.warn(detail, `breaker ${to}`);
    if (to === 'half-open') return;
    const action = to === 'open' ? 'endpoint.breakerOpened' : 'endpoint.breakerClosed';
    await changes.run(systemCaller('endpoints', workspace), async (_tx, record) => {
      record({ action, subject: toUri('endpoint', name), detail });
    });
  }
  const releases = createReleases(deps, traffic);
  const { check, goLive } = releases;
  const replies = createRecentReplies({ clock });

  function signatureFor(name: string, { workspace }: Caller): EndpointSignature {
    const { endpoint, revision } = traffic.get(workspace, name);
    const signature = signatureOf(endpoint, revision);
    if (signature) return signature;
    throw errors.endpointTakesTensors({ endpoint: name, model: mainVariant(endpoint.definition).model });
  }

  const inTurn = createTurns();

  async function getStored(name: string, workspace: string, tx: Db = db): Promise<StoredEndpoint> {
    const found = await endpointStore(tx).find(workspace, name);
    if (!found || found.isDeleted) throw errors.endpointNotFound({ name });
    return found;
  }

  async function getRevision(
    name: string,
    workspace: string,
    number: number,
    live: number,
    tx: Db = db,
  ): Promise<EndpointRevision> {
    const found = await endpointStore(tx).findRevision(workspace, name, number, live);
    if (!found) throw errors.endpointRevisionNotFound({ name, revision: String(number) });
    return found;
  }

  async function getLive(name: string, workspace: string, tx: Db = db): Promise<EndpointRevision> {
    const { liveRevision } = await getStored(name, workspace, tx);
    return getRevision(name, workspace, liveRevision, liveRevision, tx);
  }

  async function previousOf(live: EndpointRevision, workspace: string): Promise<number> {
    const options = { live: live.revision, before: live.revision, limit: historyRows };
    return rollbackTarget(live, await endpointStore(db).listRevisions(workspace, live.endpoint, options));
  }

  async function statusOf(name: string, workspace: string): Promise<EndpointStatus> {
    const live = await getLive(name, workspace);
    const { forced } = await getStored(name, workspace);
    const { endpoint, admission } = traffic.get(workspace, name);
    return {
      name,
      live,
      fallbackForced: forced !== null,
      fallbackReason: forced?.reason ?? null,
      fallbackStep: forced === null ? null : forced.step + 1,
      runtimes: runtimesOf(endpoint),
      queue: {
        underWay: admission.underWay(),
        refused: admission.refused(),
        perSecond: admission.rate(performance.now()),
      },
    };
  }

  async function setAside(
    name: string,
    caller: Caller,
    action: string,
    work: (endpoint: LiveEndpoint) => Promise<void>,
  ): Promise<void> {
    await work(traffic.get(caller.workspace, name).endpoint);
    await changes.run(caller, async (_tx, record) => {
      record({ action, subject: toUri('endpoint', name), detail: { endpoint: name } });
    });
  }

  return {
    async put(
      input: Input<Contract['put']>,
      caller: Caller,
    ): Promise<EndpointRevision & { unchanged: boolean }> {
      const { name, reason = '', ...rest } = input;
      return inTurn(`${caller.workspace}/${name}`, async () => {
        const found = await endpointStore(db).find(caller.workspace, name);
        const live = found && !found.isDeleted ? await getLive(name, caller.workspace) : null;
        const was = live && definitionOf(live);
        const definition = await check(name, toDefinition(rest), caller.workspace, was);
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
        const definition = await check(name, change(before), caller.workspace, before);
        const known = new Set(modelsOf(before));
        const unchecked = modelsOf(definition).every((model) => known.has(model));
        return goLive({ ...request, definition, basis: live.revision, caller, unchecked });
      });
    },

    async rollback(input: Input<Contract['rollback']>, caller: Caller): Promise<EndpointRevision> {
      const { name, reason } = input;
      return inTurn(`${caller.workspace}/${name}`, async () => {
        const live = await getLive(name, caller.workspace);
        const number = input.revision ?? (await previousOf(live, caller.workspace));
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

    /** @throws permissionDenied to whoever probes and may not read: features are shown then */
    predict: async (
      input: Input<Contract['predict']>,
      caller: Caller,
      options: PredictOptions = {},
    ): Promise<PredictReply> => {
      if (input.probe && !mayCaller(caller, 'read', `endpoint:${input.name}`))
        throw errors.permissionDenied({
          actor: caller.actor,
          permission: 'read',
          where: `a probe of endpoint '${input.name}'`,
        });
      // What is not there is refused before anybody is counted for it.
      traffic.get(caller.workspace, input.name);
      if (!input.probe) deps.noteCall?.(input.name, caller);
      assertFew(input);
      if (input.idempotencyKey === undefined || input.probe) return traffic.predict(input, caller, options);
      // Whoever sends it again is answered, too: it is asked for all of them, and waits as long as the first would.
      const { patience, ...how } = options;
      const answer = () => traffic.predict(input, caller, { ...how, patience: lasting(patience) });
      const { idempotencyKey: key, ...rest } = input;
      const { workspace, actor } = caller;
      const size = input.records.length;
      const content = { ...rest, ...how };
      return replies.once({ workspace, actor, endpoint: input.name, key, content, size, answer });
    },

    /**
     * Tensors in, tensors out, for the doors of other protocols.
     * @throws endpointNotFound, endpointVersionNotFound, modelInputInvalid, predictionUnavailable
     */
    infer: async (request: InferRequest, caller: Caller, patience?: Patience): Promise<InferReply> => {
      traffic.get(caller.workspace, request.name);
      deps.noteCall?.(request.name, caller);
      const { name: endpoint, idempotencyKey: key } = request;
      if (key === undefined) return traffic.infer(request, caller, patience);
      const { workspace, actor } = caller;
      const answer = () => traffic.infer(request, caller, lasting(patience));
      const size = weightOf(request.inputs);
      const weigh = ({ outputs }: InferReply) => weightOf(outputs);
      return replies.once({
        workspace,
        actor,
        endpoint,
        key,
        content: contentOf(request),
        size,
        weigh,
        answer,
      });
    },

    /** What it takes and gives, from memory. @throws endpointNotFound, endpointVersionNotFound */
    describe: async (
      { name, version }: { readonly name: string; readonly version?: string | undefined },
      caller: Caller,
    ): Promise<EndpointDescription> => traffic.describe(caller.workspace, name, version),

    /** Names of those that a caller may ask; from memory. */
    names: (caller: Caller): string[] =>
      traffic.names(caller.workspace).filter((name) => mayCaller(caller, 'invoke', `endpoint:${name}`)),

    /** @throws endpointNotFound, endpointTakesTensors */
    getOpenApi: async ({ name }: { name: string }, caller: Caller): Promise<Record<string, unknown>> =>
      toOpenApi(signatureFor(name, caller), deps.url?.() ?? '/'),

    /** @throws endpointNotFound, endpointTakesTensors */
    async getClient({ name, language }: Input<Contract['getClient']>, caller: Caller): Promise<Download> {
      const write = language === 'ts' ? toTypeScript : toPython;
      const content = Buffer.from(write(signatureFor(name, caller)));
      return {
        content: (async function* () {
          yield content;
        })(),
        mediaType: `text/${language === 'ts' ? 'typescript' : 'x-python'}; charset=utf-8`,
        size: content.length,
      };
    },
    /** Before a request is read: whether it would be let in. @throws endpointBusy */
    assertRoom: (name: string, caller: Caller): void => traffic.assertRoom(caller.workspace, name, caller),

    /** Every endpoint of the caller's workspace, and which of its models are in memory. */
    served: (caller: Caller): ServedVersions[] =>
      [...traffic.live()]
        .filter(({ endpoint }) => endpoint.workspace === caller.workspace)
        .map(({ endpoint }) => servedVersions(endpoint)),

    /** Brings models back that were set aside. */
    loadModels: ({ name }: { readonly name: string }, caller: Caller): Promise<void> =>
      setAside(name, caller, 'endpoint.modelsLoaded', loadModels),

    /** Frees the memory of its models until they are loaded or asked. */
    unloadModels: ({ name }: { readonly name: string }, caller: Caller): Promise<void> =>
      setAside(name, caller, 'endpoint.modelsUnloaded', unloadModels),

    /** What an endpoint would answer that serves this version alone: loaded as one, asked, and gone. */
    probeModel: releases.probeModel,

    async forceFallback(input: Input<Contract['forceFallback']>, caller: Caller): Promise<EndpointStatus> {
      const { name, enabled, reason, step = 1 } = input;
      const { workspace } = caller;
      const live = await getLive(name, workspace);
      const steps = chainOf(live).length;
      if (enabled && step > steps) {
        const problem =
          steps === 0 ? 'it has no fallback rule to switch to' : `it has ${steps} fallbacks, and no ${step}`;
        throw errors.endpointDefinitionInvalid({ name, reason: problem });
      }
      const forced = enabled ? { reason, step: step - 1 } : null;
      await changes.run(caller, async (tx, record) => {
        await endpointStore(tx).setForced(workspace, name, forced);
        const action = enabled ? 'endpoint.fallbackForced' : 'endpoint.fallbackReleased';
        record({
          action,
          subject: toUri('endpoint', name),
          detail: { endpoint: name, reason, ...(enabled && { step }) },
        });
      });
      traffic.setForced(workspace, name, toSwitched(definitionOf(live), forced));
      return statusOf(name, workspace);
    },

    get: (input: { name: string }, caller: Caller): Promise<EndpointStatus> =>
      statusOf(input.name, caller.workspace),

    stats({ name, minutes = usualMinutes }: Input<Contract['stats']>, caller: Caller): EndpointStats {
      traffic.get(caller.workspace, name);
      return stats.recent(caller.workspace, name, minutes);
    },

    listStats({ minutes = usualMinutes }: Input<Contract['listStats']>, caller: Caller) {
      const asked = [...traffic.live()].filter(({ endpoint }) => endpoint.workspace === caller.workspace);
      const items = asked.map(({ endpoint: { name } }) => {
        const { series: _, ...rest } = stats.recent(caller.workspace, name, minutes);
        return rest;
      });
      const requestsOf = ({ variants }: (typeof items)[number]) =>
        variants.reduce((sum, { requests }) => sum + requests, 0);
      return { items: items.toSorted((a, b) => requestsOf(b) - requestsOf(a)) };
    },

    /** What Prometheus reads of the endpoints. */
    metrics: () => trafficFamilies(stats, traffic),

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

    /** Columns that named the entity, with the revisions in which they did: the newest first, also of an endpoint that was deleted. */
    async entitiesOf(name: string, workspace: string): Promise<{ entity: string[]; revisions: number[] }[]> {
      const all = await endpointStore(db).listRevisions(workspace, name, { live: -1, limit: mostRevisions });
      const groups = Map.groupBy(all, ({ entity }) => JSON.stringify(entity));
      return [...groups.values()].map((some) => ({
        entity: some[0]?.entity ?? [],
        revisions: some.map(({ revision }) => revision),
      }));
    },

    /** Also of an endpoint that was deleted; null for one that never was. */
    findRevision: (name: string, revision: number, workspace: string): Promise<EndpointRevision | null> =>
      endpointStore(db).findRevision(workspace, name, revision, -1),

    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      const { name } = input;
      const { workspace } = caller;
      const uri = toUri('endpoint', name);
      return inTurn(`${workspace}/${name}`, async () => {
        await getStored(name, workspace);
        await changes.run(caller, async (tx, record) => {
          const served = { before: modelsOf(await getLive(name, workspace, tx)), after: [] };
          await registry.lifecycle.lockServedIn(tx, workspace, served);
          await lineage.assertUnheld(tx, workspace, uri);
          await lineage.release(tx, workspace, uri);
          await registry.lifecycle.noteServedIn(tx, record, served, uri, caller);
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
      for (const stored of await endpointStore(db).listAll()) await releases.load(stored);
    },

    async stop(): Promise<void> {
      await traffic.close();
      await releases.settled();
    },
  };
}

/** Twenty elements of a tensor take about as much memory as a prediction with its words. */
const elementsPerPrediction = 20;
const weightOf = (tensors: readonly Tensor[]): number =>
  Math.ceil(tensors.reduce((sum, { data }) => sum + data.length, 0) / elementsPerPrediction);

/** Tensors by the digests of their bytes. */
const contentOf = ({ idempotencyKey: _key, inputs, ...rest }: InferRequest) => ({
  ...rest,
  inputs: inputs.map(({ data, ...spec }) => ({ ...spec, digest: digestOfData(data) })),
});

function digestOfData(data: Tensor['data']): string {
  const hash = createHash('sha256');
  if (ArrayBuffer.isView(data)) return hash.update(data).digest('hex');
  for (const element of data) hash.update(`${element.length}:`).update(element);
  return hash.digest('hex');
}

const mostRecords = 1000;

/** @throws recordsTooMany */
function assertFew({ name, records }: Input<Contract['predict']>): void {
  if (records.length > mostRecords)
    throw errors.recordsTooMany({ endpoint: name, count: records.length, limit: mostRecords });
}

export type Endpoints = ReturnType<typeof createEndpoints>;

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  EndpointUsage,
  Input,
  LogStatus,
  OutcomeResult,
  OutcomesReply,
  Page,
  Performance,
  PredictionRecord,
  predictionsEndpoints,
  Row,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../adapters/blobs/blobs.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Family } from '../../base/metrics/metrics.ts';
import { decodeCursor, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import type { Events } from '../../platform/events/service.ts';
import { createCoalescer } from './coalesce.ts';
import { type EndpointLog, openEndpointLog } from './endpoint-log.ts';
import { failuresOf, pairsOf, recordOf, windowOf } from './log-memory.ts';
import {
  failuresSql,
  type LogPlace,
  listQuestion,
  pairsSql,
  performanceSql,
  usageSql,
  windowSql,
} from './log-queries.ts';
import {
  daysOf,
  type LoggedOutcome,
  type LoggedPrediction,
  type LogSettings,
  noSettings,
  type Pair,
  parseEventTime,
  type SegmentKind,
  toPair,
  toRecord,
} from './rules.ts';
import { type SealedSegment, SegmentsGone, segmentStore } from './store.ts';
import { createSubjectErasure, type RevisionEntity } from './subject-erasure.ts';

export type { EndpointLog } from './endpoint-log.ts';
export { keptFeatures, type LoggedPrediction, type Pair, parseEventTime } from './rules.ts';

export interface PredictionsDependencies {
  readonly db: Db;
  readonly analytics: Pick<Analytics, 'query' | 'exportFile' | 'copy'>;
  readonly blobs: Pick<Blobs, 'putFile' | 'localPath'>;
  readonly events: Pick<Events, 'emit'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `<data>/predictions` */
  readonly folder: string;
  /** Columns that name the entity of an endpoint; throws endpointNotFound. (`endpoints.entityOf`) */
  readonly entityOf: (endpoint: string, workspace: string) => string[];
  /** The same of all revisions there ever were, the newest first; none of an endpoint that never was. (`endpoints.entitiesOf`) */
  readonly entitiesOf?: (endpoint: string, workspace: string) => Promise<readonly RevisionEntity[]>;
  /** Canonical key of the entity a record names. (`features.entityKey`) */
  readonly entityKey: (columns: string[], record: Row, index: number) => string;
  readonly changes?: Changes;
  /** What the card of a model version says it is for. */
  readonly intendedUseOf?: (model: string, caller: Caller) => Promise<string | null>;
  /** Of files those that nothing names and that are old enough. */
  readonly removeBlobs?: (sha256s: readonly string[]) => Promise<unknown>;
  /** What hears of an endpoint's predictions as they are logged. */
  readonly tapOf?: (workspace: string, endpoint: string) => (prediction: LoggedPrediction) => void;
  /** Size at which a segment is closed; 8 MiB. */
  readonly segmentBytes?: number;
}

type Contract = typeof predictionsEndpoints;
type OutcomeInput = Input<Contract['recordOutcomes']>['outcomes'][number];

/** Under load predictions are told in larger sums: each telling is a transaction that the requests wait for. */
const tellMs = { predictions: 200, outcomes: 50 };
const sealMs = 60_000;
/** How far the clock of who observes may be ahead of ours. */
const clockSkewMs = 300_000;
const farFuture = 8_640_000_000_000_000;

/**
 * What was predicted and what really happened. Written to files by one writer per endpoint, read by one DuckDB query
 * per question: no row of it ever passes through the metadata database.
 */
export function createPredictions(deps: PredictionsDependencies) {
  const { clock, logger, folder } = deps;
  const logs = new Map<string, Promise<EndpointLog>>();
  const written = new Map<string, Record<SegmentKind, { kept: number; lost: number }>>();
  let sealed: readonly SealedSegment[] = [];
  /** By `workspace/endpoint`; what another server writes is read each time it seals. */
  const settings = new Map<string, LogSettings>();
  let timer: NodeJS.Timeout | undefined;
  let sealing: Promise<void> = Promise.resolve();

  const tellers = {
    predictions: createTeller('predictions.logged', tellMs.predictions),
    outcomes: createTeller('outcomes.recorded', tellMs.outcomes),
  };

  function createTeller(kind: string, intervalMs: number) {
    return createCoalescer({
      intervalMs,
      async tell(subject, count) {
        const [workspace = '', endpoint = ''] = subject.split('/');
        const uri = toUri('endpoint', endpoint);
        await deps.events.emit(deps.db, {
          workspace,
          kind,
          subject: uri,
          actor: uri,
          payload: { endpoint, count },
        });
      },
      onFailed: (error, subject) => logger.error({ err: error, subject, kind }, 'event not written'),
    });
  }

  function openLog(workspace: string, endpoint: string): Promise<EndpointLog> {
    const key = `${workspace}/${endpoint}`;
    const found = logs.get(key);
    if (found) return found;
    const lines = { predictions: { kept: 0, lost: 0 }, outcomes: { kept: 0, lost: 0 } };
    written.set(key, lines);
    const opened = openEndpointLog({
      ...deps,
      folder: join(folder, workspace, endpoint),
      sealed: sealed.filter((segment) => segment.workspace === workspace && segment.endpoint === endpoint),
      settings: () => settings.get(key) ?? noSettings,
      mergeSealed: (old, fresh) =>
        transact(deps.db, (tx) => segmentStore(tx).merge(old, { ...fresh, workspace, endpoint })).then(
          () => true,
          (error: unknown) => {
            if (error instanceof SegmentsGone) return false;
            throw error;
          },
        ),
      removeSealed: (ids) => segmentStore(deps.db).remove(ids),
      saveSealed: (segment) => segmentStore(deps.db).insert({ ...segment, workspace, endpoint }),
      onWritten(kind, rows) {
        lines[kind].kept += rows;
        tellers[kind].add(key, rows);
      },
      onFailed(error, rows, kind) {
        lines[kind].lost += rows;
        logger.error({ err: error, endpoint, rows }, 'prediction log not written');
      },
      ...(deps.tapOf && { tap: deps.tapOf(workspace, endpoint) }),
      ...(deps.segmentBytes && { maximumBytes: deps.segmentBytes }),
    });
    logs.set(key, opened);
    opened.catch(() => logs.delete(key));
    return opened;
  }

  /** A deleted endpoint keeps its log; one that never was has none. */
  async function getLog(workspace: string, endpoint: string): Promise<EndpointLog> {
    const found = logs.get(`${workspace}/${endpoint}`);
    if (found) return found;
    deps.entityOf(endpoint, workspace);
    return openLog(workspace, endpoint);
  }

  function toOutcome(
    endpoint: string,
    entity: string[],
    outcome: OutcomeInput,
    index: number,
  ): Omit<LoggedOutcome, 'sequence'> {
    const { predictionId, entity: record, eventTime, value: said } = outcome;
    const value = typeof said === 'number' ? { value: said } : { value: null, label: said };
    const observedAt = outcome.observedAt === undefined ? clock.now() : parseEventTime(outcome.observedAt);
    if (observedAt > clock.now() + clockSkewMs) {
      const problem = `it was observed at ${new Date(observedAt).toISOString()}, which is not yet`;
      throw errors.outcomeInvalid({ endpoint, index, problem });
    }
    if (predictionId !== undefined) return { predictionId, key: null, eventTime: null, ...value, observedAt };
    if (record === undefined) {
      throw errors.outcomeInvalid({ endpoint, index, problem: 'it has neither predictionId nor entity' });
    }
    if (eventTime === undefined)
      throw errors.outcomeInvalid({ endpoint, index, problem: 'it has no eventTime' });
    const key = deps.entityKey(entity, record, index);
    return { predictionId: null, key, eventTime: parseEventTime(eventTime), ...value, observedAt };
  }

  async function readSettings(): Promise<void> {
    for (const { workspace, endpoint, ...found } of await segmentStore(deps.db).listSettings())
      settings.set(`${workspace}/${endpoint}`, found);
  }

  async function sealAll(): Promise<void> {
    const complain = (error: unknown) => logger.error({ err: error }, 'sealing the prediction log failed');
    await readSettings().catch(complain);
    for (const opened of logs.values()) {
      const log = await opened;
      const work = async () => {
        await log.seal();
        await log.retain();
        await log.compact();
      };
      await work().catch(complain);
    }
  }

  async function statusOf(name: string, workspace: string): Promise<LogStatus> {
    const log = await getLog(workspace, name);
    const { predictions, outcomes } = log.counts();
    const { waitingRows, waitingBytes: _, ...state } = log.summary();
    const { retentionDays, redact } = settings.get(`${workspace}/${name}`) ?? noSettings;
    return {
      ...{ endpoint: name, retentionDays, redact: [...redact], predictions, outcomes },
      ...{ ...state, waiting: waitingRows },
    };
  }

  function seal(): Promise<void> {
    sealing = sealing.then(sealAll);
    return sealing;
  }

  async function find(
    { id, endpoint }: { readonly id: string; readonly endpoint?: string | undefined },
    { workspace }: Caller,
  ): Promise<{ endpoint: string; record: PredictionRecord }> {
    const opened = [...logs.keys()].filter((key) => key.startsWith(`${workspace}/`));
    const keys = endpoint === undefined ? opened : opened.filter((key) => key === `${workspace}/${endpoint}`);
    const days = daysOf(id);
    for (const key of keys) {
      const log = await logs.get(key);
      if (!log) continue;
      const memory = log.findMemory();
      const record = memory ? recordOf(memory, id) : await log.find(id, days);
      if (record) return { endpoint: key.slice(workspace.length + 1), record };
    }
    throw errors.predictionNotFound({ id: id.slice(0, 100), where: endpoint ?? 'any endpoint' });
  }

  const subjectHolder = createSubjectErasure({
    db: deps.db,
    entitiesOf: deps.entitiesOf ?? (async () => []),
    async *logsOf(workspace) {
      for (const [key, log] of logs)
        if (key.startsWith(`${workspace}/`))
          yield { endpoint: key.slice(workspace.length + 1), log: await log };
    },
    alone(work) {
      const done = sealing.then(work);
      sealing = done.then(
        () => undefined,
        () => undefined,
      );
      return done;
    },
  });

  return {
    /** Rows of a subject in the log. */
    subjectHolder,

    /** The writing end for the hot path; opened once per endpoint. */
    openLog,

    async recordOutcomes(input: Input<Contract['recordOutcomes']>, caller: Caller): Promise<OutcomesReply> {
      const entity = deps.entityOf(input.name, caller.workspace);
      const outcomes = input.outcomes.map((outcome, index) => toOutcome(input.name, entity, outcome, index));
      const log = await openLog(caller.workspace, input.name);
      try {
        const results = await log.appendOutcomes(outcomes);
        const count = (wanted: OutcomeResult) => results.filter((result) => result === wanted).length;
        return {
          accepted: outcomes.length,
          corrected: count('corrected'),
          unchanged: count('unchanged'),
          unmatched: count('unmatched'),
          results,
        };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw errors.outcomesNotStored({ endpoint: input.name, reason }, error);
      }
    },

    async list(input: Input<Contract['list']>, caller: Caller): Promise<Page<PredictionRecord>> {
      const log = await getLog(caller.workspace, input.name);
      const { name: _, from = null, to = null, limit = 100, cursor, ...filters } = input;
      const after = cursor === undefined ? null : decodeCursor(cursor, isPlace);
      if (filters.key !== undefined) filters.key = toKey(filters.key);
      const { question, parameters } = listQuestion({ from, to, filters, after, limit: limit + 1 });
      const found = (await log.query(question, parameters)).map(toRecord);
      return toPage(found, limit, ({ eventTime, at, id }): LogPlace => [eventTime, at, id]);
    },

    /** One prediction of an endpoint. @throws predictionNotFound */
    async show({ name, id }: Input<Contract['get']>, caller: Caller): Promise<PredictionRecord> {
      await getLog(caller.workspace, name);
      return (await find({ id, endpoint: name }, caller)).record;
    },

    /** One prediction by its id, in the log of one endpoint or of any of the workspace. @throws predictionNotFound */
    get: find,

    async performance(input: Input<Contract['performance']>, caller: Caller): Promise<Performance> {
      const log = await getLog(caller.workspace, input.name);
      const { from = -farFuture, to = farFuture, bucket = 'all' } = input;
      const groups = await log.query(performanceSql(bucket), [from, to]);
      return { endpoint: input.name, groups: groups as unknown as Performance['groups'] };
    },

    /** The newest `rows` units (entity and event time) of one role, newest first, each by its first prediction. */
    async window(request: {
      workspace: string;
      endpoint: string;
      rows: number;
      model?: string | undefined;
      role?: 'live' | 'shadow' | undefined;
    }): Promise<PredictionRecord[]> {
      const log = await getLog(request.workspace, request.endpoint);
      const { rows: units, role = 'live', model = null } = request;
      const memory = log.findMemory();
      if (memory) return windowOf(memory, { rows: units, role, model });
      const rows = await log.query(windowSql, [role, model, units]);
      return rows.map(toRecord);
    },

    /** Units that both models predicted since a moment and whose outcome is known, oldest event time first. */
    async pairs(request: {
      workspace: string;
      endpoint: string;
      candidate: string;
      champion: string;
      /** Variants they predicted as: tells them apart where both serve one model, from different views. */
      candidateVariants: readonly string[];
      championVariants: readonly string[];
      /** Predictions made at this time (epoch milliseconds) or later. */
      since: number;
    }): Promise<Pair[]> {
      const log = await getLog(request.workspace, request.endpoint);
      const memory = log.findMemory();
      if (memory) return pairsOf(memory, request);
      const { candidate, champion, since, candidateVariants, championVariants } = request;
      return (
        await log.query(pairsSql, [candidate, champion, since, candidateVariants, championVariants])
      ).map(toPair);
    },

    /** How often a model, under these variants, failed to answer since a moment, and the first reason. */
    async failures(request: {
      workspace: string;
      endpoint: string;
      variants: readonly string[];
      since: number;
    }): Promise<{ count: number; reason: string | null }> {
      const log = await getLog(request.workspace, request.endpoint);
      const memory = log.findMemory();
      if (memory) return failuresOf(memory, request);
      const [row] = await log.query(failuresSql, [request.variants, request.since]);
      return {
        count: Number(row?.failures ?? 0),
        reason: typeof row?.reason === 'string' ? row.reason : null,
      };
    },

    logStatus: ({ name }: Input<Contract['logStatus']>, { workspace }: Caller) => statusOf(name, workspace),

    /** @throws logRedactionInvalid for a column of the entity */
    async putLog(input: Input<Contract['putLog']>, caller: Caller): Promise<LogStatus> {
      const { name } = input;
      const { workspace, actor } = caller;
      const entity = deps.entityOf(name, workspace);
      const column = input.redact?.find((each) => entity.includes(each.column))?.column;
      if (column !== undefined) throw errors.logRedactionInvalid({ endpoint: name, column });
      const key = `${workspace}/${name}`;
      const before = settings.get(key) ?? noSettings;
      const { retentionDays = before.retentionDays, redact = before.redact } = input;
      const next = { retentionDays, redact };
      await deps.changes?.run(caller, async (tx, note) => {
        const place = { workspace, endpoint: name };
        await segmentStore(tx).saveSettings(place, next, { at: clock.now(), by: actor });
        note({ action: 'endpoint.log-set', subject: toUri('endpoint', name), detail: next });
      });
      settings.set(key, next);
      return statusOf(name, workspace);
    },

    /** `endpoint:forecast` and `outcomes:forecast` for SQL; null for other names. @throws endpointNotFound */
    async table(name: string, workspace: string, read: Promise<void>) {
      const found = /^(endpoint|outcomes):(.+)$/.exec(name);
      if (!found) return null;
      const log = await getLog(workspace, found[2] ?? '');
      return log.table(found[1] === 'endpoint' ? 'predictions' : 'outcomes', read);
    },

    /** Who calls an endpoint, and how what answers does; by what is in the log. */
    async usage({ name, since = 0 }: Input<Contract['usage']>, caller: Caller): Promise<EndpointUsage> {
      const log = await getLog(caller.workspace, name);
      const groups = (await log.query(usageSql, [since])) as unknown as EndpointUsage['groups'];
      const models = [...new Set(groups.map(({ model }) => model))].filter((model) => model.includes('@'));
      const intended = await Promise.all(
        models.map(async (model) => ({
          model,
          intendedUse: (await deps.intendedUseOf?.(model, caller).catch(() => null)) ?? null,
        })),
      );
      return { endpoint: name, intendedUse: intended, groups };
    },

    /** Lines of all endpoints of a workspace; no query. */
    async counts(workspace: string): Promise<{ predictions: number; outcomes: number; fallbacks: number }> {
      const sum = { predictions: 0, outcomes: 0, fallbacks: 0 };
      for (const [key, log] of logs) {
        if (!key.startsWith(`${workspace}/`)) continue;
        const counts = (await log).counts();
        sum.predictions += counts.predictions;
        sum.outcomes += counts.outcomes;
        sum.fallbacks += counts.fallbacks;
      }
      return sum;
    },

    /** What Prometheus reads of the log. */
    metrics(): Family[] {
      const ofEach = (what: 'kept' | 'lost') => () =>
        [...written].flatMap(([key, lines]) =>
          Object.entries(lines).map(([kind, counts]) => ({
            labels: { workspace: key.split('/')[0] ?? '', endpoint: key.slice(key.indexOf('/') + 1), kind },
            value: counts[what],
          })),
        );
      return [
        {
          name: 'tidemill_prediction_log_lines_total',
          help: 'Lines of predictions and outcomes that this process wrote',
          type: 'counter',
          collect: ofEach('kept'),
        },
        {
          name: 'tidemill_prediction_log_lost_total',
          help: 'Lines that could not be written',
          type: 'counter',
          collect: ofEach('lost'),
        },
        {
          name: 'tidemill_prediction_log_waiting_bytes',
          help: 'Size of the lines that wait to be written, bounded at 16 MiB for each endpoint',
          type: 'gauge',
          async collect() {
            const states = [...logs].map(async ([key, log]) => ({
              labels: { workspace: key.split('/')[0] ?? '', endpoint: key.slice(key.indexOf('/') + 1) },
              value: (await log).state().predictions.waitingBytes,
            }));
            return Promise.all(states);
          },
        },
      ];
    },

    /** Those of the blobs that hold sealed segments. */
    usedBlobs: (ids: readonly string[]): Promise<string[]> => segmentStore(deps.db).usedBlobs(ids),

    /** Full segments become Parquet in blobs; also done by itself every minute. */
    seal,

    /** Mends what a killed process left. Before the endpoints start. */
    async start(): Promise<void> {
      await readSettings();
      sealed = await segmentStore(deps.db).listAll();
      const stored = sealed.map(({ workspace, endpoint }) => ({ workspace, endpoint }));
      for (const { workspace, endpoint } of [...stored, ...(await listFolders(folder))])
        await openLog(workspace, endpoint);
      timer = setInterval(() => void seal(), sealMs);
      timer.unref();
    },

    /** Writes what is buffered, and tells it. */
    async stop(): Promise<void> {
      clearInterval(timer);
      await sealing;
      for (const log of logs.values()) await (await log).close();
      await tellers.predictions.close();
      await tellers.outcomes.close();
    },
  };
}

export type Predictions = ReturnType<typeof createPredictions>;

const isPlace = (value: unknown): value is LogPlace =>
  Array.isArray(value) &&
  value.length === 3 &&
  typeof value[0] === 'number' &&
  typeof value[1] === 'number' &&
  typeof value[2] === 'string';

/** `["AAPL"]`, or the one value of a key of one column. */
const toKey = (text: string): string => (text.startsWith('[') ? text : JSON.stringify([text]));

/** `<folder>/<workspace>/<endpoint>` */
async function listFolders(folder: string): Promise<{ workspace: string; endpoint: string }[]> {
  const names = (path: string) =>
    readdir(path, { withFileTypes: true }).then(
      (entries) => entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name),
      () => [],
    );
  const found: { workspace: string; endpoint: string }[] = [];
  for (const workspace of await names(folder)) {
    for (const endpoint of await names(join(folder, workspace))) found.push({ workspace, endpoint });
  }
  return found;
}

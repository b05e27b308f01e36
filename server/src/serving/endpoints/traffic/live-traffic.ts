/** The endpoints that answer now, by name, and what happens around each answer: the log and the shadows. */
import type { endpointsEndpoints, Input, PredictionValue, PredictReply, Row } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Tracer } from '../../../base/tracing.ts';
import { keptFeatures, type LoggedPrediction, parseEventTime } from '../../predictions/service.ts';
import { type Admission, createAdmission, type Pressure } from '../protection/admission.ts';
import type { BreakerChange } from '../protection/breaker.ts';
import { type Patience, timeOf } from '../protection/deadline.ts';
import { createLoopTime } from '../protection/loop-time.ts';
import { pickFeatures } from '../reading/model-input.ts';
import type { RowDetail } from '../reading/model-output.ts';
import type { ServedModel } from '../runtimes/served-model.ts';
import { addExplanations, assertExplainable, type ExplainRows } from './explain.ts';
import { pickVariant } from './infer.ts';
import { type LiveEndpoint, type LiveVariant, leave, retire, variantsOf } from './live-endpoint.ts';
import type { OnlineFeatures } from './online-features.ts';
import { askLive, askVariant, type Question, type Said, toAnswers } from './predict.ts';
import { addPredictionSpans } from './prediction-spans.ts';
import { createShadowQueue } from './shadow-queue.ts';
import { findStandIns } from './stand-ins.ts';
import { createTensorTraffic } from './tensor-traffic.ts';
import type { Answered, EndpointCounter, TrafficStats } from './traffic-stats.ts';

export interface LiveTrafficDependencies {
  readonly online: OnlineFeatures;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stats: TrafficStats;
  readonly explainRows: ExplainRows;
  readonly tracer?: Tracer | null;
  readonly onBreaker: (
    endpoint: LiveEndpoint,
    change: BreakerChange & { readonly variant: string; readonly model: string },
  ) => void;
}

/** What stays while revisions come and go. */
interface Place {
  endpoint: LiveEndpoint;
  revision: number;
  /** Reason of the switch to the rule; null when models answer. */
  forced: string | null;
  /** The step of the chain that answers then, from 0. */
  forcedStep: number;
  readonly counter: EndpointCounter;
  readonly admission: Admission;
}

/** Where the endpoint was switched to by hand, in words. */
export interface Switched {
  readonly text: string;
  readonly step: number;
}

type PredictInput = Input<(typeof endpointsEndpoints)['predict']>;

export interface PredictOptions {
  /** Number of a model version that the endpoint serves; the split chooses when absent. */
  readonly version?: string | undefined;
  /** A record that does not name its entity is a unit of its own: other protocols know no entities. */
  readonly ownUnits?: boolean;
  /** How long the caller waits. */
  readonly patience?: Patience | undefined;
}

const namesNone = (entity: readonly string[], record: Row): boolean =>
  entity.some((column) => record[column] === undefined || record[column] === null);

const shadowRoom = 2000;
/** With fewer under way nobody is refused for a late loop, and a watched loop does not sleep between two requests. */
const watchedFrom = 16;

export function createLiveTraffic(deps: LiveTrafficDependencies) {
  const { online, clock, logger, stats, explainRows, onBreaker, tracer = null } = deps;
  const places = new Map<string, Place>();
  const shadows = createShadowQueue({
    room: shadowRoom,
    concurrency: 4,
    onFailed: (error) => logger.error({ err: error }, 'a shadow prediction failed'),
  });
  const keyOf = (workspace: string, name: string) => `${workspace}/${name}`;

  function get(workspace: string, name: string): Place {
    const found = places.get(keyOf(workspace, name));
    if (!found) throw errors.endpointNotFound({ name });
    return found;
  }

  const loop = createLoopTime();
  const pressure = { isBusy: false, waiting: 0, waitingMs: 0, serviceMs: 0, loopMs: 0 };

  /** What a newcomer would find; good until the next call. */
  function pressureOf({ endpoint, forced }: Pick<Place, 'endpoint' | 'forced'>): Pressure {
    Object.assign(pressure, { isBusy: false, waiting: 0, waitingMs: 0, serviceMs: 0, loopMs: loop.lastMs() });
    if (forced !== null) return pressure;
    for (const { lease } of endpoint.live) {
      lease?.model.table.addLoad(pressure);
      lease?.model.whole.addLoad(pressure);
    }
    return pressure;
  }

  /** @throws endpointBusy */
  function enter(
    { endpoint, forced, admission, counter }: Pick<Place, 'endpoint' | 'forced' | 'counter' | 'admission'>,
    { priority = 'normal' }: Caller,
  ): () => void {
    if (admission.underWay() >= watchedFrom) loop.note();
    const refusal = admission.tryEnter(priority, pressureOf({ endpoint, forced }), performance.now());
    if (refusal) {
      counter.failed(429, onlyVariant(endpoint));
      throw errors.endpointBusy({ endpoint: endpoint.name, ...refusal });
    }
    return () => admission.leave(performance.now());
  }

  const tensors = createTensorTraffic({ get, enter, online, clock, shadows, flush: flushOrFail });

  async function predict(
    input: PredictInput,
    caller: Caller,
    options: PredictOptions = {},
  ): Promise<PredictReply> {
    const started = performance.now();
    const { workspace, actor } = caller;
    const place = get(workspace, input.name);
    const left = enter(place, caller);
    try {
      return await predictIn(place, input, { workspace, actor }, started, options);
    } finally {
      left();
    }
  }

  async function predictIn(
    place: Place,
    input: PredictInput,
    { workspace, actor }: Pick<Caller, 'workspace' | 'actor'>,
    started: number,
    { version, ownUnits = false, patience }: PredictOptions,
  ): Promise<PredictReply> {
    const { endpoint, revision } = place;
    const { entity, log } = endpoint.definition;
    const base = input.requestId ?? newId('prediction');
    const idOf = (index: number): string => `${base}-${index}`;
    const question: Question = {
      endpoint,
      records: input.records,
      keys: input.records.map((record, index) =>
        ownUnits && namesNone(entity, record)
          ? JSON.stringify([idOf(index)])
          : online.entityKey(entity, record, index),
      ),
      eventTime: input.eventTime === undefined ? clock.now() : parseEventTime(input.eventTime),
      forced: place.forced,
      forcedStep: place.forcedStep,
      until: started + timeOf(endpoint.definition.timeoutMs, patience),
      isGone: patience?.isGone,
      caller: actor,
      requestId: input.requestId ?? null,
      ...(version !== undefined && { only: pickVariant(endpoint, version, '', 0) }),
    };
    const traced = () => ({
      ...{ endpoint: endpoint.name, workspace, revision, started },
      ...{ id: idOf(0), records: input.records.length },
    });
    if (input.explain) assertExplainable(endpoint.name, input.records.length);
    endpoint.inFlight++;
    try {
      const said = await askLive(online, question);
      const standIns = await findStandIns(online, question, said);
      const { answers, fallbackReason } = toAnswers(question, said, idOf, standIns);
      if (input.explain) await addExplanations(explainRows, answers, said, workspace);
      const milliseconds = timesOf(said, started);
      const reply = { endpoint: endpoint.name, revision, predictions: answers, fallbackReason, milliseconds };
      if (input.probe) return withFeatures(reply, said);
      const parts = said.map((one) => toCount(one, answers, milliseconds.total));
      for (const part of parts) place.counter.answered(part);
      if (tracer) addPredictionSpans(tracer, { ...traced(), parts, fallbackReason, error: null });
      for (const one of said) logAnswers(question, one, answers, revision, milliseconds);
      if (log === 'sync') await flushOrFail(endpoint);
      askShadows(question, said, revision, idOf);
      return reply;
    } catch (error) {
      if (!input.probe) {
        place.counter.failed(statusOf(error), onlyVariant(endpoint));
        logFailure(question, error, { id: idOf(0), revision, started });
      }
      const message = error instanceof Error ? error.message : String(error);
      if (tracer)
        addPredictionSpans(tracer, { ...traced(), parts: [], fallbackReason: null, error: message });
      throw error;
    } finally {
      leave(endpoint);
    }
  }

  function logAnswers(
    question: Question,
    { variant, indices, sources, reasons, used, details }: Said,
    answers: PredictReply['predictions'],
    revision: number,
    times: PredictReply['milliseconds'],
  ): void {
    const at = clock.now();
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] as number;
      const answer = answers[index];
      if (!answer) continue;
      question.endpoint.log.append({
        id: answer.id,
        at,
        ...unitOf(question, index),
        revision,
        variant: variant.name,
        model: answer.model,
        role: 'live',
        source: answer.source,
        fallbackReason: answer.source === 'fallback' ? (reasons[i] ?? null) : null,
        ...(answer.step !== undefined && { fallbackStep: answer.step }),
        features: keptFeatures(featuresOf(question, variant, sources[i] ?? {}), used?.[i] ?? null),
        ...loggedValue(answer.value, answer.source === 'model' ? details?.[i] : null),
        caller: question.caller,
        requestId: question.requestId,
        warnings: answer.warnings.length > 0 ? answer.warnings : null,
        queueMs: times.queue,
        featureMs: times.features,
        inferenceMs: times.inference,
        totalMs: times.total,
      });
    }
  }

  /** One line, whatever the request held: nothing of it was answered. */
  function logFailure(
    question: Question,
    error: unknown,
    { id, revision, started }: { readonly id: string; readonly revision: number; readonly started: number },
  ): void {
    const { endpoint, records, caller, requestId } = question;
    const isRefused = statusOf(error) < 500;
    endpoint.log.appendFailed({
      ...{ id, at: clock.now(), ...unitOf(question, 0), revision, caller, requestId, rows: records.length },
      ...(!isRefused && onlyVariant(endpoint)),
      status: isRefused ? 'refused' : 'failed',
      error: error instanceof TidemillError ? `${error.code}: ${error.message}` : String(error),
      totalMs: round(performance.now() - started),
    });
  }

  /** A shadow leaves out what its own model has just answered: one prediction per model and record. */
  function askShadows(
    question: Question,
    said: readonly Said[],
    revision: number,
    idOf: (i: number) => string,
  ): void {
    const { endpoint } = question;
    for (const variant of endpoint.shadows) {
      const answered = new Set(said.filter((one) => isTwin(one.variant, variant)).flatMap(predictedBy));
      const indices = question.records.map((_, index) => index).filter((index) => !answered.has(index));
      if (indices.length === 0) continue;
      endpoint.inFlight++;
      const work = () => askShadow(question, variant, indices, revision, idOf).finally(() => leave(endpoint));
      if (shadows.add(work)) continue;
      leave(endpoint);
      if (shadows.dropped() % 1000 === 1) {
        logger.warn(
          { endpoint: endpoint.name, dropped: shadows.dropped() },
          'shadow predictions left out: too many',
        );
      }
    }
  }

  async function askShadow(
    question: Question,
    variant: LiveVariant,
    indices: readonly number[],
    revision: number,
    idOf: (index: number) => string,
  ): Promise<void> {
    const started = performance.now();
    // Nobody waits for it, so it has all the time a request may have.
    const until = started + question.endpoint.definition.timeoutMs;
    const patient = { ...question, forced: null, until, isGone: undefined };
    const said = await askVariant(online, patient, variant, indices, 0).catch(
      (error: Error): Said => ({
        ...{ variant, indices, queueMs: 0, featureMs: 0, inferenceMs: 0 },
        values: indices.map(() => null),
        details: null,
        reasons: indices.map(() => error.message),
        sources: indices.map((index) => question.records[index] ?? {}),
        used: null,
      }),
    );
    const times = timesOf([said], started);
    const at = clock.now();
    indices.forEach((index, i) => {
      const prediction: LoggedPrediction = {
        id: `${idOf(index)}~${variant.name}`,
        at,
        ...unitOf(question, index),
        revision,
        variant: variant.name,
        model: variant.model,
        role: 'shadow',
        source: 'model',
        fallbackReason: said.reasons[i] ?? null,
        features: keptFeatures(featuresOf(question, variant, said.sources[i] ?? {}), said.used?.[i] ?? null),
        ...loggedValue(said.values[i] ?? null, said.details?.[i]),
        caller: question.caller,
        requestId: question.requestId,
        queueMs: times.queue,
        featureMs: times.features,
        inferenceMs: times.inference,
        totalMs: times.total,
      };
      question.endpoint.log.append(prediction);
    });
  }

  return {
    predict,
    ...tensors,
    get,
    find: (workspace: string, name: string): Place | null => places.get(keyOf(workspace, name)) ?? null,
    names: (workspace: string): string[] =>
      [...places.values()].flatMap(({ endpoint }) =>
        endpoint.workspace === workspace ? [endpoint.name] : [],
      ),

    /** One assignment: a request meets the old revision or the new one, never neither. */
    switchTo(endpoint: LiveEndpoint, revision: number, switched: Switched | null): void {
      const key = keyOf(endpoint.workspace, endpoint.name);
      const before = places.get(key);
      const counter = before?.counter ?? stats.open(endpoint.workspace, endpoint.name);
      const { maxQueue, timeoutMs } = endpoint.definition;
      const admission = before?.admission ?? createAdmission({ maxQueue, timeoutMs });
      admission.limit({ maxQueue, timeoutMs });
      const forced = switched?.text ?? null;
      const forcedStep = switched?.step ?? 0;
      places.set(key, { endpoint, revision, forced, forcedStep, counter, admission });
      if (before) retire(before.endpoint);
    },

    switchedOf: ({ forced, forcedStep }: Pick<Place, 'forced' | 'forcedStep'>): Switched | null =>
      forced === null ? null : { text: forced, step: forcedStep },

    setForced(workspace: string, name: string, switched: Switched | null): void {
      const place = get(workspace, name);
      place.forced = switched?.text ?? null;
      place.forcedStep = switched?.step ?? 0;
    },

    /** Before anything of a request is read: whether it would be let in. @throws endpointBusy */
    assertRoom(workspace: string, name: string, { priority = 'normal' }: Caller): void {
      const place = places.get(keyOf(workspace, name));
      if (!place) return;
      if (place.admission.underWay() >= watchedFrom) loop.note();
      const refusal = place.admission.check(priority, pressureOf(place), performance.now());
      if (!refusal) return;
      place.counter.failed(429, onlyVariant(place.endpoint));
      throw errors.endpointBusy({ endpoint: name, ...refusal });
    },

    remove(workspace: string, name: string): void {
      const before = places.get(keyOf(workspace, name));
      places.delete(keyOf(workspace, name));
      stats.forget(workspace, name);
      if (before) retire(before.endpoint);
    },

    /** Everybody whose model it is learns of it. */
    noteBreaker(served: ServedModel, change: BreakerChange): void {
      for (const { endpoint } of places.values())
        for (const { name, model, lease } of variantsOf(endpoint))
          if (lease?.model === served) onBreaker(endpoint, { variant: name, model, ...change });
    },

    /** What is live, in every workspace. */
    live: (): Iterable<Readonly<Place>> => places.values(),

    droppedShadows: () => shadows.dropped(),
    /** Resolves when every shadow has predicted. */
    settled: () => shadows.settled(),

    async close(): Promise<void> {
      await shadows.settled();
      for (const { endpoint } of places.values()) retire(endpoint);
      places.clear();
    },
  };
}

export type LiveTraffic = ReturnType<typeof createLiveTraffic>;

/** One variant's part of a request; where a step stood in for it for any record, that one. */
function toCount(said: Said, answers: PredictReply['predictions'], total: number): Answered {
  const { variant, indices, queueMs, featureMs, inferenceMs } = said;
  let source = 'model';
  for (const index of indices) {
    const answer = answers[index];
    if (answer && answer.source !== 'model') source = answer.source;
  }
  const times = { queue: queueMs, features: featureMs, inference: inferenceMs, total };
  return { variant: variant.name, model: variant.model, source, records: indices.length, times };
}

const statusOf = (error: unknown): number => (error instanceof TidemillError ? error.status : 500);

function onlyVariant({ live }: LiveEndpoint): { variant: string; model: string } | null {
  const [only] = live;
  return only && live.length === 1 ? { variant: only.name, model: only.model } : null;
}

/** The same model on the same features. */
const isTwin = (a: LiveVariant, b: LiveVariant): boolean =>
  a.model === b.model &&
  a.view?.reference === b.view?.reference &&
  a.service?.service.reference === b.service?.service.reference;

/** A number as it is; else the number that stands for it, if any, and the answer as text. */
const loggedValue = (
  value: PredictionValue | null,
  detail: RowDetail | null | undefined,
): Pick<LoggedPrediction, 'prediction' | 'output'> => {
  if (detail) return { prediction: detail.prediction, output: detail.output };
  return { prediction: typeof value === 'number' ? value : null };
};

const predictedBy = ({ indices, values }: Said): number[] =>
  indices.filter((_, i) => (values[i] ?? null) !== null);

const unitOf = ({ keys, eventTime }: Question, index: number) => ({ eventTime, key: keys[index] ?? '' });

/** The model's inputs; the whole record where no model is there to say which those are. */
const featuresOf = (question: Question, { input }: LiveVariant, source: Row): Row =>
  input ? pickFeatures(input.names, source) : omit(source, question.endpoint.definition.entity);

/** What each model was asked, as it had it: its inputs out of the record and what was looked up. */
export function withFeatures(reply: PredictReply, said: readonly Said[]): PredictReply {
  for (const { variant, indices, sources } of said)
    indices.forEach((index, i) => {
      const answer = reply.predictions[index];
      if (answer && variant.input) answer.features = pickFeatures(variant.input.names, sources[i] ?? {});
    });
  return reply;
}

const omit = (source: Row, names: readonly string[]): Row =>
  Object.fromEntries(Object.entries(source).filter(([name]) => !names.includes(name)));

/** The longest of each, as variants are asked at the same time; rounded to microseconds. */
function timesOf(said: readonly Said[], started: number): PredictReply['milliseconds'] {
  let [queue, features, inference] = [0, 0, 0];
  for (const one of said) {
    queue = Math.max(queue, one.queueMs);
    features = Math.max(features, one.featureMs);
    inference = Math.max(inference, one.inferenceMs);
  }
  const total = performance.now() - started;
  return { queue: round(queue), features: round(features), inference: round(inference), total: round(total) };
}

const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;

async function flushOrFail(endpoint: LiveEndpoint): Promise<void> {
  try {
    await endpoint.log.flush();
  } catch (error) {
    throw errors.predictionUnavailable(
      { endpoint: endpoint.name, reason: 'its log is synchronous and cannot be written' },
      error,
    );
  }
}

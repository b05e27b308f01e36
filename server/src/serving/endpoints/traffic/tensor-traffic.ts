/** What happens around an answer in tensors: the split, the rule, the log and the shadows, as for records. */
import type { Row } from '@tidemill/contract';
import type { Tensor, TensorSpec } from '../../../adapters/inference/tensors.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import { newId } from '../../../base/ids.ts';
import type { LoggedPrediction } from '../../predictions/service.ts';
import type { Admission } from '../protection/admission.ts';
import { type Patience, timeOf } from '../protection/deadline.ts';
import { tableWarnings } from '../reading/model-input.ts';
import { type ReadOutputs, readOutputs } from '../reading/model-output.ts';
import { toSpecs } from '../reading/tensor-specs.ts';
import {
  askTensors,
  cellAt,
  type Inferred,
  pickVariant,
  rowOf,
  standInForTensors,
  type TensorStandIn,
  type TensorTable,
  toTable,
  versionOf,
} from './infer.ts';
import { type LiveEndpoint, type LiveVariant, leave } from './live-endpoint.ts';
import type { OnlineFeatures } from './online-features.ts';
import { askVariant, type Question, type Said, type StandIns, toAnswers } from './predict.ts';
import type { createShadowQueue } from './shadow-queue.ts';
import { findStandIns } from './stand-ins.ts';
import type { EndpointCounter } from './traffic-stats.ts';

export interface InferRequest {
  readonly name: string;
  /** Number of a model version that the endpoint serves; the split chooses when absent. */
  readonly version?: string | undefined;
  readonly requestId?: string | undefined;
  readonly inputs: readonly Tensor[];
  /** Names of outputs; all of them when absent. */
  readonly outputs?: readonly string[] | undefined;
  /** A request that is sent again with it gets the same reply and is logged once. */
  readonly idempotencyKey?: string | undefined;
}

export interface InferReply {
  readonly endpoint: string;
  readonly modelVersion: string;
  readonly id: string;
  readonly outputs: readonly Tensor[];
  readonly source: 'model' | 'fallback';
  /** Which step of the chain stood in. */
  readonly step: TensorStandIn['step'] | null;
  readonly fallbackReason: string | null;
  readonly variant: string;
  readonly revision: number;
  readonly warnings: readonly string[];
}

export interface EndpointDescription {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** The signature; empty where the model has none of named columns. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly required?: boolean }[];
  readonly versions: readonly string[];
  readonly platform: string;
  readonly isReady: boolean;
}

interface Place {
  readonly endpoint: LiveEndpoint;
  readonly revision: number;
  readonly forced: string | null;
  readonly forcedStep: number;
  readonly counter: EndpointCounter;
  readonly admission: Admission;
}

export interface TensorTrafficDependencies {
  readonly get: (workspace: string, name: string) => Place;
  /** Lets a request in. @throws endpointBusy */
  readonly enter: (place: Place, caller: Caller) => () => void;
  readonly online: OnlineFeatures;
  readonly clock: Clock;
  readonly shadows: ReturnType<typeof createShadowQueue>;
  readonly flush: (endpoint: LiveEndpoint) => Promise<void>;
}

/** What is looked up, or logged row by row, with the features of each. */
const mostRows = 1000;
const mostCells = 20_000;
const mostWarnings = 10;

interface Asked {
  readonly place: Place;
  readonly request: InferRequest;
  readonly table: TensorTable | null;
  readonly id: string;
  readonly at: number;
  readonly started: number;
  readonly caller: string;
  readonly until: number;
  readonly isGone?: Patience['isGone'];
  readonly isShadow?: boolean;
}

export function createTensorTraffic({
  get,
  enter,
  online,
  clock,
  shadows,
  flush,
}: TensorTrafficDependencies) {
  async function infer(request: InferRequest, caller: Caller, patience?: Patience): Promise<InferReply> {
    const started = performance.now();
    const place = get(caller.workspace, request.name);
    const { endpoint, revision, forced } = place;
    const id = request.requestId || newId('prediction');
    const at = clock.now();
    const variant = pickVariant(endpoint, request.version, id, at);
    const table = tableOf(variant, request.inputs);
    const until = started + timeOf(endpoint.definition.timeoutMs, patience);
    const asked: Asked = {
      ...{ place, request, table, id, at, started, caller: caller.actor, until },
      ...(patience?.isGone && { isGone: patience.isGone }),
    };
    const left = enter(place, caller);
    endpoint.inFlight++;
    try {
      const inferred =
        forced === null || looksUp(variant) ? await ask(asked, variant) : silent(variant, forced);
      const { outputs, reason } = inferred;
      const stood = outputs ? null : (inferred.stood ?? (await standIn(asked, reason ?? 'no reason known')));
      const reply: InferReply = {
        endpoint: endpoint.name,
        modelVersion: versionOf(variant.model),
        id,
        outputs: stood?.outputs ?? outputs ?? [],
        source: outputs ? 'model' : 'fallback',
        step: stood?.step ?? null,
        fallbackReason: outputs ? null : reason,
        variant: variant.name,
        revision,
        warnings: outputs ? warningsOf(variant, request.inputs) : [],
      };
      count(asked, inferred, reply.source);
      logReply(asked, inferred, reply.outputs, 'live', stood);
      if (endpoint.definition.log === 'sync') await flush(endpoint);
      askShadows(asked, variant);
      return reply;
    } catch (error) {
      const status = error instanceof TidemillError ? error.status : 500;
      place.counter.failed(status, { variant: variant.name, model: variant.model });
      endpoint.log.appendFailed({
        ...{ id: `${id}-0`, at: clock.now(), eventTime: at, revision, caller: caller.actor },
        ...{ requestId: request.requestId || null, rows: table?.rowCount ?? 1 },
        ...(status >= 500 && { variant: variant.name, model: variant.model }),
        status: status < 500 ? 'refused' : 'failed',
        error: error instanceof TidemillError ? `${error.code}: ${error.message}` : String(error),
        totalMs: round(performance.now() - started),
      });
      throw error;
    } finally {
      leave(endpoint);
      left();
    }
  }

  const timed = ({ place, until, isGone }: Asked) => ({
    ...{ endpoint: place.endpoint, until, forcedStep: place.forced === null ? 0 : place.forcedStep },
    ...(isGone && { isGone }),
  });

  const standIn = (asked: Asked, reason: string): Promise<TensorStandIn> =>
    standInForTensors(
      timed(asked),
      { inputs: asked.request.inputs, wanted: asked.request.outputs },
      asked.table,
      reason,
    );

  function count({ place, request, table, started }: Asked, inferred: Inferred, source: string): void {
    const { variant, queueMs, inferenceMs } = inferred;
    const total = performance.now() - started;
    place.counter.answered({
      ...{ variant: variant.name, model: variant.model, source },
      records: table?.rowCount ?? request.inputs[0]?.shape[0] ?? 1,
      times: { queue: queueMs, features: 0, inference: inferenceMs, total },
    });
  }

  /** Records where features are looked up; tensors as they are otherwise. */
  async function ask(asked: Asked, variant: LiveVariant): Promise<Inferred> {
    const { request, table } = asked;
    if (!looksUp(variant)) return askTensors(timed(asked), variant, request.inputs, request.outputs);
    if (!table || table.rowCount > mostRows) {
      const expected = `a tensor per column of at most ${mostRows} rows, as features are looked up for each`;
      throw errors.modelInputInvalid({ expected, found: describe(request.inputs) });
    }
    const question = questionOf(asked, table);
    const indices = question.records.map((_, index) => index);
    const said = await askVariant(online, question, variant, indices);
    const missing = said.reasons.find((reason, i) => (said.values[i] ?? null) === null && reason !== null);
    if (missing === undefined || missing === null)
      return { ...said, ...toOutputs(question, said, new Map()) };
    // A shadow speaks for itself alone.
    if (asked.isShadow) return silent(variant, missing);
    const standIns = await findStandIns(online, question, [said]);
    const [first] = standIns.values();
    const { outputs } = toOutputs(question, said, standIns);
    const stood = { outputs: outputs ?? [], model: first?.model ?? 'fallback', step: first?.step ?? 'rule' };
    return { ...said, outputs: null, reason: missing, stood };
  }

  function questionOf(asked: Asked, table: TensorTable): Question {
    const records = Array.from({ length: table.rowCount }, (_, row) => rowOf(table, row));
    const { place, at } = asked;
    const { endpoint } = place;
    const keys = records.map((record, row) => online.entityKey(endpoint.definition.entity, record, row));
    return {
      ...{ records, keys, eventTime: at, caller: asked.caller, requestId: null },
      forced: asked.isShadow ? null : place.forced,
      ...timed(asked),
      endpoint,
    };
  }

  function logReply(
    asked: Asked,
    inferred: Inferred,
    outputs: readonly Tensor[],
    role: 'live' | 'shadow',
    stood: TensorStandIn | null = null,
  ) {
    const { table, place } = asked;
    const isSmall =
      table !== null && table.rowCount <= mostRows && table.rowCount * table.columns.length <= mostCells;
    const read = isSmall ? readOutputs(outputs, table.rowCount) : null;
    const lines = isSmall && read ? rowLines(asked, table, read) : [wholeLine(asked)];
    const common = commonOf(asked, inferred, role, stood);
    for (const line of lines) place.endpoint.log.append({ ...common, ...line });
  }

  function commonOf(
    { place, at, started, caller, request }: Asked,
    inferred: Inferred,
    role: 'live' | 'shadow',
    stood: TensorStandIn | null,
  ) {
    const { variant, reason, queueMs, inferenceMs } = inferred;
    const isFallback = inferred.outputs === null && role === 'live';
    const source: LoggedPrediction['source'] = isFallback ? 'fallback' : 'model';
    return {
      ...{ at: clock.now(), eventTime: at, revision: place.revision, variant: variant.name, role, source },
      model: isFallback ? (stood?.model ?? 'fallback') : variant.model,
      fallbackReason: reason,
      ...(stood && { fallbackStep: stood.step }),
      ...{ caller, requestId: request.requestId || null },
      ...{ queueMs: round(queueMs), featureMs: 0, inferenceMs: round(inferenceMs) },
      totalMs: round(performance.now() - started),
    };
  }

  function rowLines({ place, id }: Asked, table: TensorTable, read: ReadOutputs) {
    const { entity } = place.endpoint.definition;
    return Array.from({ length: table.rowCount }, (_, row) => {
      const features = rowOf(table, row);
      const value = read.values[row] ?? null;
      const detail = read.details?.[row];
      return {
        ...{ id: `${id}-${row}`, key: keyOf(entity, features, `${id}-${row}`), features },
        prediction: detail ? detail.prediction : typeof value === 'number' ? value : null,
        ...(detail && { output: detail.output }),
      };
    });
  }

  function askShadows(asked: Asked, answered: LiveVariant): void {
    const { endpoint } = asked.place;
    for (const variant of endpoint.shadows) {
      if (variant === answered || variant.model === answered.model) continue;
      endpoint.inFlight++;
      const work = () => askShadow(asked, variant).finally(() => leave(endpoint));
      if (!shadows.add(work)) leave(endpoint);
    }
  }

  async function askShadow(asked: Asked, variant: LiveVariant): Promise<void> {
    const started = performance.now();
    const { isGone: _, ...rest } = asked;
    const patient = { ...rest, isShadow: true, until: started + asked.place.endpoint.definition.timeoutMs };
    const inferred = await ask(patient, variant).catch((error: Error) => silent(variant, error.message));
    const named = { ...asked, id: `${asked.id}~${variant.name}`, started };
    logReply(named, inferred, inferred.outputs ?? [], 'shadow');
  }

  return {
    infer,

    describe(workspace: string, name: string, version?: string): EndpointDescription {
      const { endpoint } = get(workspace, name);
      const variant = pickVariant(endpoint, version, '', 0);
      const state = variant.lease?.model.runtime.describe().state;
      return {
        ...toSpecs(variant),
        columns: variant.input ? (variant.version?.inputs ?? []) : [],
        versions: [...new Set([...endpoint.live, ...endpoint.shadows].map(({ model }) => versionOf(model)))],
        platform: variant.lease?.model.runtime.kind ?? 'none',
        // What was set aside on purpose is not ready, though the next request brings it back.
        isReady: state === 'ready' || (state !== 'unloaded' && endpoint.chain.length > 0),
      };
    },
  };
}

const silent = (variant: LiveVariant, reason: string): Inferred => ({
  ...{ variant, outputs: null, reason, queueMs: 0, inferenceMs: 0 },
});

/** Where features are looked up, what is sent are keys and fields of the request. */
const tableOf = ({ input, view, service }: LiveVariant, inputs: readonly Tensor[]): TensorTable | null =>
  toTable(inputs, view || service ? inputs.map(({ name }) => name) : (input?.names ?? null));

/** Each row is a unit of its own where the columns do not name its entity. */
function keyOf(entity: readonly string[], features: Row, id: string): string {
  const values = entity.map((column) => features[column] ?? null);
  return JSON.stringify(values.includes(null) || values.length === 0 ? [id] : values);
}

/** Of what is too large, or no table: that it was asked, and how much. */
const wholeLine = ({ id, request, table }: Asked) => ({
  ...{ id: `${id}-0`, key: JSON.stringify([id]), prediction: null },
  rows: table?.rowCount ?? request.inputs[0]?.shape[0] ?? 1,
  features: { '@inputs': describe(request.inputs) } as Row,
});

const describe = (inputs: readonly Tensor[]): string =>
  inputs
    .map(({ name, datatype, shape }) => `${name} ${datatype}[${shape.join(',')}]`)
    .join(', ')
    .slice(0, 500);

function warningsOf({ input, isMatrix }: LiveVariant, inputs: readonly Tensor[]): string[] {
  const [only] = inputs;
  if (!input || !isMatrix || !only || inputs.length > 1 || only.data.length > mostCells) return [];
  const isPlain = only.data instanceof Float32Array || only.data instanceof Float64Array;
  const rows = isPlain
    ? (only.data as Float32Array)
    : Float64Array.from({ length: only.data.length }, (_, at) => Number(cellAt(only, at)));
  return tableWarnings(input, rows, mostWarnings);
}

/** The answers to records as one tensor; the rule answers for those that have none. */
function toOutputs(question: Question, said: Said, standIns: StandIns): Pick<Inferred, 'outputs' | 'reason'> {
  const { answers, fallbackReason } = toAnswers(question, [said], String, standIns);
  const values = answers.map(({ value }) => value);
  const shape = [values.length];
  const isNumeric = values.every((value) => typeof value === 'number');
  const tensor: Tensor = isNumeric
    ? { name: 'prediction', datatype: 'FP64', shape, data: Float64Array.from(values as number[]) }
    : { name: 'prediction', datatype: 'BYTES', shape, data: values.map(String) };
  return { outputs: [tensor], reason: fallbackReason };
}

/** Whether its features are looked up, for each record. */
const looksUp = ({ view, service }: LiveVariant): boolean => view !== null || service !== null;

const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;

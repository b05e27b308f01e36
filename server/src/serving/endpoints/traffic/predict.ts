/** One request through a live endpoint: split, features, inference, rule. Nothing here touches the database. */
import type { PredictionValue, PredictReply, Row } from '@tidemill/contract';
import type { Tensor } from '../../../adapters/inference/tensors.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import { type Breaker, type Pass, type Report, refused } from '../protection/breaker.ts';
import { type Patience, shareOf } from '../protection/deadline.ts';
import {
  type ColumnBuffer,
  createColumns,
  fillColumns,
  fillRow,
  type ModelInput,
  recordError,
  toColumnTensors,
  warningsOf,
} from '../reading/model-input.ts';
import { type RowDetail, readOutputs } from '../reading/model-output.ts';
import { BatchTimeout, CallerGone } from '../runtimes/micro-batch.ts';
import type { LiveEndpoint, LiveVariant } from './live-endpoint.ts';
import { lookUp, type OnlineFeatures, onlineProblem, type UsedFeatures } from './online-features.ts';
import { pickIndex } from './traffic-split.ts';

/** What one variant said about some records; arrays run parallel to `indices`. */
export interface Said {
  readonly variant: LiveVariant;
  /** Positions of the records in the request. */
  readonly indices: readonly number[];
  readonly values: (PredictionValue | null)[];
  /** What the values do not say; null where they are plain numbers. */
  readonly details: readonly (RowDetail | null)[] | null;
  /** Why there is no value. */
  readonly reasons: (string | null)[];
  /** Where the features came from: the record, under the view's online values. */
  readonly sources: readonly Row[];
  /** What was looked up of a feature service, for the log. */
  readonly used: readonly (UsedFeatures | null)[] | null;
  readonly queueMs: number;
  readonly featureMs: number;
  readonly inferenceMs: number;
}

export interface Question {
  readonly endpoint: LiveEndpoint;
  readonly records: readonly Row[];
  readonly keys: readonly string[];
  /** Answers all of them, where a version was asked for. */
  readonly only?: LiveVariant;
  readonly eventTime: number;
  /** Set when the endpoint is switched to a step of its chain. */
  readonly forced: string | null;
  /** Which, from 0. */
  readonly forcedStep: number;
  /** When the answer must be there, as `performance.now()` counts. */
  readonly until: number;
  readonly isGone?: Patience['isGone'];
  /** Who asks, for the log. */
  readonly caller: string;
  readonly requestId: string | null;
}

const allIndices = new Map<number, readonly number[]>();

/** 0 … count-1, made once per size. */
function indicesUpTo(count: number): readonly number[] {
  const found = allIndices.get(count) ?? Array.from({ length: count }, (_, index) => index);
  allIndices.set(count, found);
  return found;
}

/** Which records each live variant answers. */
function splitRecords(question: Question): [LiveVariant, readonly number[]][] {
  const { endpoint, keys, eventTime } = question;
  const { live, bounds } = endpoint;
  const only = question.only ?? (live.length === 1 ? live[0] : undefined);
  if (only) return [[only, indicesUpTo(keys.length)]];
  const groups = live.map((): number[] => []);
  for (const [index, key] of keys.entries()) groups[pickIndex(bounds, key, eventTime)]?.push(index);
  return live.flatMap((variant, i): [LiveVariant, readonly number[]][] => {
    const indices = groups[i] ?? [];
    return indices.length === 0 ? [] : [[variant, indices]];
  });
}

export async function askLive(online: OnlineFeatures, question: Question): Promise<Said[]> {
  const groups = splitRecords(question);
  const [first] = groups;
  if (first && groups.length === 1) return [await askVariant(online, question, first[0], first[1])];
  return Promise.all(groups.map(([variant, indices]) => askVariant(online, question, variant, indices)));
}

/**
 * Asks one variant. What the caller sent wrong is thrown (`featureInvalid`); what fails on our side becomes a reason.
 */
export async function askVariant(
  online: OnlineFeatures,
  question: Question,
  variant: LiveVariant,
  indices: readonly number[],
  modelsAfter: number = question.endpoint.chainModels,
): Promise<Said> {
  const { endpoint, records, forced } = question;
  const begun = performance.now();
  const lookup = await lookUp(online, question, variant, indices);
  const sources = indices.map((index, i) => lookup?.rows[i] ?? records[index] ?? {});
  const featureMs = lookup ? performance.now() - begun : 0;
  const used = lookup?.used ?? null;
  const said = { variant, indices, sources, used, featureMs, queueMs: 0, inferenceMs: 0, details: null };
  const silent = (reason: string): Said => ({
    ...said,
    values: indices.map(() => null),
    reasons: indices.map(() => reason),
  });
  if (forced !== null) return silent(forced);
  const { input, lease } = variant;
  if (!lease) return silent(variant.problem ?? 'the model is not loaded');
  if (!input) throw errors.endpointTakesTensors({ endpoint: endpoint.name, model: variant.model });

  const reasons: (string | null)[] = indices.map((_, i) => lookup?.reasons[i] ?? null);
  const rows = startRows(input, variant.isMatrix, indices.length);
  for (let i = 0; i < indices.length; i++) {
    if (reasons[i] !== null) continue;
    const source = sources[i] as Row;
    const bad = rows.add(source);
    if (bad === -1) continue;
    if (!lookup) throw recordError(endpoint.name, indices[i] as number, input, source, variant.isMatrix);
    reasons[i] = onlineProblem(variant, input.names[bad] as string, source, used?.[i]);
  }
  const rowCount = rows.count();
  if (rowCount === 0) return { ...said, values: indices.map(() => null), reasons };
  const guarded = await guard(question, variant, modelsAfter, (timeoutMs) =>
    lease.model.table.submit(rows.finish(), rowCount, timeoutMs, question.isGone),
  );
  if (typeof guarded === 'string') return silent(guarded);
  const { output, queueMs, inferenceMs } = guarded;
  const read = readOutputs(output, rowCount);
  return { ...said, queueMs, inferenceMs, ...placeRows(read, reasons) };
}

type Guarded = Pick<Question, 'endpoint' | 'until' | 'isGone'>;

/**
 * Asks a model within its share of the time, unless its breaker is open; the text says why there is no answer.
 * @throws computeCancelled when the caller has left, and what the caller sent wrong
 */
export async function guard<Out>(
  { endpoint, until }: Guarded,
  { lease }: LiveVariant,
  modelsAfter: number,
  ask: (timeoutMs: number) => Promise<Out>,
): Promise<Out | string> {
  const begun = performance.now();
  const breaker = lease?.model.breaker as Breaker;
  const timeoutMs = shareOf(until - begun, modelsAfter, endpoint.hasLastWord);
  if (timeoutMs <= 0) return 'the time of the request is over';
  const pass = breaker.tryPass(begun);
  if (pass === refused) return brokenText(breaker, begun);
  try {
    const answered = await ask(timeoutMs);
    breaker.report(pass, 'success', performance.now());
    return answered;
  } catch (error) {
    const full = shareOf(endpoint.definition.timeoutMs, modelsAfter, endpoint.hasLastWord);
    note(breaker, pass, reportOf(error, timeoutMs >= full / 2));
    if (error instanceof CallerGone) throw errors.computeCancelled({ reason: error.message }, error);
    if (isCallersMistake(error)) throw error;
    return reasonOf(error);
  }
}

const note = (breaker: Breaker, pass: Pass, report: Report) =>
  breaker.report(pass, report, performance.now());

/** A caller in a hurry proves nothing about the model. */
function reportOf(error: unknown, hadTime: boolean): Report {
  if (error instanceof CallerGone || isCallersMistake(error)) return 'neither';
  return error instanceof BatchTimeout && !hadTime ? 'neither' : 'failure';
}

const isCallersMistake = (error: unknown): boolean =>
  error instanceof TidemillError && error.code === 'modelInputInvalid';

function brokenText({ retryAt }: Breaker, at: number): string {
  const seconds = retryAt === null ? 0 : Math.max(0, retryAt - at) / 1000;
  const next = retryAt === null ? 'a trial is under way' : `the next trial is in ${seconds.toFixed(1)} s`;
  return `the model failed too often, so it is not asked: ${next}`;
}

interface RowsBeingFilled {
  /** Index of the first input that the record has not as the signature says, or -1. */
  add(source: Row): number;
  count(): number;
  finish(): readonly Tensor[];
}

function startRows(input: ModelInput, isMatrix: boolean, most: number): RowsBeingFilled {
  return isMatrix ? startMatrix(input, most) : startColumns(input, most);
}

function startMatrix(input: ModelInput, most: number): RowsBeingFilled {
  const width = input.names.length;
  const rows = new Float32Array(most * width);
  let count = 0;
  return {
    add(source) {
      const bad = fillRow(input, source, rows, count * width);
      if (bad === -1) count++;
      return bad;
    },
    count: () => count,
    finish() {
      const data = count === most ? rows : rows.subarray(0, count * width);
      return [{ name: 'rows', datatype: 'FP32', shape: [count, width], data }];
    },
  };
}

function startColumns(input: ModelInput, most: number): RowsBeingFilled {
  const buffers = createColumns(input, most);
  let count = 0;
  return {
    add(source) {
      const bad = fillColumns(input, source, buffers, count);
      if (bad === -1) count++;
      return bad;
    },
    count: () => count,
    finish: () =>
      toColumnTensors(
        input,
        count === most ? buffers : buffers.map((buffer) => buffer.slice(0, count) as ColumnBuffer),
      ),
  };
}

/** Puts each answer beside its record; a reason is written where the answer is none. */
function placeRows(
  read: ReturnType<typeof readOutputs>,
  reasons: (string | null)[],
): Pick<Said, 'values' | 'details' | 'reasons'> {
  const asked = reasons.flatMap((reason, i) => (reason === null ? [i] : []));
  if (asked.length === reasons.length)
    return { values: read.values, details: read.details, reasons: read.reasons ?? reasons };
  const values: (PredictionValue | null)[] = reasons.map(() => null);
  const details: (RowDetail | null)[] = reasons.map(() => null);
  for (const [row, i] of asked.entries()) {
    values[i] = read.values[row] ?? null;
    details[i] = read.details?.[row] ?? null;
    reasons[i] = read.reasons?.[row] ?? null;
  }
  return { values, details: read.details && details, reasons };
}

export function reasonOf(error: unknown): string {
  if (error instanceof TidemillError && error.code === 'runtimeUnavailable') {
    return `runtime unavailable: ${String(error.details.reason ?? '')}`;
  }
  return error instanceof Error ? error.message : String(error);
}

type Answer = PredictReply['predictions'][number];

/** The answer of a step of the chain to one record. */
export interface StandIn extends Pick<Answer, 'value' | 'model' | 'outputs'> {
  readonly step: NonNullable<Answer['step']>;
}

/** By position in the request. */
export type StandIns = ReadonlyMap<number, StandIn>;

export interface Answered {
  readonly answers: Answer[];
  readonly fallbackReason: string | null;
}

const noWarnings: string[] = [];

/** Values of the models, and of what stood in for them where there is none. */
export function toAnswers(
  question: Question,
  said: readonly Said[],
  idOf: (index: number) => string,
  standIns: StandIns,
): Answered {
  const answers: Answer[] = new Array(question.records.length);
  let fallbackReason: string | null = null;
  for (const one of said) {
    const { variant, indices, values, reasons, sources, details } = one;
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] as number;
      const value = values[i] ?? null;
      const id = idOf(index);
      if (value !== null) {
        const warnings = variant.input
          ? (warningsOf(variant.input, sources[i] as Row) as string[])
          : noWarnings;
        const outputs = details?.[i]?.outputs;
        answers[index] = {
          id,
          value,
          ...(outputs && { outputs }),
          variant: variant.name,
          model: variant.model,
          source: 'model',
          warnings,
        };
      } else {
        fallbackReason ??= reasons[i] ?? 'no reason known';
        const stood = standIns.get(index);
        if (!stood) throw new Error(`record ${index} was left without an answer`);
        const { value: instead, ...more } = stood;
        answers[index] = {
          ...{ id, value: instead, variant: variant.name },
          ...more,
          ...{ source: 'fallback', warnings: noWarnings },
        };
      }
    }
  }
  return { answers, fallbackReason };
}

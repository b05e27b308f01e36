import type { LogRedaction, OutcomeResult, PredictionRecord, Row } from '@tidemill/contract';
import type { ColumnDefinition } from '../../adapters/analytics/analytics.ts';
import { errors } from '../../base/errors.ts';

/** One line of the prediction log; a unit of analysis is one (key, eventTime), however many lines it has. */
export interface LoggedPrediction {
  readonly id: string;
  readonly at: number;
  readonly eventTime: number;
  /** Canonical entity key, a JSON array. */
  readonly key: string;
  readonly revision: number;
  readonly variant: string;
  /** `forecaster@2`, or `fallback`. */
  readonly model: string;
  readonly role: 'live' | 'shadow';
  readonly source: 'model' | 'fallback';
  readonly fallbackReason: string | null;
  /** What the model saw, by input name. */
  readonly features: Row;
  /** Null when a shadow failed to predict, and where the answer is no number. */
  readonly prediction: number | null;
  readonly queueMs: number;
  readonly featureMs: number;
  readonly inferenceMs: number;
  readonly totalMs: number;
  /** Who asked: `user:ada`, `token:shop`. Absent here and below in lines of earlier releases, and where there is nothing to say. */
  readonly caller?: string | null;
  readonly requestId?: string | null;
  /** All that was answered, by the names of the outputs, where it is more than the one number of `prediction`. */
  readonly output?: Row | null;
  readonly warnings?: readonly string[] | null;
  /** Absent where a model or a fallback answered, as `source` says. */
  readonly status?: PredictionStatus | null;
  /** Why a request got no answer: the code of the error, and what it said. */
  readonly error?: string | null;
  /** Which step of the fallback chain answered. */
  readonly fallbackStep?: string | null;
  /** Of `output`, where it names a class: the likeliest, and how likely each. See `classesOf`. */
  readonly label?: string | null;
  readonly probabilities?: Readonly<Record<string, number>> | null;
  /** How many rows the line stands for, where a request of many is one line. */
  readonly rows?: number | null;
}

/** `failed`: no model and no fallback could answer. `refused`: the request was wrong, or too much. */
export type PredictionStatus = PredictionRecord['status'];

type Needed = 'id' | 'at' | 'eventTime' | 'revision' | 'totalMs';
/** A request that got an error instead of an answer: what was known of it by then. */
export interface FailedRequest
  extends Pick<LoggedPrediction, Needed>,
    Partial<Omit<LoggedPrediction, Needed | 'status' | 'error'>> {
  readonly status: 'failed' | 'refused';
  readonly error: string;
}

const mostErrorText = 500;

/** As a line of the log; it is nobody's prediction, so no model is judged by it. */
export const toFailedLine = ({ id, error, ...known }: FailedRequest): LoggedPrediction => ({
  // First, as in every line: lines are found by how they begin.
  id,
  key: '',
  variant: '',
  model: '',
  role: 'live',
  source: 'model',
  fallbackReason: null,
  features: {},
  prediction: null,
  queueMs: 0,
  featureMs: 0,
  inferenceMs: 0,
  ...known,
  error: error.slice(0, mostErrorText),
});

export const isAnswered = ({ status }: Pick<LoggedPrediction, 'status'>): boolean =>
  status !== 'failed' && status !== 'refused';

/** What really happened: for a prediction by id, or for an entity at an event time. */
export interface LoggedOutcome {
  readonly predictionId: string | null;
  readonly key: string | null;
  readonly eventTime: number | null;
  readonly value: number | null;
  /** The class it turned out to be, where that is a text; then there is no value. */
  readonly label?: string | null;
  readonly observedAt: number;
  /** Grows with every outcome of this endpoint: the latest wins. */
  readonly sequence: number;
}

/** One unit with its outcome, both models' first predictions of it judged. */
export interface Pair {
  readonly key: string;
  readonly eventTime: number;
  /** When the later of the two predictions was made. */
  readonly at: number;
  /** Absolute errors, unit of the target. */
  readonly candidateError: number;
  readonly championError: number;
  readonly outcome: number;
}

/** How long the log of an endpoint is kept, and what is never written. */
export interface LogSettings {
  readonly retentionDays: number | null;
  readonly redact: readonly LogRedaction[];
}
export const noSettings: LogSettings = { retentionDays: null, redact: [] };

export type SegmentKind = 'predictions' | 'outcomes';

const column = (type: ColumnDefinition['type']) => (name: string) => ({ name, type });
const text = column('text');
const integer = column('integer');
const double = column('double');

/** The same columns in an open segment (a line of JSON each) and in a sealed one (Parquet). */
export const segmentColumns: Readonly<Record<SegmentKind, readonly ColumnDefinition[]>> = {
  predictions: [
    ...['id', 'key', 'variant', 'model', 'role', 'source', 'fallbackReason', 'features'].map(text),
    ...['at', 'eventTime', 'revision'].map(integer),
    ...['prediction', 'queueMs', 'featureMs', 'inferenceMs', 'totalMs'].map(double),
    // Segments of earlier releases lack these.
    ...[
      'caller',
      'requestId',
      'output',
      'warnings',
      'status',
      'error',
      'fallbackStep',
      'label',
      'probabilities',
    ].map(text),
    ...['rows'].map(integer),
  ],
  outcomes: [
    ...['predictionId', 'key', 'label'].map(text),
    ...['eventTime', 'observedAt', 'sequence'].map(integer),
    ...['value'].map(double),
  ],
};

const dayMs = 86_400_000;

/** The UTC day a segment belongs to: `2026-11-23`. */
export const dayOf = (time: number): string =>
  new Date(Math.floor(time / dayMs) * dayMs).toISOString().slice(0, 10);

/** Days whose segments may hold a prediction of this id; null where the caller chose the id, so that it tells no time. */
export function daysOf(id: string): readonly string[] | null {
  const made = /^prediction_([0-9a-f]{12})[0-9a-f]{20}-/.exec(id)?.[1];
  if (made === undefined) return null;
  const at = Number.parseInt(made, 16);
  // Written a little later than it was made, by a clock that may stand a little back.
  return [...new Set([at - 3_600_000, at, at + 3_600_000].map(dayOf))];
}

/**
 * Epoch milliseconds of a number or an ISO 8601 text; a text without zone is UTC.
 * @throws eventTimeInvalid naming the value
 */
export function parseEventTime(value: number | string): number {
  if (typeof value === 'number') return value;
  const isZoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(value) || /^\d{4}-\d\d-\d\d$/.test(value);
  const time = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(isZoned ? value : `${value}Z`) : Number.NaN;
  if (Number.isNaN(time)) throw errors.eventTimeInvalid({ value: value.slice(0, 80) });
  return time;
}

type Cells = Readonly<Record<string, string | number | boolean | null>>;

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** A joined row of the log as the contract shows it. */
export function toRecord(row: Cells): PredictionRecord {
  return recordFrom(toLogged(row), outcomeOf(row));
}

export interface KnownOutcome {
  readonly value: number | null;
  readonly label?: string | null;
  readonly observedAt: number | null;
}

/** What a query joined to a prediction. */
export const outcomeOf = (row: Cells | undefined): KnownOutcome => ({
  value: numberOrNull(row?.outcome),
  label: textOrNull(row?.outcomeLabel),
  observedAt: numberOrNull(row?.outcomeAt),
});

export function recordFrom(logged: LoggedPrediction, known?: KnownOutcome): PredictionRecord {
  const { caller, requestId, output, warnings, status, error, fallbackStep, rows, features, ...others } =
    logged;
  const { label: _, probabilities: __, ...rest } = others;
  return {
    ...rest,
    ...splitFeatures(features),
    caller: caller ?? null,
    requestId: requestId ?? null,
    output: output ?? null,
    warnings: [...(warnings ?? [])],
    status: status ?? (logged.source === 'fallback' ? 'fallback' : 'ok'),
    error: error ?? null,
    fallbackStep: fallbackStep ?? null,
    rows: rows ?? 1,
    outcome: known?.value ?? null,
    outcomeLabel: known?.label ?? null,
    outcomeAt: known?.observedAt ?? null,
  };
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const parsedOrNull = <T>(value: unknown): T | null =>
  typeof value === 'string' ? (JSON.parse(value) as T) : null;

const statuses: readonly unknown[] = ['ok', 'fallback', 'failed', 'refused'] satisfies PredictionStatus[];

/** A row of the log as it was written; what its line lacks is left out again. */
export function toLogged(row: Cells): LoggedPrediction {
  const later: Record<string, unknown> = {
    caller: textOrNull(row.caller),
    requestId: textOrNull(row.requestId),
    output: parsedOrNull<Row>(row.output),
    warnings: parsedOrNull<string[]>(row.warnings),
    status: statuses.includes(row.status) ? row.status : null,
    error: textOrNull(row.error),
    fallbackStep: textOrNull(row.fallbackStep),
    rows: numberOrNull(row.rows),
    label: textOrNull(row.label),
    probabilities: parsedOrNull<Row>(row.probabilities),
  };
  for (const name in later) if (later[name] === null) delete later[name];
  return {
    id: String(row.id),
    at: Number(row.at),
    eventTime: Number(row.eventTime),
    key: String(row.key),
    revision: Number(row.revision),
    variant: String(row.variant),
    model: String(row.model),
    role: row.role === 'shadow' ? 'shadow' : 'live',
    source: row.source === 'fallback' ? 'fallback' : 'model',
    fallbackReason: textOrNull(row.fallbackReason),
    features: parsedOrNull<Row>(row.features) ?? {},
    prediction: numberOrNull(row.prediction),
    queueMs: Number(row.queueMs),
    featureMs: Number(row.featureMs),
    inferenceMs: Number(row.inferenceMs),
    totalMs: Number(row.totalMs),
    ...later,
  };
}

/** Kept beside the inputs, in their column: segments of earlier releases have no other. */
const onlineName = '@online';

export const keptFeatures = (features: Row, online: object | null): Row =>
  online ? { ...features, [onlineName]: online } : features;

type ReadFeatures = Pick<PredictionRecord, 'features' | 'online'>;

/** Taken apart again. */
export function splitFeatures(kept: Row): ReadFeatures {
  if (!(onlineName in kept)) return { features: kept };
  const { [onlineName]: online, ...features } = kept;
  return { features, online: online as NonNullable<ReadFeatures['online']> };
}

export function toPair(row: Cells): Pair {
  return {
    key: String(row.key),
    eventTime: Number(row.eventTime),
    at: Number(row.at),
    candidateError: Number(row.candidateError),
    championError: Number(row.championError),
    outcome: Number(row.outcome),
  };
}

const isProbability = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= 1;

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list of one is what a model gives of one record. */
const onlyOf = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value);

/** Probabilities by class; those of a list are called by their places. */
function toProbabilities(value: unknown): Record<string, number> | null {
  const found = isRow(value) ? value : Array.isArray(value) && value.length > 1 ? { ...value } : null;
  if (!found) return null;
  const entries = Object.entries(found);
  const isAll = entries.every((entry): entry is [string, number] => isProbability(entry[1]));
  const sum = isAll ? entries.reduce((total, [, p]) => total + p, 0) : 0;
  return isAll && Math.abs(sum - 1) < 0.01 ? Object.fromEntries(entries) : null;
}

/** The class that an answer names, and how likely it says each is, whatever its model calls the two. */
export function classesOf(output: Row): Pick<LoggedPrediction, 'label' | 'probabilities'> {
  let label: string | null = null;
  let probabilities: Record<string, number> | null = null;
  for (const [name, given] of Object.entries(output)) {
    const value = onlyOf(given);
    const isLabel = typeof value === 'string' || typeof value === 'boolean' || /label|class/i.test(name);
    if (isLabel && (typeof value !== 'object' || value === null)) label ??= String(value);
    else probabilities ??= toProbabilities(value);
  }
  if (label === null && probabilities)
    for (const name in probabilities)
      if (label === null || (probabilities[name] ?? 0) > (probabilities[label] ?? 0)) label = name;
  // A list has places, not names: where the label is none of them, nobody knows which is which.
  const isNamed = probabilities && label !== null && label in probabilities;
  return { ...(label !== null && { label }), ...(isNamed && { probabilities }) };
}

/** What an outcome did to what was known. */
export function resultOf(
  outcome: Pick<LoggedOutcome, 'value' | 'label'>,
  before: Pick<KnownOutcome, 'value' | 'label'> | null,
  isMatched: boolean,
): OutcomeResult {
  if (!before) return isMatched ? 'accepted' : 'unmatched';
  const isSame = before.value === outcome.value && (before.label ?? null) === (outcome.label ?? null);
  return isSame ? 'unchanged' : 'corrected';
}

import type { PredictionRecord, Row } from '@tidemill/contract';
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
  /** Null when a shadow failed to predict. */
  readonly prediction: number | null;
  readonly queueMs: number;
  readonly featureMs: number;
  readonly inferenceMs: number;
  readonly totalMs: number;
}

/** What really happened: for a prediction by id, or for an entity at an event time. */
export interface LoggedOutcome {
  readonly predictionId: string | null;
  readonly key: string | null;
  readonly eventTime: number | null;
  readonly value: number;
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
  ],
  outcomes: [
    ...['predictionId', 'key'].map(text),
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
  return { ...toLogged(row), outcome: numberOrNull(row.outcome), outcomeAt: numberOrNull(row.outcomeAt) };
}

export function toLogged(row: Cells): LoggedPrediction & Pick<PredictionRecord, 'online'> {
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
    fallbackReason: typeof row.fallbackReason === 'string' ? row.fallbackReason : null,
    ...readFeatures(row.features),
    prediction: numberOrNull(row.prediction),
    queueMs: Number(row.queueMs),
    featureMs: Number(row.featureMs),
    inferenceMs: Number(row.inferenceMs),
    totalMs: Number(row.totalMs),
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

const readFeatures = (text: unknown): ReadFeatures =>
  splitFeatures(typeof text === 'string' ? (JSON.parse(text) as Row) : {});

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

import { type CelInput, isCelList, isCelMap, isCelUint } from '@bufbuild/cel';
import { create } from '@bufbuild/protobuf';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
  timestampDate,
  timestampFromDate,
} from '@bufbuild/protobuf/wkt';

/** A point in time to the microsecond; a Date knows milliseconds only. */
export class Instant {
  readonly timestamp: Timestamp;
  constructor(epochMicros: bigint) {
    const micros = ((epochMicros % million) + million) % million;
    const seconds = (epochMicros - micros) / million;
    this.timestamp = create(TimestampSchema, { seconds, nanos: Number(micros) * 1000 });
  }
}
const million = 1_000_000n;

/** ISO text with milliseconds, or microseconds where there are any. */
function isoOf(timestamp: Timestamp): string {
  const text = timestampDate(timestamp).toISOString();
  const micros = Math.floor(timestamp.nanos / 1000);
  return micros % 1000 === 0 ? text : `${text.slice(0, 20)}${String(micros).padStart(6, '0')}Z`;
}

/** Dates become CEL timestamps; everything JSON has is taken as it is. */
export function toCel(value: unknown): CelInput {
  if (value === undefined) return null;
  if (value instanceof Date) return timestampFromDate(value);
  if (value instanceof Instant) return value.timestamp;
  if (ArrayBuffer.isView(value) && !(value instanceof Uint8Array)) return [...(value as Float64Array)];
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) !== Map.prototype)
    return value instanceof Uint8Array ? value : bindings(value as Record<string, unknown>);
  return value as CelInput;
}

/** A name whose value is undefined counts as missing, so `has()` sees it. */
export function bindings(variables: Readonly<Record<string, unknown>>): Record<string, CelInput> {
  const bound: Record<string, CelInput> = {};
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) bound[name] = toCel(value);
  return bound;
}

/** Numbers for every number type, ISO text for timestamps, seconds for durations, plain arrays and objects. */
export function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (isCelUint(value)) return Number(value.value);
  if (isCelList(value)) return Array.from(value, fromCel);
  if (isCelMap(value))
    return Object.fromEntries(Array.from(value, ([key, item]) => [String(fromCel(key)), fromCel(item)]));
  if (isReflectMessage(value, TimestampSchema)) return isoOf(value.message as Timestamp);
  if (isReflectMessage(value, DurationSchema)) {
    const { seconds, nanos } = value.message as Duration;
    return Number(seconds) + nanos / 1e9;
  }
  return value;
}

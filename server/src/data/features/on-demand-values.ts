import type { Column } from '@tidemill/contract';
import { Instant } from '../../base/expressions/values.ts';

const momentPattern =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** Microseconds since 1970 of an ISO date or time, in UTC where it names no zone; null for anything else. */
export function epochMicros(text: string): bigint | null {
  const [, day, clock = '00:00', fraction = '', zone = 'Z'] = momentPattern.exec(text.trim()) ?? [];
  if (day === undefined) return null;
  const ms = Date.parse(`${day}T${clock}${spelledZone(zone)}`);
  // Date.parse takes 31 February for a day in March.
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(ms) || Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day))
    return null;
  return BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

/** ECMAScript reads `+02:00` alone. */
function spelledZone(zone: string): string {
  if (/^z$/i.test(zone)) return 'Z';
  const [, hours = '', minutes = '00'] = /^([+-]\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return `${hours}:${minutes}`;
}

const numberOf = (value: unknown): number | null => {
  const number =
    typeof value === 'bigint' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
};

function instantOf(value: unknown): Instant | null {
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? null : new Instant(BigInt(value.getTime()) * 1000n);
  const micros = typeof value === 'string' ? epochMicros(value) : null;
  return micros === null ? null : new Instant(micros);
}

/** A value of a column as expressions see it; null for null and for what is no value of the type. */
export function readInput(type: Column['type'], value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'integer':
    case 'double':
      return numberOf(value);
    case 'text':
      return typeof value === 'string' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return instantOf(value);
  }
}

/** What an expression gave as a value of the column; null where the type cannot hold it. */
export function readResult(type: Column['type'], value: unknown): unknown {
  switch (type) {
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? value : null;
    case 'integer':
      return Number.isSafeInteger(value) ? value : null;
    case 'text':
      return typeof value === 'string' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default: {
      if (typeof value !== 'string' || epochMicros(value) === null) return null;
      return type === 'date' ? value.slice(0, 10) : value;
    }
  }
}

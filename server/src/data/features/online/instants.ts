/** Instants to the microsecond, as DuckDB's timestamps have them; a time without a zone is UTC. */

const zoned = /(?:Z|[+-]\d\d:?\d\d)$/;
const timeText = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?$/;
const dayText = /^\d{4}-\d\d-\d\d$/;

/** Of an ISO text, or of milliseconds; null for what is no instant, or beyond exactness. */
export function parseMicroseconds(value: unknown): number | null {
  const time = typeof value === 'number' ? Math.round(value * 1000) : parseText(value);
  return Number.isSafeInteger(time) ? time : null;
}

function parseText(value: unknown): number {
  if (typeof value !== 'string') return Number.NaN;
  if (dayText.test(value)) return Date.parse(value) * 1000;
  const zone = zoned.exec(value)?.[0] ?? 'Z';
  const [, seconds, fraction = ''] = timeText.exec(value.replace(zoned, '')) ?? [];
  if (seconds === undefined) return Number.NaN;
  return Date.parse(seconds.replace(' ', 'T') + zone) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

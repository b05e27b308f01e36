/** Instants to the microsecond, as DuckDB's timestamps have them; a time without a zone is UTC. */

const zoned = /(?:Z|[+-]\d\d:?\d\d)$/;
const timeText = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?$/;
const dayText = /^\d{4}-\d\d-\d\d$/;

/** What a time may be: microseconds since 1970 in whole numbers of ours reach from 1684 to 2255. */
export const timeExample = 'an ISO time between 1684 and 2255 such as 2023-08-31T00:00:00Z';

/**
 * A timestamp of SQL as microseconds, null for null and for a future without end. What lies before 1684, a past without
 * beginning too, is the earliest instant there is.
 */
export const microsecondsSql = (time: string): string =>
  `case when isfinite(${time}) then greatest(epoch_us(${time}), ${Number.MIN_SAFE_INTEGER})
    when ${time} < timestamp '1970-01-01' then ${Number.MIN_SAFE_INTEGER} end`;

/** Whether it says no zone though it says a time of day: then it is read as UTC. */
export const isNaive = (value: unknown): boolean =>
  typeof value === 'string' && !dayText.test(value) && !zoned.test(value);

/** Of an ISO text, or of milliseconds; null for what is no instant, or beyond exactness. */
export function parseMicroseconds(value: unknown): number | null {
  const time = typeof value === 'number' ? Math.round(value * 1000) : parseText(value);
  return Number.isSafeInteger(time) ? time : null;
}

/** `2023-02-30` is none, though JavaScript takes it for the second of March. */
export const isDay = (text: string): boolean => {
  if (!dayText.test(text)) return false;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

function parseText(value: unknown): number {
  if (typeof value !== 'string') return Number.NaN;
  if (!isDay(value.slice(0, 10))) return Number.NaN;
  if (dayText.test(value)) return Date.parse(value) * 1000;
  const zone = zoned.exec(value)?.[0] ?? 'Z';
  const [, seconds, fraction = ''] = timeText.exec(value.replace(zoned, '')) ?? [];
  if (seconds === undefined) return Number.NaN;
  return Date.parse(seconds.replace(' ', 'T') + zone) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** With milliseconds, or microseconds where there are any. */
export function toIso(microseconds: number): string {
  const ms = Math.floor(microseconds / 1000);
  const rest = microseconds - ms * 1000;
  const text = new Date(ms).toISOString();
  return rest === 0 ? text : text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

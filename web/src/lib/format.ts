const minus = '−';
export const absent = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Counts: exact, grouped by thousands. */
export const formatCount = (value: number | null | undefined): string =>
  value === null || value === undefined || !Number.isFinite(value)
    ? absent
    : grouped.format(value).replace('-', minus);

/** How much more or less: `+20`, `−3`, `0`. */
export const formatGain = (value: number | null | undefined): string =>
  typeof value === 'number' && value > 0 ? `+${formatCount(value)}` : formatCount(value);

/** Measurements: about `digits` significant digits, never fewer before the point than there are. */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return absent;
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${minus}∞`;
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(digits - 1).replace('-', minus);
  // Whole numbers stay whole; others keep their zeros, so that a column of them lines up at the point.
  if (Number.isInteger(value)) return formatCount(value);
  const whole = size < 1 ? 1 : Math.floor(Math.log10(size)) + 1;
  const places = Math.max(0, digits - whole) + (size < 0.1 ? Math.floor(-Math.log10(size)) : 0);
  return fixedPlaces(places).format(value).replace('-', minus);
}

const formats = new Map<number, Intl.NumberFormat>();

/** Making one takes longer than a hundred uses of it, and tables use many. */
function fixedPlaces(places: number): Intl.NumberFormat {
  const found = formats.get(places);
  if (found) return found;
  const made = new Intl.NumberFormat('en-US', {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
  formats.set(places, made);
  return made;
}

const shares = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** A share as per cent. */
export const formatShare = (value: number | null | undefined): string =>
  value === null || value === undefined || !Number.isFinite(value)
    ? absent
    : `${shares.format(value * 100)} %`;

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export function formatBytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return absent;
  const step = value < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log10(value) / 3));
  return `${formatNumber(value / 1000 ** step, 3)} ${sizes[step]}`;
}

/** How long something took, with the two units that matter. */
export function formatDuration(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined || !Number.isFinite(milliseconds)) return absent;
  if (milliseconds < 1000) return `${formatNumber(milliseconds, 3)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${formatNumber(seconds, seconds < 10 ? 2 : 3)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const steps = [
  { unit: 's', until: 60, size: 1 },
  { unit: 'min', until: 3600, size: 60 },
  { unit: 'h', until: 86_400, size: 3600 },
  { unit: 'd', until: 5_184_000, size: 86_400 },
  { unit: 'mo', until: 63_072_000, size: 2_592_000 },
  { unit: 'y', until: Number.POSITIVE_INFINITY, size: 31_536_000 },
] as const;

/** `12 s ago`, `3 min ago`; within five seconds `now`. */
export function formatRelative(time: number, now: number): string {
  const seconds = (time - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 5) return 'now';
  const step = steps.find(({ until }) => size < until) ?? steps[5];
  const text = `${Math.floor(size / step.size)} ${step.unit}`;
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

const pad = (value: number) => String(value).padStart(2, '0');

/** Local time to the second: `2024-05-01 14:03:22`. */
export function formatExact(time: number): string {
  const date = new Date(time);
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clock}`;
}

/** Event times are the data's own, so UTC: the day alone where the clock says midnight. */
export function formatEventTime(time: number): string {
  const text = new Date(time).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : `${text.slice(0, 16).replace('T', ' ')}Z`;
}

const plain = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 7, useGrouping: false });

/** A number of the user's own: whole ones in full, as they may be ids; no zeros that were not there. */
export function formatPlain(value: number): string {
  if (Number.isInteger(value)) return String(value).replace('-', minus);
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size >= 1e9 || size < 1e-4)
    return formatNumber(value).replace(/\.?0+e/, 'e');
  return plain.format(value).replace('-', minus);
}

/** Any cell of a user's table. */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return absent;
  if (typeof value === 'number') return formatPlain(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** An entity's key as the log has it: a JSON list of its columns' values. */
export function formatKey(key: string): string {
  try {
    const values: unknown = JSON.parse(key);
    return Array.isArray(values) ? values.map(formatValue).join(', ') : key;
  } catch {
    return key;
  }
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

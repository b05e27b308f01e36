import { errors } from './errors.ts';

/** Greatest first, so that a duration is written in the greatest unit that holds it exactly; weeks are read only. */
const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const readUnits: Readonly<Record<string, number>> = { ...units, w: 7 * units.d };
/** A hundred years: as microseconds it still is an exact number. */
const longest = 36_525 * units.d;

/** Milliseconds of `90m`, `36h` or `7d`. @throws durationInvalid */
export function durationMs(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,8})(ms|s|m|h|d|w)$/.exec(text) ?? [];
  const ms = Number(count) * (readUnits[unit] ?? Number.NaN);
  if (ms <= longest) return ms;
  const reason = Number.isNaN(ms) ? 'it is no whole number with a unit' : 'it is longer than a hundred years';
  throw errors.durationInvalid({ text: text.slice(0, 40), reason });
}

/** The one spelling of so many milliseconds: `1d` for 86400000, `36h`, `90m`. */
export function formatDuration(ms: number): string {
  const [unit, size] = Object.entries(units).find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${Math.round(ms / size)}${unit}`;
}

/** HTML that is safe by how it is written: what a template inserts is text unless a template made it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | null | undefined | false | readonly Part[];

export const none = new Markup('');

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, i) => text + textOf(parts[i])).join(''));
}

function textOf(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(textOf).join('');
  return escaped(String(part));
}

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** Shown in place of nothing, and cut where a text has no end. */
export const brief = (text: string, most = 60): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** Six significant digits at most, thousands apart. */
export function figure(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return brief(value, 40);
  if (!Number.isFinite(value)) return '–';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString('en-US');
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(3);
  return Number(value.toPrecision(6)).toLocaleString('en-US', { maximumFractionDigits: 8 });
}

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '–';
  if (share > 0 && share < 0.001) return '< 0.1 %';
  return `${Number((share * 100).toFixed(1))} %`;
}

export function bytes(size: number | null): string {
  if (size === null) return '–';
  const power = size < 1 ? 0 : Math.min(4, Math.floor(Math.log10(size) / 3));
  return `${(size / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
}

/** ISO, without what is zero at the end. */
export const moment = (milliseconds: number): string => {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return '–';
  return date
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/(:00)?\.\d+Z$/, '')
    .replace('T', ' ');
};

const steps = [
  [31_557_600_000, 'years'],
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'minutes'],
  [1000, 'seconds'],
] as const;

export function duration(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  const [size, name] = steps.find(([least]) => milliseconds >= least) ?? [1, 'ms'];
  return `${figure(milliseconds / size)} ${name}`;
}

import { toPlain, widthOf } from './plain-text.ts';

export type Columns<T> = Readonly<Record<string, (item: T) => unknown>>;

/** Aligned columns: numbers to the right, text to the left. */
export const printTable = <T>(items: readonly T[], columns: Columns<T>): string =>
  tableLines(items, columns).join('\n');

/** The table line by line: titles first. */
export function tableLines<T>(items: readonly T[], columns: Columns<T>): string[] {
  const titles = Object.keys(columns);
  const readers = Object.values(columns);
  const values = items.map((item) => readers.map((read) => read(item)));
  const cells = values.map((row) => row.map(toText));
  const isNumber = titles.map((_, i) => values.every((row) => row[i] == null || typeof row[i] === 'number'));
  const widths = titles.map((title, i) =>
    Math.max(...[titles, ...cells].map((row) => widthOf(row[i] ?? title))),
  );
  const pad = (text: string, i: number) => {
    const space = ' '.repeat((widths[i] ?? 0) - widthOf(text));
    return isNumber[i] ? space + text : text + space;
  };
  const line = (row: readonly string[]) => row.map(pad).join('  ').trimEnd();
  return [line(titles), ...cells.map(line)];
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'object') return toPlain(JSON.stringify(value));
  return toPlain(String(value));
}

/** Six significant digits at most; whole numbers in full. */
export const formatNumber = (value: number | null): string => {
  if (value === null) return '–';
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
};

/** `2024-03-01 14:05` in UTC. */
export const formatTime = (ms: number | null): string =>
  ms === null ? '–' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

/** The event time of daily data is a day; anything finer shows its minute. */
export const formatMoment = (ms: number): string => {
  const text = formatTime(ms);
  return text.endsWith(' 00:00') ? text.slice(0, 10) : text;
};

export const formatBytes = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};

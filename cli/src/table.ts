/** Aligned columns: numbers to the right, text to the left. */
export function printTable<T>(
  items: readonly T[],
  columns: Readonly<Record<string, (item: T) => unknown>>,
): string {
  const titles = Object.keys(columns);
  const readers = Object.values(columns);
  const values = items.map((item) => readers.map((read) => read(item)));
  const cells = values.map((row) => row.map(toText));
  const isNumber = titles.map((_, i) => values.every((row) => row[i] == null || typeof row[i] === 'number'));
  const widths = titles.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => (isNumber[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(titles), ...cells.map(line)].join('\n');
}

/** Control characters in names must not move the reader's cursor. */
function toText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number' && !Number.isInteger(value))
    return value.toPrecision(6).replace(/\.?0+$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return String(value).replace(/[\u0000-\u001f\u007f]/g, '?');
}

/** `2024-03-01 14:05` in UTC. */
export const formatTime = (ms: number | null): string =>
  ms === null ? '–' : new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

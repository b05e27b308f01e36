const quote = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** RFC 4180 with a header row; absent values are empty cells. */
export function toCsv(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]) =>
    cells.map((cell) => (cell === null || cell === undefined ? '' : quote(String(cell)))).join(',');
  return `${[line(header), ...rows.map(line)].join('\r\n')}\r\n`;
}

/** Lines over one time axis as one table: a row per time, a column per line. */
export function linesToCsv(
  lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number | null])[] }[],
  axis: (position: number) => string,
): string {
  const rows = new Map<number, unknown[]>();
  for (const [index, line] of lines.entries()) {
    for (const [position, value] of line.points) {
      const row = rows.get(position) ?? Array(lines.length).fill(null);
      row[index] = value;
      rows.set(position, row);
    }
  }
  const sorted = [...rows].sort(([first], [second]) => first - second);
  return toCsv(
    ['x', ...lines.map((line) => line.name)],
    sorted.map(([position, row]) => [axis(position), ...row]),
  );
}

const quote = (value: string) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** RFC 4180 with a header row; absent values are empty cells. */
export function toCsv(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]) =>
    cells.map((cell) => (cell === null || cell === undefined ? '' : quote(String(cell)))).join(',');
  return `${[line(header), ...rows.map(line)].join('\r\n')}\r\n`;
}

/** Lines over one axis as one table: a row per position, several where a line has several points; a column per line. */
export function linesToCsv(
  lines: readonly { readonly name: string; readonly points: readonly (readonly [number, number | null])[] }[],
  axis: (position: number) => string,
): string {
  const rows = new Map<number, unknown[][]>();
  for (const [index, line] of lines.entries()) {
    const points = Map.groupBy(line.points, ([position]) => position);
    for (const [position, same] of points) {
      const there = rows.get(position) ?? [];
      rows.set(position, there);
      for (const [place, [, value]] of same.entries()) {
        there[place] ??= Array(lines.length).fill(null);
        there[place][index] = value;
      }
    }
  }
  const sorted = [...rows]
    .sort(([first], [second]) => first - second)
    .flatMap(([position, there]) => there.map((row) => [position, row] as const));
  return toCsv(
    ['x', ...lines.map((line) => line.name)],
    sorted.map(([position, row]) => [axis(position), ...row]),
  );
}

/** An executed notebook as its cells, each with what it came to, without what names the time or the place. */

/** One text for each cell; null for what is no notebook. */
export function cellsOf(text: string): string[] | null {
  try {
    const { cells } = JSON.parse(text) as { cells?: unknown };
    if (!Array.isArray(cells)) return null;
    return cells.map((cell: Cell) => {
      const { cell_type: type, source, outputs = [] } = cell;
      return JSON.stringify([type, joined(source), ...toResults(outputs)]);
    });
  } catch {
    return null;
  }
}

type Lines = string | readonly string[] | undefined;

interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: Lines;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly ename?: string;
  readonly evalue?: string;
}

interface Cell {
  readonly cell_type: string;
  readonly source?: Lines;
  readonly outputs?: readonly Output[];
}

const joined = (lines: Lines): string => (typeof lines === 'string' ? lines : (lines ?? []).join(''));

/** Where in memory a thing lay. */
const withoutAddresses = (text: string): string => text.replace(/\b0x[0-9a-f]{6,}\b/g, '0x');

/** Standard error holds warnings and progress; what was written in pieces is one text. */
function toResults(outputs: readonly Output[]): unknown[] {
  const printed = outputs
    .filter(({ output_type: type, name }) => type === 'stream' && name !== 'stderr')
    .map(({ text }) => joined(text));
  const shown = outputs.flatMap<unknown>(({ output_type: type, data, ename, evalue }) => {
    if (type === 'error') return [[ename, evalue]];
    return data
      ? [
          Object.entries(data)
            .sort()
            .map(([kind, value]) => [kind, toText(value)]),
        ]
      : [];
  });
  return [withoutAddresses(printed.join('')), ...shown];
}

const toText = (value: unknown): string =>
  withoutAddresses(
    typeof value === 'string' || Array.isArray(value) ? joined(value as Lines) : JSON.stringify(value),
  );

/** Numbers, from 1, of the cells in which two differ; one that only one of them has differs too. */
export const differingCells = (then: readonly string[], now: readonly string[]): number[] =>
  Array.from({ length: Math.max(then.length, now.length) }, (_, i) => i + 1).filter(
    (number) => then[number - 1] !== now[number - 1],
  );

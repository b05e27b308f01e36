import type { Column } from '@tidemill/sdk';

type Texts = Readonly<Record<string, string>>;
type Row = Record<string, string | number | boolean | null>;

/** A value as its column has it; what is no number stays text, and the server says so. */
export function toValue(text: string, type: Column['type']): string | number | boolean | null {
  const trimmed = text.trim();
  if (trimmed === '') return type === 'text' ? text : null;
  if (type === 'boolean' && (trimmed === 'true' || trimmed === 'false')) return trimmed === 'true';
  // A whole number beyond 2^53 would lose digits: as text it arrives whole.
  if (type === 'integer' && Number.isSafeInteger(Number(trimmed))) return Number(trimmed);
  if (type === 'double' && Number.isFinite(Number(trimmed))) return Number(trimmed);
  return type === 'text' ? text : trimmed;
}

export const toRow = (columns: readonly Column[], texts: Texts): Row =>
  Object.fromEntries(columns.map(({ name, type }) => [name, toValue(texts[name] ?? '', type)]));

/** One entity a line; the values of a composite key parted by commas, or by tabs as a spreadsheet copies them. */
export function toEntities(columns: readonly Column[], text: string): Row[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const values = columns.length === 1 ? [line] : line.split(line.includes('\t') ? '\t' : ',');
      return toRow(
        columns,
        Object.fromEntries(columns.map(({ name }, i) => [name, values[i]?.trim() ?? ''])),
      );
    });
}

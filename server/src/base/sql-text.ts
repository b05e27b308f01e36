/** DuckDB reads a NUL as the end of the statement, so text behind it would silently vanish. */
const withoutNul = (text: string): string => text.replaceAll('\0', '');

/** For a column or table name in SQL sent to the analytics port; values go as parameters. */
export const quoteName = (name: string): string => `"${withoutNul(name).replaceAll('"', '""')}"`;
export const quoteText = (text: string): string => `'${withoutNul(text).replaceAll("'", "''")}'`;

/** A text that is longer ends there, with `…`. */
export const cutText = (column: string, most: number): string =>
  `case when length(${column}) > ${most} then left(${column}, ${most}) || '…' else ${column} end`;

/** A name as SQL takes it: bare where it can be. */
export const quoteIdentifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

/** The text with `word` in place of what is selected, and where the cursor then stands. */
export function insertWord(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  word: string,
): { text: string; cursor: number } {
  const before = text.slice(0, start);
  const glue = before === '' || /[\s(,.]$/.test(before) ? '' : ' ';
  return {
    text: `${before}${glue}${word}${text.slice(end)}`,
    cursor: before.length + glue.length + word.length,
  };
}

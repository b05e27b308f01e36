/** SQL as it stands in a template of a project file, without the indentation that the file gave it. */
export function dedent(text: string): string {
  const lines = text
    .replace(/^\s*\n/, '')
    .trimEnd()
    .split('\n');
  // The first line may have begun behind the quote that opens the text.
  const inner = lines.slice(/^\s/.test(lines[0] ?? '') ? 0 : 1).filter((line) => line.trim() !== '');
  const depth = Math.min(...inner.map((line) => line.length - line.trimStart().length), 1000);
  return lines.map((line) => (/^\s/.test(line) ? line.slice(depth) : line)).join('\n');
}

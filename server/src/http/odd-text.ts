/**
 * A NUL character, which PostgreSQL cannot store, and half a surrogate pair, which a file of JSON lines does not give
 * back. Refused at the door, as far inside each place would fail in its own way.
 */
const escaped = /\\u(?:0000|d[89a-f])/i;

/** Looks at the raw text, where such a character can only stand escaped, so that ordinary bodies are not walked. */
export const mayHoldOddText = (json: string): boolean => escaped.test(json);

/** `/records/0/name holds a NUL character`, or null. Keys count too. Not recursive, as bodies may be deep. */
export function findOddText(root: unknown): string | null {
  const waiting: { readonly path: string; readonly value: unknown }[] = [{ path: '', value: root }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { path, value } = next;
    if (typeof value === 'string') {
      const problem = problemOf(value);
      if (problem) return `${path || '/'} ${problem}`;
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        const problem = problemOf(key);
        if (problem) return `a key in ${path || '/'} ${problem}`;
        waiting.push({ path: `${path}/${key}`, value: child });
      }
    }
  }
  return null;
}

function problemOf(text: string): string | null {
  if (text.includes('\0')) return 'holds a NUL character';
  return text.isWellFormed() ? null : 'holds half a surrogate pair, which is no character';
}

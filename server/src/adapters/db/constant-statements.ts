/** Statements whose text never changes, by the name under which PostgreSQL prepares them once per connection. */
const names = new Map<string, string>();

/** Only for texts that stand in the code: each is kept for the life of the process. */
export function asConstant(text: string): string {
  if (!names.has(text)) names.set(text, `tidemill_${names.size + 1}`);
  return text;
}

export const findConstantName = (text: string): string | undefined => names.get(text);

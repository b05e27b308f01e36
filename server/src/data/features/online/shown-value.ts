/** Values that came from outside, as messages show them and as columns of 64 bits can hold them. */

const shownCharacters = 60;

/** Lists and objects only by what they are: they may be deeper than a spelling of them can go. */
export function shownValue(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, shownCharacters)) : String(value);
  return text.slice(0, shownCharacters);
}

/** Whether the text is a whole number of 64 bits, as a file of numbers may have it. */
export function isInt64(text: string): boolean {
  return /^-?(?:0|[1-9]\d{0,18})$/.test(text) && BigInt(text) === BigInt.asIntN(64, BigInt(text));
}

// Names and messages come from anywhere; none of them may move the reader's cursor, recolour the terminal or
// turn the reading direction of what follows.

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const zeroWidth = /\p{Mn}|\p{Me}|\p{Default_Ignorable_Code_Point}/u;

/** One line that shows as itself: control characters become `?`. */
export const toPlain = (text: string): string => text.replace(unsafe, '?');

/** Several lines; line breaks stay, all other control characters become `?`. */
export const toPlainLines = (text: string): string => text.split('\n').map(toPlain).join('\n');

/** JSON that is safe on a terminal and still the same JSON. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(unsafe, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Columns of a terminal that a text fills: East Asian characters and emoji take two, marks none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!zeroWidth.test(character)) width += wide.test(character) ? 2 : 1;
  }
  return width;
}

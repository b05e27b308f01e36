/** Characters that are kept of a stream: what a browser still scrolls smoothly. */
export const longestTail = 1_000_000;

export interface Tail {
  readonly text: string;
  /** Whether there is more before it. */
  readonly isCut: boolean;
}

export const noOutput: Tail = { text: '', isCut: false };

/** From the first beginning of a line on; all of it where none begins. */
export const fromLine = (text: string): string => text.slice(text.indexOf('\n') + 1) || text;

/** The end of what was written so far; cut where a line begins, if lines are not longer than all of it. */
export function appendToTail({ text, isCut }: Tail, more: string, most = longestTail): Tail {
  const whole = text + more;
  if (whole.length <= most) return { text: whole, isCut };
  return { text: fromLine(whole.slice(-most)), isCut: true };
}

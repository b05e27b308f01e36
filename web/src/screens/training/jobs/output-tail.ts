/** Characters that are kept of a stream: what a browser still scrolls smoothly. */
export const longestTail = 1_000_000;

export interface Tail {
  readonly text: string;
  /** Whether there is more before it. */
  readonly isCut: boolean;
}

export const noOutput: Tail = { text: '', isCut: false };

/** The end of what was written so far; cut where a line begins, if lines are not longer than all of it. */
export function appendToTail({ text, isCut }: Tail, more: string, most = longestTail): Tail {
  const whole = text + more;
  if (whole.length <= most) return { text: whole, isCut };
  const end = whole.slice(-most);
  return { text: end.slice(end.indexOf('\n') + 1) || end, isCut: true };
}

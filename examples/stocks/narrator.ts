const startedAt = performance.now();

export const seconds = (): number => (performance.now() - startedAt) / 1000;

let chapter = 0;

/** A numbered line of the story. */
export function tell(title: string, text: string): void {
  chapter += 1;
  line(`${String(chapter).padStart(2)}  ${title.padEnd(12)}${text}`);
}

/** A line under the last numbered one. */
export function add(text: string): void {
  line(`${' '.repeat(16)}${text}`);
}

/** What happened on a day. */
export function note(day: string, text: string): void {
  line(`    ${day}  ${text}`);
}

function line(text: string): void {
  process.stdout.write(`${seconds().toFixed(1).padStart(5)} s  ${text}\n`);
}

export const fixed = (value: number | null | undefined, digits = 2): string =>
  value === null || value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits);

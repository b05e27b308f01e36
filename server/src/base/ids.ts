import { randomBytes } from 'node:crypto';

/** Hex digits: asking the system for each id, or spelling each, would cost more than the rest of a small request. */
const poolBytes = 4096;
let pool = '';
let used = 0;

function takeDigits(count: number): string {
  if (used + count > pool.length) {
    pool = randomBytes(poolBytes).toString('hex');
    used = 0;
  }
  used += count;
  return pool.slice(used - count, used);
}

let lastMs = 0;
/** `lastMs` as 12 digits. */
let timeDigits = '';
/** How many ids `lastMs` has had: 12 bits. */
let count = 0;

/** A full millisecond borrows from the next one, and a clock set back waits: order goes before time. */
function tick(): void {
  const now = Date.now();
  if (now <= lastMs && count < 0xfff) {
    count += 1;
    return;
  }
  lastMs = Math.max(now, lastMs + 1);
  timeDigits = lastMs.toString(16).padStart(12, '0');
  count = 0;
}

const variants = '89ab';

/** UUIDv7: a process's ids sort as they were made, so newest first is by id and rows of one time lie together. */
function newDigits(): string {
  tick();
  const digits = takeDigits(16);
  const variant = variants[Number.parseInt(digits[0] as string, 16) & 3];
  return `${timeDigits}7${count.toString(16).padStart(3, '0')}${variant}${digits.slice(1)}`;
}

/** `job_0190f3…`: prefix and UUIDv7 without dashes. */
export const newId = (prefix: string): string => `${prefix}_${newDigits()}`;

/** MLflow's form: 32 hex digits. */
export const newRunId = (): string => newDigits();

import { randomBytes } from 'node:crypto';

const poolBytes = 4096;
let pool = randomBytes(poolBytes);
let used = 0;

/** 16 bytes no other id has: asking the system for each id would cost more than the rest of a small request. */
function takeRandom(): Buffer {
  if (used + 16 > poolBytes) {
    pool = randomBytes(poolBytes);
    used = 0;
  }
  used += 16;
  return pool.subarray(used - 16, used);
}

let lastMs = 0;
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
  count = 0;
}

/** UUIDv7: a process's ids sort as they were made, so newest first is by id and rows of one time lie together. */
function newTimedBytes(): Buffer {
  const bytes = takeRandom();
  tick();
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | count, 6);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes;
}

/** `job_0190f3…`: prefix and UUIDv7 without dashes. */
export const newId = (prefix: string): string => `${prefix}_${newTimedBytes().toString('hex')}`;

/** MLflow's form: 32 hex digits. */
export const newRunId = (): string => newTimedBytes().toString('hex');

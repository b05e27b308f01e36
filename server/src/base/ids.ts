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

/** UUIDv7: ids sort by creation time, so rows of one time lie close together in every index. */
function newTimedBytes(): Buffer {
  const bytes = takeRandom();
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes;
}

/** `job_0190f3…`: prefix and UUIDv7 without dashes. */
export const newId = (prefix: string): string => `${prefix}_${newTimedBytes().toString('hex')}`;

/** MLflow's form: 32 hex digits. */
export const newRunId = (): string => newTimedBytes().toString('hex');

import { randomBytes } from 'node:crypto';

/** `job_0190f3…`: prefix and UUIDv7 without dashes, so ids sort by creation time. */
export function newId(prefix: string): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return `${prefix}_${bytes.toString('hex')}`;
}

/** MLflow's form: 32 hex digits. */
export const newRunId = (): string => randomBytes(16).toString('hex');

import { errors } from '../../base/errors.ts';

export function assertShape(rows: Float32Array, rowCount: number, featureCount: number): void {
  if (Number.isInteger(rowCount) && rowCount > 0 && rows.length === rowCount * featureCount) return;
  throw errors.modelInputInvalid({
    expected: `${rowCount} rows of ${featureCount} numbers`,
    found: `${rows.length} numbers`,
  });
}

export function assertFeatures(expected: number, found: number): void {
  if (expected === found) return;
  throw errors.modelInputInvalid({ expected: `${expected} features`, found: `${found}` });
}

export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

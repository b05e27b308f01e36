import type { Page } from '@tidemill/contract';
import { errors } from './errors.ts';

export const defaultPageSize = 50;

/** Cursors are opaque to callers: base64url of the sort key of the last row shown. */
export const encodeCursor = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

/** @throws pageCursorInvalid when the text was not made by `encodeCursor` with a value that passes `isValue`. */
export function decodeCursor<T>(cursor: string, isValue: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (isValue(value)) return value;
  } catch {
    // falls through: whatever it was, it is not ours
  }
  throw errors.pageCursorInvalid({ cursor: cursor.slice(0, 80) });
}

export const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value);
export const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes('\0');

/** Turns up to `limit + 1` fetched rows into a page; the extra row only says that there is more. */
export function toPage<R>(rows: readonly R[], limit: number, cursorOf: (last: R) => unknown): Page<R> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null,
  };
}

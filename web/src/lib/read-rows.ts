import type { Download } from '@tidemill/sdk';
import { readText } from './read-text.ts';

type Source = { readonly source?: string };
type Reviver = (this: unknown, key: string, value: unknown, context?: Source) => unknown;

/** A whole number that no double holds stays the text it was sent as: an id must not change its last digits. */
const keepExact: Reviver = (_key, value, context) =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
    ? exactly(value, context?.source)
    : value;

const exactly = (value: number, source: string | undefined) =>
  source && /^-?\d+$/.test(source) ? source : value;

/** Rows that were sent as JSON. */
export async function readRows(download: Download): Promise<readonly Record<string, unknown>[]> {
  return JSON.parse(await readText(download), keepExact) as Record<string, unknown>[];
}

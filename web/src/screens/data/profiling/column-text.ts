import type { ColumnProfile } from '@tidemill/sdk';
import { absent, formatEventTime, formatNumber } from '../../../lib/format.ts';

/** Beyond these JavaScript knows no date. */
const lastTime = 8.64e15;

/** How a place on a column's scale is written: an instant of a date or time, else a number. */
export const placeOf =
  ({ kind }: Pick<ColumnProfile, 'kind'>) =>
  (value: number | null | undefined): string => {
    if (kind !== 'datetime') return formatNumber(value);
    if (value === null || value === undefined || !(Math.abs(value) <= lastTime)) return absent;
    return formatEventTime(value);
  };

/** `strictlyIncreasing` as words. */
export const wordsOf = (text: string): string =>
  text.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

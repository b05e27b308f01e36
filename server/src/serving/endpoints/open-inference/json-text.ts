/** JSON whose whole numbers keep all their digits. */
import { isUtf8 } from 'node:buffer';
import { refuse } from './element-types.ts';

/** The rest of the request is read as usual, at full speed. */
const mayHoldLong = (text: string): boolean => text.includes('INT64') && /\d{16}/.test(text);

/** Longer ones are in no range, and making big integers of them takes time that grows by the square. */
const longest = /^-?\d{1,20}$/;

function keepDigits(_key: string, value: unknown, { source }: { source?: string }): unknown {
  const isRounded = typeof value === 'number' && !Number.isSafeInteger(value);
  return isRounded && source !== undefined && longest.test(source) ? BigInt(source) : value;
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown;

export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw refuse('its JSON is no UTF-8');
  const text = bytes.toString('utf8');
  try {
    return mayHoldLong(text) ? JSON.parse(text, keepDigits as Reviver) : JSON.parse(text);
  } catch (error) {
    // Going through what was read is recursive, reading is not.
    if (error instanceof RangeError) throw refuse('its JSON is nested too deeply');
    if (/[[:,]\s*-?(?:NaN|Infinity)\b/.test(text))
      throw refuse('JSON has no NaN and no Infinity; say null for NaN, or send the tensor as binary data');
    throw refuse(`it is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

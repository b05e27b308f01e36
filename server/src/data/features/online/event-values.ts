/** How the online store spells the values of an event: JSON in which times and days are numbers, and no digit is lost. */
import type { Column } from '@tidemill/contract';
import { quoteName } from '../../../base/sql-text.ts';
import { parseMicroseconds, toIso } from './instants.ts';
import { spellDouble, spellText } from './keys.ts';

/** Times in microseconds and days since 1970; whole numbers beyond exactness as such. */
export type Value = number | bigint | string | boolean | null;

const dayMs = 86_400_000;

/** A value as an event has it, from its spelling. */
export function eventValue(type: Column['type'], spelled: unknown): Value {
  if (type === 'integer' && typeof spelled === 'string') return BigInt(spelled);
  return (spelled ?? null) as Value;
}

/** The spelling of a value that was pushed, and has been checked. */
export function spellEventValue(type: Column['type'], value: unknown): string {
  if (value === null) return 'null';
  if (type === 'timestamp') return String(parseMicroseconds(value));
  if (type === 'date') return String(Date.parse(String(value)) / dayMs);
  if (type !== 'integer') return JSON.stringify(value === 0 ? 0 : value);
  const whole = BigInt(value as number | string);
  const isExact = Number.isSafeInteger(Number(whole));
  return isExact ? String(whole) : `"${whole}"`;
}

/** The same in SQL; what JSON cannot say is null. */
export function eventValueSql({ name, type }: Column): string {
  const column = quoteName(name);
  const spelled = (text: string) => `coalesce(${text}, 'null')`;
  switch (type) {
    case 'double':
      return spelled(`case when isfinite(${column}) then cast(${column} as varchar) end`);
    case 'integer':
      return spelled(`case when abs(cast(${column} as hugeint)) <= 9007199254740991 then cast(${column} as varchar)
        else '"' || ${column} || '"' end`);
    case 'text':
      return spelled(`cast(to_json(${column}) as varchar)`);
    case 'date':
      return spelled(
        `case when isfinite(${column}) then cast(datediff('day', date '1970-01-01', ${column}) as varchar) end`,
      );
    case 'timestamp':
      return spelled(`case when isfinite(${column}) then cast(epoch_us(${column}) as varchar) end`);
    default:
      return spelled(`cast(${column} as varchar)`);
  }
}

/** As JSON, in the form in which the engine writes it. */
export function spellValue(type: Column['type'], value: Value): string {
  switch (type) {
    case 'double': {
      const number = Number(value);
      if (!Number.isFinite(number)) return 'null';
      return Number.isSafeInteger(number) ? `${number === 0 ? 0 : number}.0` : spellDouble(number);
    }
    case 'text':
      return spellText(String(value));
    case 'date':
      return `"${new Date(Number(value) * dayMs).toISOString().slice(0, 10)}"`;
    case 'timestamp':
      return `"${toIso(Number(value))}"`;
    default:
      return String(value);
  }
}
